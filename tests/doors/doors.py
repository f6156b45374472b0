"""Three ways to release the same models to staging: a terminal, a Jenkins job, a GoCD pipeline.

Each aborts as its people do, while requests of the load test are being answered: Ctrl-C, the abort of
a build, the cancelling of a stage.
"""

import json
import os
import shutil
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self
from xml.etree import ElementTree as ET

import psutil

from ci_steps.wiring import GATES, RELEASE
from tests.doors.documents import Left
from tests.doors.gocd.records import Run
from tests.doors.gocd.served import server_of
from tests.doors.gocd.server import Cancel, GoCD
from tests.doors.jenkins.build import Build, Jenkins
from tests.doors.jenkins.kit import job_on
from tests.e2e.project import Project, ended

LOAD = {"rate": 20, "seconds": 4, "warmup_seconds": 1, "p50_ms": 5000, "errors": 0, "achieved": 0.5}
"""Limits that no machine misses, however busy: what is compared is not how fast it is today."""

PLANNED = 80
_CONTENT = shutil.ignore_patterns("model", "baseline", "image", "load-test", ".lock", ".half-*")


class Door(Protocol):
    """One way in."""

    kept: Path
    """Where a copy of what it keeps is put, for later."""

    def release(self, title: str, variant: str) -> Left:
        """Release a variant to staging, as far as it goes."""

    def abort(self, title: str, variant: str) -> Left:
        """Release a variant, and abort that in the middle of its load test."""

    def go_on(self, title: str, variant: str) -> Left:
        """Do again what was aborted."""


@dataclass(slots=True)
class Laptop:
    """A person at a terminal."""

    project: Project
    kept: Path

    def release(self, title: str, variant: str) -> Left:
        done = self.project.ci_steps(*_asked(variant))
        left = self._left(title, done.objects)
        assert done.code == max(left.exits.values()), done.said
        return left

    go_on = release

    def abort(self, title: str, variant: str) -> Left:
        program = self.project.started(*_asked(variant))
        assert program.stdout
        told = []
        for line in program.stdout:
            told.append(json.loads(line))
            if told[-1].get("total") == PLANNED and told[-1]["done"]:
                break
        os.killpg(program.pid, signal.SIGINT)
        done = ended(program, 60)
        assert done.code == 130, done.said
        return self._left(title, told)

    def _left(self, title: str, told: Iterable[Mapping[str, object]]) -> Left:
        exits: dict[str, int] = {}
        for one in told:
            if one["event"] == "ended" and not one["blocked_by"]:
                stage = "check" if one["step"] in GATES else str(one["step"])
                exits[stage] = max(exits.get(stage, 0), int(str(one["exit_code"])))
        folder = self.project.run_dir
        return _copied(folder, self.kept / title, exits, folder / "ending.txt")


@dataclass(slots=True)
class JenkinsJob:
    """A job with one agent, on which it has run before."""

    jenkins: Jenkins
    kept: Path

    @classmethod
    def of(cls, project: Project, kept: Path) -> Self:
        home = project.folder.with_name("job")
        home.mkdir()
        return cls(job_on(project, home), kept)

    def release(self, title: str, variant: str) -> Left:
        return self._left(title, self._build(variant))

    go_on = release

    def abort(self, title: str, variant: str) -> Left:
        build = self._build(variant, abort_at=f"of {PLANNED} requests")
        assert build.ended["load-test"] == "ABORTED", build.log
        return self._left(title, build)

    def _build(self, variant: str, abort_at: str | None = None) -> Build:
        asked = {"MODEL": f"tweets:{variant}", "ENVIRONMENT": "staging"}
        return self.jenkins.build(asked, abort_at=abort_at)

    def _left(self, title: str, build: Build) -> Left:
        folder = build.archive / ".release"
        ending = folder / "ending.txt"
        assert build.description in (None, ending.read_text(encoding="utf-8").strip())
        assert {name: build.junit[name] for name in ("tests", "failures", "errors")} == _counted(folder)
        exits = {name: code for name, code in build.exits.items() if name in {"check", *RELEASE}}
        return _copied(folder, self.kept / title, exits, ending)


