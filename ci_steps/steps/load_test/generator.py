"""Locust as a child process: what it is told, how far it is, and what it wrote down."""

import secrets
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import ci_steps
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.settings import LoadSettings
from ci_steps.model.wire import decoded
from ci_steps.ports import Ended, Programs, Progress
from ci_steps.steps.load_test.arrivals import Round
from ci_steps.steps.load_test.records import GeneratorSeen, Request
from ci_steps.steps.load_test.sending.order import Order
from ci_steps.steps.load_test.sending.steady import window_seconds

if TYPE_CHECKING:  # most load tests are sent from here
    from ci_steps.steps.load_test.remote.crew import Crew
    from ci_steps.steps.load_test.remote.wire import Start

T = TypeVar("T")

_LOCUSTFILE = Path(__file__).parent / "sending" / "locustfile.py"
_LOCUST = (sys.executable, "-m", "locust", "--locustfile", str(_LOCUSTFILE))
_START_SECONDS = 60.0
_STALL_SECONDS = 60.0
_BETWEEN_ROUNDS_SECONDS = 1.0
_LEAD_SECONDS_HERE, _LEAD_SECONDS = 0.3, 0.5
"""How long before its first moment a round is told to other processes: here, and on other machines."""


@dataclass(frozen=True, slots=True)
class Generator:
    """One run of Locust; everything of it lies in ``folder``."""

    programs: Programs
    progress: Progress
    folder: Path
    load: LoadSettings
    rounds: Sequence[Round]
    crew: "Crew | None" = None
    """Workers on other machines, which have joined."""

    def sent(self, targets: Sequence[str], bodies: Sequence[str]) -> tuple[GeneratorSeen, list[Request]]:
        """Send every round; the exit code says nothing, what was recorded does."""
        order, path = self._ordered(targets, bodies)
        said = ", then ".join(
            f"{stage.rate:g} requests a second for {stage.seconds:g} s" for stage in self.load.plan
        )
        arrivals = " at random moments" if self.load.arrivals == "poisson" else ""
        beside = ", and the live release in turns with it" if len(targets) > 1 else ""
        self.progress.say(f"Locust plans {said}{arrivals}{beside}")
        seconds = self._seconds(len(targets))
        port = _free_port()
        if self.crew:
            self.crew.begin(self._start(order, seconds), [_place(each) for each in targets], _here(port))
        ended = self.programs.run(
            [
                *_LOCUST,
                *("--headless", "--only-summary", "--stop-timeout", "1", "--reset-stats"),
                *("--users", str(self.load.senders), "--spawn-rate", str(self.load.senders)),
                *("--host", targets[0], "--html", str((self.folder / "locust.html").resolve())),
                *("--run-time", f"{int(seconds)}s"),
                *self._shared(port),
            ],
            cwd=self.folder,
            env=_environment(path),
            timeout=seconds + _START_SECONDS,
            on_line=self._told,
        )
        (self.folder / "locust.log").write_text(ended.output, encoding="utf-8")
        seen, requests = self._read(ended)
        if self.crew:
            from ci_steps.steps.load_test.remote.ways import with_ways

            seen = with_ways(seen, self.crew.ways)
        return seen, requests

    def _ordered(self, targets: Sequence[str], bodies: Sequence[str]) -> tuple[Order, Path]:
        first, load = self.load.plan[0], self.load
        window = window_seconds(first.rate, load.warmup_seconds, load.warmup_at_most_seconds)
        order = Order(
            targets=tuple(targets),
            bodies=tuple(bodies),
            workers=load.senders,
            lead_s=_LEAD_SECONDS if load.remote else _LEAD_SECONDS_HERE if load.workers > 1 else 0.05,
            token=secrets.token_hex(16),
            planned=sum(len(one.moments) for one in self.rounds),
            stages=tuple(f"{stage.rate:g}/s" for stage in load.plan),
            greatest_rate=max(stage.rate for stage in load.plan),
            window_s=round(window, 6) if load.warmup_seconds else 0,
            warm_up_rate=first.rate,
            warm_up_least_s=load.warmup_seconds,
            warm_up_most_s=load.warmup_at_most_seconds,
        )
        return order, order.write(self.folder, self.rounds)

    def _start(self, order: Order, seconds: float) -> "Start":
        """Return what workers on other machines are told."""
        from ci_steps.steps.load_test.remote.wire import Start

        return Start(order=order, rounds=tuple(self.rounds), seconds=seconds + _START_SECONDS)

    def _shared(self, port: int) -> list[str]:
        """Return the options that share the plan among processes, over a port that only loopback reaches."""
        bound = ["--master-bind-host", "127.0.0.1", "--master-bind-port", str(port)]
        if self.load.remote:
            return ["--master", "--expect-workers", str(self.load.senders), *bound]
        if self.load.workers == 1:
            return []
        here = ["--master-host", "127.0.0.1", "--master-port", str(port)]
        return ["--processes", str(self.load.workers), *here, *bound]

    def _seconds(self, sides: int) -> float:
        planned = sum(one.moments[-1] + _BETWEEN_ROUNDS_SECONDS for one in self.rounds)
        return planned + sides * self.load.warmup_at_most_seconds + _STALL_SECONDS

    def _read(self, ended: Ended) -> tuple[GeneratorSeen, list[Request]]:
        try:
            told = (self.folder / "generator.json").read_bytes()
            lines = (self.folder / "latencies.jsonl").read_bytes().splitlines()
        except FileNotFoundError as error:
            why = (
                "it was stopped after its time"
                if ended.timed_out
                else f"it ended with exit code {ended.code}"
            )
            raise OutsideError(
                f"Locust recorded nothing: {why}", hint=f"read {self.folder / 'locust.log'}"
            ) from error
        whole = lines[:-1] if lines and not lines[-1].endswith(b"}") else lines
        return _own(told, GeneratorSeen), [_own(line, Request) for line in whole]

    def _told(self, line: str) -> None:
        match line.split(maxsplit=4):
            case ["sent", done, total, _, _] if done == total:
                self.progress.say("all are sent; waiting for the last answers")
            case ["sent", done, total, left, what]:
                self.progress.advance(int(done), int(total), f"requests ({what}, {left} s left)")
            case ["warming", done, most, side]:
                whom = " the live release" if int(side) else ""
                self.progress.advance(int(done), int(most), f"s at most (warming up{whom})")
            case ["answered"]:
                self.progress.say("all are answered; Locust writes its report")


def worker_command(port: int) -> list[str]:
    """Return how a worker starts Locust, whose conductor is reached at a port of this machine."""
    return [*_LOCUST, "--worker", "--master-host", "127.0.0.1", "--master-port", str(port)]


def worker_environment(order: Path, clock: float, name: str) -> dict[str, str]:
    """Return what Locust is told about a worker whose clock is so much further than the conductor's."""
    return _environment(order) | {"CI_STEPS_LOAD_CLOCK": f"{clock:.9f}", "CI_STEPS_LOAD_NAME": name}


def _environment(order: Path) -> dict[str, str]:
    return {
        "CI_STEPS_LOAD_ORDER": str(order.resolve()),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(Path(ci_steps.__file__).parent.parent),
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _here(port: int) -> tuple[str, int]:
    return "127.0.0.1", port


def _place(target: str) -> tuple[str, int]:
    host, _, port = target.removeprefix("http://").rpartition(":")
    return host, int(port)


def _own(content: bytes, kind: type[T]) -> T:
    try:
        return decoded(content, kind, where="what Locust recorded")
    except InputError as error:
        raise OutsideError(f"Locust's records cannot be read: {error}") from error
