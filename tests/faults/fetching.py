"""One fetch, a process of its own: `plan`, and `fetch-model` as on a machine that shares no cache with it."""

import json
import os
import signal
import socket
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from ci_steps.adapters.transfer import ContentCache, Transfer
from ci_steps.adapters.transfer.limits import Limits
from ci_steps.documents import Plan
from ci_steps.errors import StepError
from ci_steps.pipeline import Ran
from ci_steps.ports import Source
from ci_steps.rundir import RunDir
from ci_steps.wiring import Wiring
from ci_steps.wiring.outside import Outside
from tests.faults.believing import Believing
from tests.faults.content import RANGE
from tests.faults.plain_server import PlainSource

IMPATIENT, PATIENT = 1.0, 20.0
"""Seconds that the other side may be silent: under a fault, and where a busy machine is the only trouble."""


def limits(seconds: float) -> Limits:
    """Return the kit's limits, but shorter."""
    return Limits(
        connect_seconds=seconds,
        stall_seconds=seconds,
        tries=4,
        pause=0.02,
        longest_pause=1,
        longest_wait=1,
        connections=4,
        segment=RANGE,
    )


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a process is to do, and where it leaves what came of it."""

    address: str
    folder: Path
    variables: Mapping[str, str]
    plain: PlainSource | None = None
    """The tests' own source, which stands behind `file:`."""
    believes: bool = False
    """Whether its engine is one that believes whatever it gets."""
    seconds: float = IMPATIENT
    """How long the other side may be silent."""

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def caches(self) -> tuple[Path, Path]:
        """One for the machine that plans, one for the one that fetches."""
        return self.folder / "cache-plan", self.folder / "cache-fetch"


class Impatient(Outside, frozen=True):
    """What the kit is made of, but that it waits shorter and asks for less at once."""

    plain: PlainSource | None = None
    believes: bool = False
    seconds: float = IMPATIENT

    def transfers(self) -> Transfer:
        return (Believing if self.believes else Transfer)(
            ContentCache(self.cache / "models"), self.progress, limits(self.seconds), self.variables
        )

    def source(self, project: Path, scheme: str) -> Source:
        if self.plain:
            return self.plain
        made = super().source(project, scheme)
        quick = is_dataclass(made) and any(field.name == "seconds" for field in fields(made))
        return replace(made, seconds=self.seconds) if quick else made  # type: ignore[type-var]


class Quick(Wiring, frozen=True, dict=True):
    """The kit's own wiring, made of the impatient."""

    plain: PlainSource | None = None
    believes: bool = False
    seconds: float = IMPATIENT

    @cached_property
    def _outside(self) -> Outside:
        return Impatient(
            self.progress, self.variables, plain=self.plain, believes=self.believes, seconds=self.seconds
        )


class Silent:
    """A watcher and a progress that keep what they are told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def began(self, step: str) -> None:
        """Nobody looks."""

    def ended(self, ran: Ran) -> None:
        self.said += [finding.sentence for finding in ran.stops]

    def say(self, text: str) -> None:
        self.said.append(text)

    def advance(self, done: int, total: int, unit: str) -> None:
        """Nobody looks."""


def fetch(job: Fetch) -> None:
    """Do it, and leave `ended.json`: how it ended and what it still held at its end."""
    output = os.open(job.folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(job.variables)
    _hurry(job.seconds)
    try:
        told = _told(job)
    except KeyboardInterrupt:
        told = {"interrupted": True}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told["threads"] = [
        thread.name for thread in threading.enumerate() if thread is not threading.main_thread()
    ]
    told["connections"] = list(_connections())
    half = job.folder / "ended.half"
    half.write_text(json.dumps(told))
    half.replace(job.folder / "ended.json")


def _hurry(seconds: float) -> None:
    """Let whatever asks by `requests` wait no longer than the kit's own transfers do here."""
    usual = HTTPAdapter.send

    def send(self: HTTPAdapter, request: PreparedRequest, **how: Any) -> Response:
        return usual(self, request, **how | {"timeout": seconds})

    HTTPAdapter.send = send  # type: ignore[method-assign,assignment]


def _told(job: Fetch) -> dict[str, Any]:
    """Return how it ended, whichever way that was."""
    (job.folder / "began").touch()
    try:
        return _done(job)
    except StepError as error:
        return {"error": str(error), "is": type(error).__name__, "chain": traceback.format_exc()}
    except Exception:  # noqa: BLE001  (whatever it is, the campaign has to see it)
        return {"crash": traceback.format_exc()}


def _done(job: Fetch) -> dict[str, Any]:
    said = []
    for step, cache in zip(("plan", "fetch-model"), job.caches, strict=True):
        silent = Silent()
        wiring = Quick(
            run=RunDir(job.folder / "run"),
            config=job.project / "release.yaml",
            progress=silent,
            model=job.address if step == "plan" else "",
            variables={**job.variables, "CI_STEPS_CACHE": str(cache), "CI_STEPS_BY": "the tests"},
            plain=job.plain,
            believes=job.believes,
            seconds=job.seconds,
        )
        ran = wiring.runner(silent).alone(step)
        said += silent.said
        if int(ran.exit_code):
            return {"error": "; ".join(silent.said), "is": ran.verdict.value}
    return {"sha": RunDir(job.folder / "run").read(Plan).sha.hex, "said": said}


def _connections() -> Iterator[str]:
    """Name the connections that this process has open."""
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208  (numbers, not paths)
        target = Path("nothing")
        with suppress(OSError):  # the one that lists them is gone by now
            target = Path("/proc/self/fd", number).readlink()
        if target.name.startswith("socket:"):
            with socket.socket(fileno=os.dup(int(number))) as there:
                if there.family in {socket.AF_INET, socket.AF_INET6}:
                    with suppress(OSError):
                        yield str(there.getpeername())
