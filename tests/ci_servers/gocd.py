"""A server that takes only what GoCD documents, and gives what GoCD gives.

What it holds requests to: https://api.gocd.org/current/ (*Pipeline instances*, *Scheduling pipelines*,
*Current user*, *Get artifact file*; the Accept header chooses the version, another is 404), and GoCD's own
classes `PipelineTriggerService`, `SchedulingCheckerService` and its checkers, for what it refuses and how it
says so (409 where a trigger is under way, 422 for a variable that the pipeline has not). An agent begins a
job's log with its variables as `BuildSession` does. A run appears, goes on and ends after some looks at the
history, not after a time.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from tests.ci_servers.serving import Call, Moment, Reply, served

V1 = "application/vnd.go.cd.v1+json"
JSON = {"Content-Type": f"{V1}; charset=utf-8"}


@dataclass(slots=True)
class Stage:
    name: str
    approval: str = "success"
    result: str = "Unknown"
    scheduled: bool = False


@dataclass(slots=True)
class Run:
    counter: int
    model: str
    approver: str
    stages: list[Stage]
    forced: bool = True
    looks: int = 0

    @property
    def ended(self) -> bool:
        waits = any(stage.approval == "manual" and not stage.scheduled for stage in self.stages)
        results = [stage.result for stage in self.stages if stage.scheduled]
        return "Failed" in results or (
            "Unknown" not in results and (waits or len(results) == len(self.stages))
        )


@dataclass(slots=True)
class Gocd:
    """One GoCD with one pipeline, `release`."""

    users: Mapping[str, str] = field(default_factory=lambda: {"a-personal-token": "watcher"})
    may_operate: tuple[str, ...] = ("watcher", "somebody")
    variables: tuple[str, ...] = ("MODEL", "AWS_ACCESS_KEY_ID")
    stages: tuple[tuple[str, str], ...] = (("plan", "success"), ("rollout", "success"))
    locks: bool = True
    paused: bool = False
    down: bool = False
    logs: bool = True
    late: int = 1
    """How many looks at the history come before one that was accepted is in it."""
    ends: Callable[[str, str], str] = lambda _model, _stage: "Passed"
    moment: Moment = lambda _when, _call: None
    url: str = ""
    accepted: list[Run] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock)

    @property
    def models(self) -> list[str]:
        """The MODEL of every run that was ever accepted, in order."""
        with self._lock:
            return [run.model for run in [*self.runs, *self.accepted]]

    @contextmanager
    def serving(self) -> Iterator["Gocd"]:
        with served(self._answer, self._moment) as self.url:
            yield self

    def _moment(self, when: str, call: Call) -> None:
        self.moment(when, call)  # whatever a test set it to meanwhile

    def triggered(self, model: str, *, by: str) -> None:
        """Let somebody trigger a run by hand."""
        with self._lock:
            self._accept(model, by)

    def _answer(self, call: Call) -> Reply:  # noqa: PLR0911  (one for each place)
        with self._lock:
            self.calls.append(str(call))
            if self.down:
                return Reply(503, b"<html>GoCD is starting</html>")
            scheme, _, token = call.header("Authorization").partition(" ")
            user = self.users.get(token) if scheme == "Bearer" else None
            if user is None:
                return _said(401, "You are not authenticated!")
            if call.path.startswith("/go/files/"):
                return self._log(call)
            if call.header("Accept") != V1:
                return _said(404, "The url you are trying to reach appears to be incorrect.")
            if call.path == "/go/api/current_user":
                return _json({"login_name": user, "display_name": user.title(), "enabled": True})
            if not call.path.startswith("/go/api/pipelines/release"):
                return _said(404, "The pipeline was not found.")
            if call.path.endswith("/schedule"):
                return self._schedule(call, user)
            if call.path == "/go/api/pipelines/release/history":
                return self._history(call)
            return _said(404, "The url you are trying to reach appears to be incorrect.")

    def _schedule(self, call: Call, user: str) -> Reply:
        if call.method != "POST":
            return _said(404, "The url you are trying to reach appears to be incorrect.")
        if call.header("Content-Type").partition(";")[0] != "application/json":
            return _said(400, "Missing required header 'X-GoCD-Confirm'")
        body = json.loads(call.body)
        known = {"environment_variables", "materials", "update_materials_before_scheduling"}
        if odd := set(body) - known:
            self.faults.append(f"{call}: {odd}")
        if user not in self.may_operate:
            return _refused(403, f"User {user} does not have permission to schedule release/plan")
        if why := self._conflict():
            return _refused(409, why)
        values = {}
        for each in body.get("environment_variables", ()):
            if set(each) != {"name", "value", "secure"} or each["secure"] is not False:
                self.faults.append(f"{call}: {each}")
            if each["name"] not in self.variables:
                why = f"Variable '{each['name']}' has not been configured for pipeline 'release'"
                return _said(422, f"Request to schedule pipeline rejected {{ {why} }}")
            values[each["name"]] = each["value"]
        self._accept(values.get("MODEL", ""), user)
        return _said(202, "Request to schedule pipeline release accepted")

    def _conflict(self) -> str:
        """Return why it takes no trigger now, in the order and the words of GoCD's scheduling checkers."""
        if self.accepted:
            return "Pipeline already triggered"
        if self.paused:
            return "Pipeline release is paused"
        if any(run.stages[0].result == "Unknown" for run in self.runs):
            return "Stage [plan] in pipeline [release] is still in progress"
        if self.locks and any(not run.ended for run in self.runs):
            return "Pipeline release is locked as another instance of this pipeline is running."
        return ""

    def _accept(self, model: str, by: str) -> None:
        counter = len(self.runs) + len(self.accepted) + 1
        stages = [Stage(name, approval) for name, approval in self.stages]
        self.accepted.append(Run(counter, model, by, stages, looks=-self.late))

    def _history(self, call: Call) -> Reply:
        if set(call.query) - {"page_size", "after", "before"}:
            self.faults.append(f"{call}: {call.query}")
        size = int(call.query.get("page_size", "10"))
        if not 10 <= size <= 100:
            return _said(
                400, "The query parameter 'page_size', if specified must be a number between 10 and 100."
            )
        for run in [*self.accepted]:
            run.looks += 1
            if run.looks >= 0:
                self.accepted.remove(run)
                self.runs.append(run)
        shown = [_shown(run) for run in reversed(self.runs)][:size]
        for run in self.runs:
            self._go_on(run)
        return _json({"_links": {}, "pipelines": shown})

    def _go_on(self, run: Run) -> None:
        """Let one thing happen in a run: a stage begins, or the one that runs ends."""
        for stage in run.stages:
            if stage.scheduled and stage.result == "Unknown":
                stage.result = self.ends(run.model, stage.name)
                return
            if stage.result not in {"Passed", "Unknown"} or (
                not stage.scheduled and stage.approval == "manual"
            ):
                return
            if not stage.scheduled:
                stage.scheduled = True
                return

    def _log(self, call: Call) -> Reply:
        parts = call.path.removeprefix("/go/files/").split("/")
        found = [run for run in self.runs if parts[:2] == ["release", str(run.counter)]]
        if not self.logs or not found or not any(stage.scheduled for stage in found[0].stages):
            return Reply(404, b"artifact not found")
        lines = [
            "[go] Job Started: 2026-11-22 23:00:00 UTC",
            f"[go] setting environment variable 'GO_PIPELINE_COUNTER' to value '{found[0].counter}'",
            "[go] setting environment variable 'MODEL' to value ''",
            f"[go] overriding environment variable 'MODEL' with value '{found[0].model}'",
            "[go] task: make setup",
        ]
        return Reply(200, "\n".join(lines).encode(), {"Content-Type": "text/plain"})


