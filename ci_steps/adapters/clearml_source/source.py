import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote, urlsplit

from ci_steps.adapters import remote_files
from ci_steps.adapters.artifact_paths import CARD, refuse_archives, rooted
from ci_steps.adapters.clearml_source import known
from ci_steps.adapters.clearml_source.messages import Artifact, Model, Project, Task, message
from ci_steps.adapters.clearml_source.server import Server
from ci_steps.adapters.handed_on import SCHEMES, HandedOn
from ci_steps.adapters.locking import LIST
from ci_steps.adapters.rest import shown
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import Request

_SHA = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-zA-Z_-]+")
_PROJECTS = "projects/"
_STILL = {"created", "queued", "in_progress", "publishing"}
_DIFF = "code.diff"


@dataclass(frozen=True, slots=True)
class ClearMLSource:
    """Models of a ClearML server: a model with its weights, or a task, and the artifacts of the task.

    The path of an artifact in the model's folder is its name; the weights of a model are `model/<file name>`.
    """

    server: Server
    handed_on: HandedOn

    def resolve(self, address: Address) -> Found:
        if address.rest.startswith(_PROJECTS):
            address = Address("clearml", self._newest(address.rest.removeprefix(_PROJECTS).strip("/")))
        where = address.unpinned
        if not _ID.fullmatch(address.rest):
            raise InputError(
                f"{where} is no id of ClearML",
                hint="write clearml: and the id of a model or a task, or clearml:projects/NAME",
            )
        model = self._model(address.rest, where)
        task = self._task(model.task if model else address.rest, where)
        if model is None and task is None:
            raise InputError(
                f"ClearML at {self.server.rest.root} has neither a model nor a task {where}",
                hint="was it deleted? see that CLEARML_API_HOST names its server",
            )
        if model is None and task is not None:
            model = self._made(task, where)
        _refuse_unfinished(task, model, where)
        return self._found(where, model, task)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        if theirs := self.handed_on.request(file, first, last):
            return theirs
        return remote_files.asked(file.locator, self.server.headers_for(file.locator), file.mark, first, last)

    def _newest(self, project: str) -> str:
        """Return the id of the model that was published last in a project, or tagged since."""
        server, exactly = f"ClearML at {self.server.rest.root}", f"^{re.escape(project)}$"
        asked = {"name": exactly, "only_fields": ["id", "name"]}
        told = self.server.asked("projects.get_all", asked, f"project {project}")
        projects = message((told or {}).get("projects", ()), tuple[Project, ...], what="projects")
        ids = [one.id for one in projects if one.name == project]
        if not ids:
            raise InputError(
                f"{server} has no project {shown(project)!r}", hint="write its whole name, as team/tweets"
            )
        wanted = {"project": ids, "ready": True, "order_by": ["-last_update"], "page": 0, "page_size": 1}
        told = self.server.asked("models.get_all", wanted, f"models of project {project}")
        models = message((told or {}).get("models", ()), tuple[Model, ...], what="models")
        if not models:
            raise InputError(
                f"project {shown(project)!r} of {server} has no published model", hint="publish one there"
            )
        return models[0].id

    def _model(self, id: str, where: str) -> Model | None:  # noqa: A002  (ClearML's name for it)
        data = self.server.asked("models.get_by_id", {"model": id}, where)
        return message(data.get("model"), Model, what=f"model {id}") if data else None

    def _task(self, id: str | None, where: str) -> Task | None:  # noqa: A002  (ClearML's name for it)
        data = self.server.asked("tasks.get_by_id", {"task": id}, where) if id else None
        return message(data.get("task"), Task, what=f"task {id}") if data else None

    def _made(self, task: Task, where: str) -> Model | None:
        """Return the model that a task made; of several nobody said which."""
        made = [one.model for one in (task.models.output or () if task.models else ()) if one.model]
        if len(made) > 1:
            named = ", ".join(f"clearml:{model}" for model in made)
            raise InputError(f"task {where} made {len(made)} models", hint=f"name one of {named}")
        return self._model(made[0], where) if made else None

    def _found(self, where: str, model: Model | None, task: Task | None) -> Found:
        artifacts = [one for one in _artifacts(task) if one.mode != "input"]
        packed = [(_packed_path(one), one) for one in artifacts if _is_folder(one)]
        plain = [one for one in artifacts if not _is_folder(one)]
        if not packed and not any(one.key.rpartition("/")[2] == CARD for one in plain):
            refuse_archives([urlsplit(one.uri or "").path for one in plain], where)
        files = list(rooted(((one.key, one) for one in plain), where))
        if model:
            files.append(
                (f"model/{_name(model, where)}", Artifact(key=f"weights of {model.id}", uri=model.uri))
            )
        every = (*rooted(files, where), *packed)
        what = known.of_task(task, model)
        made = {}
        if diff := known.difference(task):
            made[_DIFF] = diff.encode()
        if listed := known.packages(task):
            made[LIST] = listed.encode()
        taken = {path for path, _ in every}
        return Found(
            origin=Origin(address=where, facts=_facts(model, task)),
            files=remote_files.together(partial(self._file, where), every),
            known=what,
            made={path: content for path, content in made.items() if path not in taken},
            packed=tuple(path for path, _ in packed),
            said=tuple(_said(where, model, task)),
        )

    def _file(self, where: str, path: str, artifact: Artifact) -> SourceFile:
        what = f"artifact {artifact.key} of {where}"
        uri, sha = artifact.uri or "", (artifact.hash or "").lower()
        checksums = {"sha256": sha} if _SHA.fullmatch(sha) else {}
        scheme = uri.partition("://")[0]
        if scheme in SCHEMES:
            return self.handed_on.file(uri, path=path, checksums=checksums, where=what)
        if scheme not in {"http", "https"}:
            raise InputError(
                f"{what} has no bytes that anyone can fetch: {uri or 'it has no URI'}",
                hint="upload it to the file server, or to s3://, gs:// or azure://",
            )
        remote_files.refuse_secret(uri, what)
        uri = remote_files.quoted(uri)
        headers = self.server.headers_for(uri)
        shut = (
            "" if headers else "our token goes to the server that CLEARML_FILES_HOST names, and to no other"
        )
        there = remote_files.seen(self.server.rest.session, uri, headers, what, shut=shut)
        there = remote_files.compared(artifact.content_size, there, what)
        return SourceFile(path=path, size=there.size, locator=uri, mark=there.mark, checksums=checksums)


