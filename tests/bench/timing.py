"""How long things take, told so that noise falls on all alike."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What commands run with: byte code is kept, or every start would compile what it imports, also a peer's."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """One thing's times, a round each."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    def ratio(self, other: "Seconds") -> float:
        """Return how many times as long as ``other``: the median over rounds, each with its own ratio."""
        return statistics.median(a / b for a, b in zip(self.rounds, other.rounds, strict=True))

    def __str__(self) -> str:
        unit, digits = (1000, 0) if self.median < 1 else (1, 1)
        low, middle, high = (
            f"{each * unit:,.{digits}f}" for each in (min(self.rounds), self.median, max(self.rounds))
        )
        return f"{middle} {'ms' if unit == 1000 else 's'} ({low} to {high})"


def run(command: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return what it wrote; one that fails ends the benchmark with its words."""
    environment = ENVIRON | dict(environ or {})
    ended = subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)
    if ended.returncode:
        words = " ".join(str(word) for word in command)
        raise SystemExit(f"{words}: exit {ended.returncode}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def timed(work: Callable[[], object]) -> float:
    """Do it once and return the seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Seconds]:
    """Let each contender time itself once a round, another one first each; the first round is not counted."""
    seen: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            seconds = contenders[name]()
            tell(f"  {'warm-up' if number == 0 else f'{number} of {rounds}'}: {name} {seconds:.3f} s")
            if number:
                seen[name].append(seconds)
    return {name: Seconds(tuple(each)) for name, each in seen.items()}


def tell(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201
