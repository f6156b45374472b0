"""A GoCD configuration as the server has it after reading the file: with defaults, its aliases followed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_YES = {"y", "yes", "true", "on"}


@dataclass(frozen=True, slots=True)
class Exec:
    """A program with its arguments; there is no shell unless it is the program."""

    command: str
    arguments: tuple[str, ...] = ()
    working_directory: str = ""
    run_if: str = "passed"
    on_cancel: "Exec | None" = None

    @property
    def line(self) -> tuple[str, ...]:
        return (self.command, *self.arguments)


@dataclass(frozen=True, slots=True)
class Fetch:
    """Artifacts of an earlier job, of this pipeline or of one that it depends on."""

    stage: str
    job: str
    source: str
    pipeline: str = ""
    destination: str = ""
    is_file: bool = False
    run_if: str = "passed"


Task = Exec | Fetch


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a job leaves on the server."""

    kind: str
    source: str
    destination: str = ""

    @property
    def on_server(self) -> str:
        """Where it lies under the job's artifacts; what a wildcard stood for lies below that."""
        if set(self.source) & set("*?"):
            return self.destination
        return "/".join(filter(None, (self.destination, self.source.rpartition("/")[2])))


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    tasks: tuple[Task, ...]
    artifacts: tuple[Artifact, ...] = ()
    tabs: Mapping[str, str] = field(default_factory=dict)
    resources: frozenset[str] = frozenset()
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    jobs: tuple[Job, ...]
    manual: bool = False
    only_on_success: bool = False
    users: tuple[str, ...] = ()
    fetch_materials: bool = True
    clean_workspace: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dependency:
    """A stage of another pipeline, whose passing triggers this one."""

    name: str
    pipeline: str
    stage: str
    schedules: bool = True


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository; without a URL the one that the configuration lies in."""

    name: str
    url: str = ""
    branch: str = ""
    destination: str = ""
    includes: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    name: str
    stages: tuple[Stage, ...]
    repositories: tuple[Repository, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    label_template: str = "${COUNT}"
    lock_behavior: str = "none"
    timer: str = ""
    timer_only_on_changes: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)

    def stage(self, name: str) -> Stage:
        return next(stage for stage in self.stages if stage.name == name)


Configuration = Mapping[str, Pipeline]


def loaded(path: Path) -> Any:
    """Return the file as GoCD's parser does: every scalar is text, and `<<` merges nothing."""
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


def configuration(path: Path) -> Configuration:
    """Return the pipelines of a file that is sound."""
    return {
        name: _pipeline(name, _substituted(found, found.get("parameters", {})))
        for name, found in loaded(path)["pipelines"].items()
    }


def _substituted(found: Any, parameters: Mapping[str, str]) -> Any:
    """Put in the parameters that `#{name}` stands for, and one hash where there are two."""
    if isinstance(found, str):
        return re.sub(r"#(?:#|\{([\w.-]+)\})", lambda one: parameters[one[1]] if one[1] else "#", found)
    if isinstance(found, Mapping):
        return {key: _substituted(value, parameters) for key, value in found.items() if key != "parameters"}
    return [_substituted(item, parameters) for item in found]


def _pipeline(name: str, found: Mapping[str, Any]) -> Pipeline:
    timer = found.get("timer", {})
    materials = found["materials"].items()
    return Pipeline(
        name=name,
        stages=tuple(_stage(*pair) for one in found["stages"] for pair in one.items()),
        repositories=tuple(_repository(key, one) for key, one in materials if "pipeline" not in one),
        dependencies=tuple(_dependency(key, one) for key, one in materials if "pipeline" in one),
        label_template=found.get("label_template", "${COUNT}"),
        lock_behavior=found.get("lock_behavior", "none"),
        timer=timer.get("spec", ""),
        timer_only_on_changes=_yes(timer, "only_on_changes"),
        variables=found.get("environment_variables", {}),
    )


def _dependency(name: str, found: Mapping[str, str]) -> Dependency:
    return Dependency(
        name, found["pipeline"], found["stage"], schedules=not _yes(found, "ignore_for_scheduling")
    )


def _repository(name: str, found: Mapping[str, Any]) -> Repository:
    return Repository(
        name=name,
        url=found.get("git", ""),
        branch=found.get("branch", ""),
        destination=found.get("destination", ""),
        includes=tuple(found.get("includes", ())),
        ignore=tuple(found.get("ignore", ())),
    )


def _stage(name: str, found: Mapping[str, Any]) -> Stage:
    approval = found.get("approval", {})
    return Stage(
        name=name,
        jobs=tuple(_job(key, one) for key, one in found["jobs"].items()),
        manual=approval.get("type") == "manual",
        only_on_success=_yes(approval, "allow_only_on_success"),
        users=tuple(approval.get("users", ())),
        fetch_materials=_yes(found, "fetch_materials", default="true"),
        clean_workspace=_yes(found, "clean_workspace"),
        variables=found.get("environment_variables", {}),
    )


def _job(name: str, found: Mapping[str, Any]) -> Job:
    return Job(
        name=name,
        tasks=tuple(_task(*pair) for one in found["tasks"] for pair in one.items()),
        artifacts=tuple(
            Artifact(kind, one["source"], one.get("destination", ""))
            for item in found.get("artifacts", ())
            for kind, one in item.items()
        ),
        tabs=found.get("tabs", {}),
        resources=frozenset(found.get("resources", ())),
        variables=found.get("environment_variables", {}),
    )


def _task(kind: str, found: Mapping[str, Any]) -> Task:
    if kind == "fetch":
        plain = {key: found[key] for key in ("pipeline", "destination", "run_if") if key in found}
        where = (found["stage"], found["job"], found["source"])
        return Fetch(*where, is_file=_yes(found, "is_file"), **plain)
    cancelling = _task("exec", found["on_cancel"]["exec"]) if "on_cancel" in found else None
    assert not isinstance(cancelling, Fetch)
    return Exec(
        command=found["command"],
        arguments=tuple(found.get("arguments", ())),
        working_directory=found.get("working_directory", ""),
        run_if=found.get("run_if", "passed"),
        on_cancel=cancelling,
    )


def _yes(found: Mapping[str, str], key: str, default: str = "false") -> bool:
    return found.get(key, default).lower() in _YES