def _artifacts(task: Task | None) -> tuple[Artifact, ...]:
    return (task.execution.artifacts or ()) if task and task.execution else ()


def _is_folder(artifact: Artifact) -> bool:
    return artifact.type == "archive" and urlsplit(artifact.uri or "").path.endswith(".zip")


def _packed_path(artifact: Artifact) -> str:
    return f"{artifact.key.removesuffix('.zip')}.zip"


def _name(model: Model, where: str) -> str:
    name = unquote(urlsplit(model.uri or "").path).rpartition("/")[2]
    if not name:
        raise InputError(
            f"model {model.id} of {where} has no weights",
            hint="were they uploaded? give its task an output_uri, or upload them",
        )
    return name


def _refuse_unfinished(task: Task | None, model: Model | None, where: str) -> None:
    """Refuse what may still change: a task that runs, unless its model is published, which closes it."""
    if task and task.status in _STILL and not (model and model.ready):
        raise InputError(
            f"task {task.id} of {where} is {task.status}: what it uploads may still change",
            hint="wait until it is completed, or publish the model",
        )


def _facts(model: Model | None, task: Task | None) -> dict[str, str]:
    """Return what does not change any more; what a published model is signed by is part of what it is.

    Other tags are moved about at will, and so are names and projects.
    """
    facts = {
        "model": model.id if model else None,
        "framework": model.framework if model else None,
        "task": task.id if task else None,
        "user": (task.user if task else None) or (model.user if model else None),
        "branch": task.script.branch if task and task.script else None,
    }
    if _is_published(model, task):
        facts |= {"published": "yes", "validated by": ", ".join(_signed(model, task))}
    return {name: shown(fact) for name, fact in facts.items() if fact}


def _is_published(model: Model | None, task: Task | None) -> bool:
    return bool(model.ready) if model else task is not None and task.status == "published"


def _signed(model: Model | None, task: Task | None) -> tuple[str, ...]:
    """Return who validated it: of a model by its own tags, of a task without one by the task's."""
    return known.validators(model.tags if model else task.tags if task else ())


def _said(where: str, model: Model | None, task: Task | None) -> Iterator[str]:
    named = (
        f"model {model.name or model.id}" if model else "",
        f"task {task.name or task.id}" if task else "",
    )
    what, signed = shown(named[0] or named[1]), shown(", ".join(_signed(model, task)))
    if not _is_published(model, task):
        yield f"{where}: {what} is not published in ClearML: nobody there has approved it"
    elif signed:
        yield f"{where}: {what} is published in ClearML, validated by {signed}"
    else:
        yield f"{where}: {what} is published in ClearML; no tag {known.VALIDATED}… says who validated it"
    if task is None:
        yield f"{where}: the task that made it is gone, so model.yaml must say how it came to be"
        return
    if task.status in {"failed", "stopped"}:
        yield f"{where}: its task is {task.status}, not completed"
    if known.difference(task):
        yield f"{where}: it was trained by code that no commit has; the changes are kept in {_DIFF}"
