"""One job on an agent of its own: a fresh folder, the material, the tasks, the artifacts.

After GoCD's agent (BuildWork, Builders, ArtifactPlan, CurrentProcess in gocd/gocd).
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.doors.gocd.configuration import Artifact, Exec, Fetch, Job
from tests.doors.gocd.patterns import found, stem

_MASK = "********"
_TASK_SECONDS = 300.0
_CANCEL_SECONDS = 90.0
_LOOKS_SECONDS = 0.05


@dataclass(slots=True)
class Agent:
    """Does one job in a folder that nobody used before."""

    folder: Path
    environ: Mapping[str, str]
    secrets: frozenset[str]
    """What the console must not show."""
    source_of: Callable[[Fetch], Path]
    """Where on the server what a task fetches lies."""
    cancelled: Callable[[Path], bool]
    """Whether somebody cancels the stage now, who may look at this folder."""
    console: list[str] = field(default_factory=list)
    status: str = "passed"
    exit: int = 0
    stopped: bool = False

    def does(self, job: Job, server: Path) -> str:
        """Do the job and return Passed, Failed or Cancelled; its artifacts go to ``server``.

        A cancelled job leaves its console and nothing else.
        """
        for task in job.tasks:
            if not self.stopped and task.run_if in {"any", self.status}:
                self._does(task)
        if not self.stopped:
            self._say(f"[go] Current job status: {self.status}.")
            if problems := [said for one in job.artifacts if (said := self._left(one, server))]:
                self._say(*problems)
                self.status = "failed"
        log = server / "cruise-output" / "console.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(f"{line}\n" for line in self.console), encoding="utf-8")
        return "Cancelled" if self.stopped else self.status.capitalize()

    def _does(self, task: Exec | Fetch) -> None:
        if isinstance(task, Fetch):
            problem = self._fetched(task)
            if problem:
                self._say(f"[go] {problem}")
            code = 1 if problem else 0
        else:
            code = self._ran(task)
        if code:
            self.status, self.exit = "failed", code

    def _ran(self, task: Exec) -> int:
        self._say(f"[go] Task: {' '.join(task.line)}")
        try:
            process = subprocess.Popen(
                task.line,
                cwd=self.folder / task.working_directory,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            self._say(f"[go] Error happened while attempting to execute '{task.command}': {error.strerror}")
            return 1
        with process:
            self._say(*self._watched(process, task).splitlines())
        return process.returncode

    def _watched(self, process: "subprocess.Popen[str]", task: Exec) -> str:
        """Wait until nobody writes to its output any more, and return that; a cancel ends it as GoCD does."""
        waited = 0.0
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=_LOOKS_SECONDS)[0]
            waited += _LOOKS_SECONDS
            if not self.stopped and self.cancelled(self.folder):
                self.stopped, waited = True, 0.0
                self._cancel(process, task)
            if waited > (_CANCEL_SECONDS if self.stopped else _TASK_SECONDS):
                os.killpg(process.pid, signal.SIGKILL)
                output = process.communicate()[0]
                raise AssertionError(f"not ended after {waited:.0f} s: {' '.join(task.line)}\n{output}")

    def _cancel(self, process: "subprocess.Popen[str]", task: Exec) -> None:
        """Send SIGTERM to every process of the task, unless the task says what to do instead."""
        if task.on_cancel:
            self._say(f"[go] On Cancel Task: {' '.join(task.on_cancel.line)}")
            self._ran(task.on_cancel)
            return
        self._say("[go] On Cancel Task: Kills child processes")
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(process.pid)
            for one in (parent, *parent.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    one.terminate()

    def _fetched(self, fetch: Fetch) -> str:
        """Bring artifacts here, beside what is here already; say what was not there."""
        source = self.source_of(fetch)
        into = self.folder / fetch.destination
        if fetch.is_file and source.is_file():
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, into)
        elif not fetch.is_file and source.is_dir():
            shutil.copytree(source, into / source.name, dirs_exist_ok=True)
        else:
            return f"Could not fetch artifact {fetch.source} of {fetch.stage}/{fetch.job}. It does not exist."
        self._say(f"[go] Fetched artifact {fetch.source} of {fetch.stage}/{fetch.job}")
        return ""

    def _left(self, artifact: Artifact, server: Path) -> str:
        """Put an artifact on the server; only a build artifact that is not there is a failure."""
        paths = list(found(artifact.source, self.folder))
        if not paths:
            said = f"[go] The rule [{artifact.source}] cannot match any resource under [{self.folder.name}]"
            if artifact.kind == "build":
                return said
            self._say(said)
        before = stem(artifact.source)
        for path in paths:
            into = server / artifact.destination
            if before != artifact.source and path.as_posix() != before:
                into /= path.parent.relative_to(before)
            into.mkdir(parents=True, exist_ok=True)
            if (self.folder / path).is_dir():
                shutil.copytree(self.folder / path, into / path.name, dirs_exist_ok=True)
            else:
                shutil.copy(self.folder / path, into)
        return ""

    def _say(self, *lines: str) -> None:
        for line in lines:
            shown = line
            for secret in self.secrets:
                shown = shown.replace(secret, _MASK)
            self.console.append(shown)