@dataclass(slots=True)
class GoCDPipeline:
    """A pipeline, each of whose stages runs on another agent."""

    gocd: GoCD
    kept: Path
    runs: list[Run] = field(default_factory=list)

    @classmethod
    def of(cls, project: Project, kept: Path) -> Self:
        server = project.folder.with_name("server")
        server.mkdir()
        return cls(server_of(project, server), kept)

    def release(self, title: str, variant: str) -> Left:
        run = self.gocd.run("release", variables=_model(variant))
        return self._left(title, run, run.stages[-1].artifacts / "ending.txt")

    def abort(self, title: str, variant: str) -> Left:
        places: list[Path] = []

        def answered(folder: Path) -> bool:
            places.append(folder)
            return _under_load(folder / ".release" / "load-test")

        run = self.gocd.run("release", variables=_model(variant), cancel=Cancel("load-test", answered))
        assert run.result == "Cancelled", run.said
        # Of a cancelled job the server keeps the console; how it ended is told by the agent's folder.
        return self._left(title, run, places[-1] / ".release" / "ending.txt")

    def go_on(self, title: str, variant: str) -> Left:
        run = self.gocd.rerun(self.runs[-1], "load-test")
        return self._left(title, run, run.stages[-1].artifacts / "ending.txt")

    def _left(self, title: str, run: Run, ending: Path) -> Left:
        self.runs.append(run)
        ran = {stage.name: stage for stage in run.stages}
        ended_so = [stage for stage in ran.values() if stage.result != "Cancelled"]
        for stage in ended_so:
            tests = stage.artifacts / "tests" / "findings.xml"
            assert tests.read_bytes() == (stage.artifacts / ".release" / "findings.xml").read_bytes()
        exits = {stage.name: stage.exit for stage in ended_so}
        return _copied(run.run_dir, self.kept / title, exits, ending)


def leftovers(project: Project, base: Path) -> list[str]:
    """Name what an aborted test must not leave: containers, programs, halves of documents."""
    return [
        *project.test_containers(),
        *(" ".join(one.info["cmdline"] or ()) for one in _programs_in(base)),
        *map(str, base.rglob(".half-*")),
    ]


def _asked(variant: str) -> tuple[str, ...]:
    return "release", "--model", f"tweets:{variant}", "--environment", "staging", "--json"


def _model(variant: str) -> dict[str, str]:
    return {"MODEL": f"tweets:{variant}"}


def _counted(folder: Path) -> dict[str, int]:
    """Count the test cases of every JUnit file, and those that failed or broke."""
    roots = [ET.fromstring(path.read_bytes()) for path in folder.glob("*.xml")]
    kinds = {"tests": "testcase", "failures": "failure", "errors": "error"}
    return {name: sum(len([*root.iter(tag)]) for root in roots) for name, tag in kinds.items()}


def _copied(run_dir: Path, to: Path, exits: Mapping[str, int], ending: Path) -> Left:
    shutil.copytree(run_dir, to, ignore=_CONTENT)
    return Left(to, exits, ending.read_text(encoding="utf-8").strip())


def _under_load(folder: Path) -> bool:
    """Whether a program that works in the folder is connected: the generator, to the container."""
    for program in _programs_in(folder):
        with suppress(psutil.Error):
            if any(one.status == psutil.CONN_ESTABLISHED for one in program.net_connections("tcp")):
                return True
    return False


def _programs_in(folder: Path) -> list[psutil.Process]:
    place = folder.resolve()
    return [
        one
        for one in psutil.process_iter(["cwd", "cmdline"])
        if one.info["cwd"] and Path(one.info["cwd"]).is_relative_to(place)
    ]