def _shown(run: Run) -> dict[str, Any]:
    cause = {"trigger_message": f"Forced by {run.approver}", "trigger_forced": run.forced}
    return {
        "name": "release",
        "counter": run.counter,
        "label": str(run.counter),
        "natural_order": float(run.counter),
        "can_run": run.ended,
        "preparing_to_schedule": False,
        "comment": None,
        "build_cause": {**cause, "approver": run.approver, "material_revisions": []},
        "stages": [_stage(stage) for stage in run.stages],
    }


def _stage(stage: Stage) -> dict[str, Any]:
    state = "Completed" if stage.result != "Unknown" else "Building"
    jobs = [{"name": stage.name, "scheduled_date": 1, "state": state, "result": stage.result}]
    return {
        "name": stage.name,
        "counter": "1",
        "result": stage.result if stage.scheduled else None,
        "rerun_of_counter": None,
        "scheduled": stage.scheduled,
        "approval_type": stage.approval,
        "approved_by": "watcher" if stage.scheduled else None,
        "operate_permission": True,
        "can_run": False,
        "jobs": jobs if stage.scheduled else [],
    }


def _json(value: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps(value).encode(), JSON)


def _said(status: int, message: str) -> Reply:
    return Reply(status, json.dumps({"message": message}).encode(), JSON)


def _refused(status: int, why: str) -> Reply:
    return _said(status, f"Failed to trigger pipeline [release] {{ {why} }}")
