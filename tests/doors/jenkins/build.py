"""A job on a Jenkins: what a test gives to it, and what it can see afterwards."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doors.jenkins.groovy import checked, ran

JENKINSFILE = Path(__file__).parents[3] / "Jenkinsfile"


@dataclass(frozen=True, slots=True)
class Login:
    """Credentials of the kind "username with password"."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Question:
    """What an `input` asked."""

    message: str
    submitter: str | None
    holds_executor: bool
    """Whether an executor of an agent stood idle meanwhile."""


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    ended: str
    """SUCCESS, UNSTABLE, FAILURE, ABORTED, NOT_BUILT, or SKIPPED."""
    exit: int | None
    """Of its last `sh`; none where no `sh` ended by itself."""


@dataclass(frozen=True, slots=True)
class Build:
    """How a build ended, and what it kept."""

    number: int
    result: str
    description: str | None
    stages: tuple[Stage, ...]
    asked: tuple[Question, ...]
    errors: tuple[str, ...]
    """Every failure that the log tells, with its line in the Jenkinsfile."""
    junit: Mapping[str, int]
    """How many suites, tests, failures, errors, skipped were recorded."""
    folder: Path

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def archived(self) -> set[str]:
        """Name every archived file, as its path in the workspace."""
        return {str(f.relative_to(self.archive)) for f in self.archive.rglob("*") if f.is_file()}

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    @property
    def ended(self) -> dict[str, str]:
        return {stage.name: stage.ended for stage in self.stages}

    @property
    def exits(self) -> dict[str, int]:
        """Name the stages that ran a program to its end, with its exit code."""
        return {stage.name: stage.exit for stage in self.stages if stage.exit is not None}


class StillQueuedError(Exception):
    """The build does not start: the job lets one run at a time, and one runs."""


Approval = Callable[[Question], str | None]
"""Gives the name of who approves; None aborts the build there."""


@dataclass(frozen=True, slots=True)
class Jenkins:
    """A job with one agent and one workspace, in which the repository is checked out already."""

    workspace: Path
    home: Path
    """Where the job keeps its builds."""
    jenkinsfile: Path = JENKINSFILE
    environ: Mapping[str, str] = field(default_factory=dict)
    """The variables of the agent: nothing of this process's own is there."""
    credentials: Mapping[str, str | Login] = field(default_factory=dict)
    """By id: a secret text, or a login."""
    job: str = "release"

    def build(
        self,
        parameters: Mapping[str, str | bool] | None,
        *,
        approve: Approval | None = None,
        abort_at: str | None = None,
    ) -> Build:
        """Run the next build of the job.

        No parameters at all (None) is a job's first build: it does not know yet that it has any.
        Without ``approve`` nobody must be asked. With ``abort_at`` somebody aborts the build as soon as a
        line of output holds these words.
        """
        running = self.home / "running"
        if running.exists() and "disableConcurrentBuilds" in checked(self.jenkinsfile)[0].options:
            raise StillQueuedError(f"build {running.read_text()} runs")
        number = 1 + len(list((self.home / "builds").glob("*")))
        folder = self.home / "builds" / str(number)
        folder.mkdir(parents=True)
        request = folder / "request.json"
        request.write_text(json.dumps(self._request(number, folder, parameters, abort_at)), encoding="utf-8")
        unexpected: list[str] = []

        def answered(question: dict[str, Any]) -> dict[str, Any]:
            if approve is None:
                unexpected.append(question["message"])
            by = approve(_question(question)) if approve else None
            return {"approved": by is not None, "by": by or "somebody"}

        running.write_text(str(number))
        try:
            ran(request, answered)
        finally:
            running.unlink(missing_ok=True)  # one that ran meanwhile has done so
        assert not unexpected, f"nobody was to be asked, and was: {unexpected}"
        return _build(folder)

    def _request(
        self, number: int, folder: Path, parameters: Mapping[str, str | bool] | None, abort_at: str | None
    ) -> dict[str, Any]:
        before = folder.with_name(str(number - 1)) / "build.json"
        kinds: dict[str, dict[str, str]] = {
            name: {"kind": "usernamePassword", "username": held.username, "password": held.password}
            if isinstance(held, Login)
            else {"kind": "string", "secret": held}
            for name, held in self.credentials.items()
        }
        return {
            "jenkinsfile": str(self.jenkinsfile),
            "workspace": str(self.workspace),
            "folder": str(folder),
            "job": self.job,
            "number": number,
            "parameters": None if parameters is None else dict(parameters),
            "previous": json.loads(before.read_bytes())["result"] if before.exists() else None,
            "credentials": kinds,
            "environ": dict(self.environ),
            "abort_at": abort_at,
        }


def _build(folder: Path) -> Build:
    told = json.loads((folder / "build.json").read_bytes())
    return Build(
        number=told["number"],
        result=told["result"],
        description=told["description"],
        stages=tuple(Stage(one["name"], one["ended"], one["exit"]) for one in told["stages"]),
        asked=tuple(map(_question, told["asked"])),
        errors=tuple(told["errors"]),
        junit=told["junit"],
        folder=folder,
    )


def _question(told: dict[str, Any]) -> Question:
    return Question(told["message"], told["submitter"], told["holds_executor"])
