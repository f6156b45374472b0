"""What a ClearML server holds, and what its actions do to it, in memory."""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Body = dict[str, Any]
_USER, _COMPANY = "u" * 32, "c" * 32


class UnknownError(Exception):
    """An id that the server does not know: HTTP 400 with a subcode, as ClearML says it."""

    def __init__(self, what: str, subcode: int) -> None:
        super().__init__(what)
        self.subcode = subcode


@dataclass
class State:
    """Projects, tasks and models."""

    tasks: dict[str, Body] = field(default_factory=dict)
    models: dict[str, Body] = field(default_factory=dict)
    projects: dict[str, Body] = field(default_factory=dict)

    def actions(self) -> dict[str, Callable[[Body], Body]]:
        """Return what each action does."""
        return {
            "projects.get_all": lambda body: {"projects": _fitting(self.projects.values(), body)},
            "projects.create": lambda body: {"id": self._project(body)},
            "projects.get_by_id": lambda body: {"project": self.projects[body["project"]]},
            "tasks.create": lambda body: {"id": self._created(self.tasks, body | {"status": "created"})},
            "tasks.get_by_id": lambda body: {"task": self._task(body)},
            "tasks.get_all": lambda body: {"tasks": _fitting(self.tasks.values(), body)},
            "tasks.edit": self._edited,
            "tasks.update": self._edited,
            "tasks.started": lambda body: self._status(body, "in_progress", started=1),
            "tasks.stopped": lambda body: self._status(body, "stopped", stopped=1),
            "tasks.completed": lambda body: self._status(body, "completed"),
            "tasks.publish": lambda body: self._status(body, "published"),
            "tasks.delete": self._deleted_task,
            "tasks.ping": lambda _: {},
            "tasks.set_requirements": self._required,
            "tasks.edit_hyper_params": self._parametrized,
            "tasks.edit_configuration": self._configured,
            "tasks.add_or_update_artifacts": self._with_artifacts,
            "tasks.add_or_update_model": self._with_model,
            "models.create": lambda body: {"id": self._created(self.models, body), "created": True},
            "models.get_by_id": lambda body: {"model": self._model(body)},
            "models.get_all": lambda body: {"models": _fitting(self.models.values(), body)},
            "models.edit": self._edited_model,
            "models.update": self._edited_model,
            "models.set_ready": self._ready,
            "models.delete": self._deleted_model,
        }

    def measured(self, events: Iterable[Body]) -> int:
        """Note the last value of every scalar, as the server makes them of the events it is sent."""
        count = 0
        for event in events:
            count += 1
            if event.get("type") == "training_stats_scalar":
                last = self.tasks[event["task"]].setdefault("last_metrics", {})
                metric, variant = event["metric"], event["variant"]
                value = dict.fromkeys(("value", "min_value", "max_value"), event["value"])
                last.setdefault(_key(metric), {})[_key(variant)] = {
                    "metric": metric,
                    "variant": variant,
                    **value,
                }
        return count

    def _created(self, where: dict[str, Body], body: Body) -> str:
        body = {
            key: value for key, value in body.items() if key != "public"
        }  # said on making, and not given back
        made: str = body.get("id") or secrets.token_hex(16)
        now = _now()
        where[made] = {**body, "id": made, "user": _USER, "company": {"id": _COMPANY}, "created": now}
        if where is self.models:
            where[made] |= {"company": _COMPANY, "ready": bool(body.get("ready")), "last_update": now}
        else:
            where[made] |= {"company": _COMPANY, "last_update": now}
        if where is self.tasks:
            where[made] = _empty_task() | where[made]
            where[made]["output"]["destination"] = where[made].pop("output_dest", "")
        return made

    def _project(self, body: Body) -> str:
        return self._created(self.projects, body)

    def _task(self, body: Body) -> Body:
        if body["task"] not in self.tasks:
            raise UnknownError(f"Invalid task id: id={body['task']}", 101)
        return self.tasks[body["task"]]

    def _model(self, body: Body) -> Body:
        if body["model"] not in self.models:
            raise UnknownError(f"Invalid model id: id={body['model']}", 201)
        return self.models[body["model"]]

    def _edited(self, body: Body) -> Body:
        changes = {key: value for key, value in body.items() if key not in {"task", "force"}}
        task = self._task(body)
        if "output_dest" in changes:
            task["output"]["destination"] = changes.pop("output_dest")
        task.update(changes, last_update=_now())
        return {"updated": 1, "fields": {}}

    def _edited_model(self, body: Body) -> Body:
        changes = {key: value for key, value in body.items() if key not in {"model", "iteration"}}
        self._model(body).update(changes, last_update=_now())
        return {"updated": 1, "fields": {}}

    def _status(self, body: Body, status: str, **more: int) -> Body:
        task = self._task(body)
        task["status"] = status
        task["status_changed"] = _now()
        return {"updated": 1, "fields": {"status": status}, **more}

    def _deleted_task(self, body: Body) -> Body:
        del self.tasks[self._task(body)["id"]]
        return {"deleted": True}

    def _deleted_model(self, body: Body) -> Body:
        del self.models[self._model(body)["id"]]
        return {"deleted": True}

    def _ready(self, body: Body) -> Body:
        self._model(body).update(ready=True, last_update=_now())
        return {"updated": 1}

    def _required(self, body: Body) -> Body:
        self._task(body).setdefault("script", {})["requirements"] = body["requirements"]
        return {"updated": 1, "fields": {}}

    def _parametrized(self, body: Body) -> Body:
        parameters = self._task(body).setdefault("hyperparams", {})
        for one in body["hyperparams"]:
            parameters.setdefault(one.get("section") or "General", {})[one["name"]] = one
        return {"updated": 1}

    def _configured(self, body: Body) -> Body:
        configuration = self._task(body).setdefault("configuration", {})
        configuration.update({one["name"]: one for one in body["configuration"]})
        return {"updated": 1}

    def _with_artifacts(self, body: Body) -> Body:
        execution = self._task(body).setdefault("execution", {})
        names = {one["key"] for one in body["artifacts"]}
        kept = [one for one in execution.get("artifacts", []) if one["key"] not in names]
        execution["artifacts"] = [*kept, *body["artifacts"]]
        return {"updated": 1}

    def _with_model(self, body: Body) -> Body:
        models = self._task(body).setdefault("models", {}).setdefault(body["type"], [])
        models[:] = [one for one in models if one["name"] != body["name"]]
        models.append({"name": body["name"], "model": body["model"]})
        return {"updated": 1}


def _empty_task() -> Body:
    """Return what the server gives every new task."""
    return {
        "script": {},
        "execution": {"artifacts": []},
        "output": {"destination": ""},
        "hyperparams": {},
        "configuration": {},
        "models": {"input": [], "output": []},
        "last_metrics": {},
    }


def _fitting(every: Iterable[Body], body: Body) -> list[Body]:
    wanted = {key: body[key] for key in ("id", "name", "project") if body.get(key)}
    found = []
    for one in every:
        name = str(wanted.get("name", "")).strip("^$").replace("\\", "")
        if "id" in wanted and one["id"] not in wanted["id"]:
            continue
        if name and one.get("name") != name:
            continue
        if "project" in wanted and one.get("project") not in wanted["project"]:
            continue
        if body.get("ready") is not None and one.get("ready") != body["ready"]:
            continue
        fields = body.get("only_fields")
        found.append({key: one[key] for key in {"id", *fields} if key in one} if fields else one)
    for field_ in reversed(body.get("order_by") or ()):
        found.sort(key=lambda one: str(one.get(field_.lstrip("-"))), reverse=field_.startswith("-"))
    return found[: body.get("page_size")]


def _key(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat()
