"""Trying cases: each in an empty folder, a few at a time, in the order of the table."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there has a name of its own
_ROOM = 32 << 20
_MOST = 4
_cases: Sequence[Case] = ()
"""Those of a worker process, which got them when it was forked: a case cannot be sent."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A case, what the gate answered (None: nothing of that check), and how long it took."""

    case: Case
    answered: Verdict | None
    seconds: float

    @property
    def right(self) -> bool:
        return self.answered is self.case.wanted


def tried(cases: Sequence[Case]) -> Iterator[Tried]:
    """Give each case with what the gate answered; what a gate raises is raised here.

    Each has a process to itself while it runs. A run directory syncs what it writes, which on a disc is
    most of the time, so where there is a file system in memory the folders lie there.
    """
    with (
        tempfile.TemporaryDirectory(prefix="selftest-", dir=in_memory()) as folder,
        ProcessPoolExecutor(
            max_workers=_workers(),
            mp_context=get_context("fork"),
            initializer=_begin,
            initargs=(cases, folder),
        ) as pool,
    ):
        answers = pool.map(_answered, range(len(cases)))
        for case, (answered, seconds) in zip(cases, answers, strict=True):
            yield Tried(case, answered, seconds)


def _workers() -> int:
    """Return how many go on at once: two on one processor as well, for some only wait."""
    return min(_MOST, max(2, os.cpu_count() or 1))


def in_memory() -> Path | None:
    """Return where a folder costs no disc; None where there is no such place, or little room in it."""
    if not os.access(_IN_MEMORY, os.W_OK | os.X_OK):
        return None
    return _IN_MEMORY if shutil.disk_usage(_IN_MEMORY).free >= _ROOM else None


def _begin(cases: Sequence[Case], folder: str) -> None:
    """Prepare a worker: what it makes goes with the folder, and Ctrl-C is for who started it."""
    global _cases  # noqa: PLW0603 - a worker is its process
    _cases = cases
    tempfile.tempdir = folder
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _answered(number: int) -> tuple[Verdict | None, float]:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="case-") as folder:
        answered = _cases[number].answered(Path(folder))
    return answered, time.perf_counter() - began
