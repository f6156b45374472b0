"""The Groovy part of the harness: compiled and started once a session."""

import json
import os
import shutil
import subprocess
import tempfile
from atexit import register
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parent / "harness"


@dataclass(frozen=True, slots=True)
class Checked:
    """What the reading of a Jenkinsfile came to, before anything of it runs."""

    errors: tuple[str, ...]
    """Each with file and line."""
    plugins: frozenset[str]
    """Those whose steps it uses."""
    options: tuple[str, ...]
    steps: tuple[tuple[str, str | None], ...]
    """Name and text of every step, in the order of the source."""

    @property
    def scripts(self) -> tuple[str, ...]:
        return tuple(text or "" for name, text in self.steps if name == "sh")


def checked(*files: Path) -> list[Checked]:
    """Read Jenkinsfiles as Jenkins does before a build."""
    with _program() as program:
        told = program.asked({"check": [str(file) for file in files]})
    return [
        Checked(
            errors=tuple(one["errors"]),
            plugins=frozenset(one["plugins"]),
            options=tuple(one["options"]),
            steps=tuple((step["name"], step["text"]) for step in one["steps"]),
        )
        for one in told["files"]
    ]


def ran(request: Path, answered: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Run a build to its end; what it asks is answered by ``answered``."""
    with _program() as program:
        told = program.asked({"run": str(request)})
        while told["event"] == "input":
            told = program.asked(answered(told))


@dataclass(frozen=True, slots=True)
class _Program:
    process: subprocess.Popen[str]

    def asked(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the harness itself broke down; standard error says why"
        return dict(json.loads(line))

    def ended(self) -> None:
        """End it, and with it all that a build has started."""
        with self.process:
            self.process.terminate()


_IDLE: list[_Program] = []


@contextmanager
def _program() -> Iterator[_Program]:
    """Give a program that waits, or a new one: to start Groovy costs more than most builds."""
    program = _IDLE.pop() if _IDLE else _started()
    try:
        yield program
    except BaseException:
        program.ended()
        raise
    _IDLE.append(program)


def _started() -> _Program:
    pipe = subprocess.PIPE
    program = subprocess.Popen(
        ["groovy", "-cp", _classes(), "-e", "Main.main(args)"],
        env=_environ(),
        stdin=pipe,
        stdout=pipe,
        text=True,
    )
    return _Program(program)


@register
def _end_all() -> None:
    for program in _IDLE:
        program.ended()


def _environ() -> dict[str, str]:
    if not os.environ.get("JAVA_HOME"):
        raise LookupError('JAVA_HOME is not set: run `make test`, or eval "$(contrib/engine/groovy)"')
    # Half of a short program's time goes into compiling what runs once.
    return {**os.environ, "JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"}


@cache
def _classes() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="jenkins-harness-"))
    register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(["groovyc", "-d", folder, *sorted(SOURCES.glob("*.groovy"))], env=_environ(), check=True)
    return folder
