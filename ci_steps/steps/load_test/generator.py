"""Locust as a child process: what it is told, how far it is, and what it wrote down."""

import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

import ci_steps
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.settings import LoadSettings
from ci_steps.model.wire import decoded
from ci_steps.ports import Ended, Programs, Progress
from ci_steps.steps.load_test.arrivals import Round
from ci_steps.steps.load_test.records import GeneratorSeen, Request
from ci_steps.steps.load_test.steady import window_seconds

T = TypeVar("T")

_LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_START_SECONDS = 60.0
_STALL_SECONDS = 60.0
_BETWEEN_ROUNDS_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Generator:
    """One run of Locust; everything of it lies in ``folder``."""

    programs: Programs
    progress: Progress
    folder: Path
    load: LoadSettings
    rounds: Sequence[Round]

    def sent(self, targets: Sequence[str], bodies: Sequence[str]) -> tuple[GeneratorSeen, list[Request]]:
        """Send every round; the exit code says nothing, what was recorded does."""
        self._order(targets, bodies)
        said = ", then ".join(
            f"{stage.rate:g} requests a second for {stage.seconds:g} s" for stage in self.load.plan
        )
        arrivals = " at random moments" if self.load.arrivals == "poisson" else ""
        beside = ", and the live release in turns with it" if len(targets) > 1 else ""
        self.progress.say(f"Locust plans {said}{arrivals}{beside}")
        seconds = self._seconds(len(targets))
        ended = self.programs.run(
            [
                *(sys.executable, "-m", "locust", "--locustfile", str(_LOCUSTFILE)),
                *("--headless", "--only-summary", "--stop-timeout", "1", "--reset-stats"),
                *("--users", str(self.load.workers), "--spawn-rate", str(self.load.workers)),
                *("--host", targets[0], "--html", str((self.folder / "locust.html").resolve())),
                *("--run-time", f"{int(seconds)}s"),
                *self._shared(),
            ],
            cwd=self.folder,
            env={
                "CI_STEPS_LOAD_ORDER": str((self.folder / "order.json").resolve()),
                "PYTHONUNBUFFERED": "1",
                "PYTHONPATH": str(Path(ci_steps.__file__).parent.parent),
            },
            timeout=seconds + _START_SECONDS,
            on_line=self._told,
        )
        (self.folder / "locust.log").write_text(ended.output, encoding="utf-8")
        return self._read(ended)

    def _order(self, targets: Sequence[str], bodies: Sequence[str]) -> None:
        first, load = self.load.plan[0], self.load
        window = window_seconds(first.rate, load.warmup_seconds, load.warmup_at_most_seconds)
        order = {
            "targets": targets,
            "bodies": bodies,
            "workers": load.workers,
            "planned": sum(len(one.moments) for one in self.rounds),
            "stages": [f"{stage.rate:g}/s" for stage in load.plan],
            "greatest_rate": max(stage.rate for stage in load.plan),
            "window_s": round(window, 6) if load.warmup_seconds else 0,
            "warm_up_rate": first.rate,
            "warm_up_least_s": load.warmup_seconds,
            "warm_up_most_s": load.warmup_at_most_seconds,
        }
        (self.folder / "order.json").write_bytes(msgspec.json.encode(order))
        (self.folder / "arrivals.json").write_bytes(msgspec.json.encode(self.rounds))

    def _shared(self) -> list[str]:
        """Return the options that share the plan among processes, over a port that nobody else can reach."""
        if self.load.workers == 1:
            return []
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        return [
            *("--processes", str(self.load.workers)),
            *("--master-host", "127.0.0.1", "--master-port", port),
            *("--master-bind-host", "127.0.0.1", "--master-bind-port", port),
        ]

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


def _own(content: bytes, kind: type[T]) -> T:
    try:
        return decoded(content, kind, where="what Locust recorded")
    except InputError as error:
        raise OutsideError(f"Locust's records cannot be read: {error}") from error
