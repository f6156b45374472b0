"""Waiting for workers on other machines."""

import socket
import time

from ci_steps.model.settings import RemoteWorkers
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.ports import Progress
from ci_steps.steps.load_test.remote.crew import Crew
from ci_steps.steps.load_test.remote.keys import SECRET

_LOOK_AGAIN_SECONDS = 0.05
_EVERYWHERE = {"0.0.0.0", "*"}  # noqa: S104 - compared with, not listened on


def awaited(crew: Crew, remote: RemoteWorkers, progress: Progress) -> Finding | None:
    """Wait until all have joined; return what it means that they did not."""
    host, _, port = remote.listen.rpartition(":")
    reached = f"{socket.gethostname() if host in _EVERYWHERE else host}:{port}"
    progress.say(f"on {remote.workers} other machines, with this one's {SECRET}, start:")
    progress.say(f"  python -m ci_steps load-worker --master {reached}")
    began, shown, told = time.monotonic(), -1, 0
    while True:
        joined = crew.joined
        if joined != shown:
            progress.advance(joined, remote.workers, "workers have joined")
            shown = joined
        for why in crew.refused[told:]:
            progress.say(f"not let in: {why}")
            told += 1
        if joined == remote.workers:
            return None
        if time.monotonic() - began > remote.join_seconds:
            return _missing(joined, remote, crew.refused)
        time.sleep(_LOOK_AGAIN_SECONDS)


def _missing(joined: int, remote: RemoteWorkers, refused: list[str]) -> Finding:
    why = f"; not let in: {refused[-1]}" if refused else ""
    return Finding(
        check="load-test.generator",
        subject="workers on other machines",
        verdict=Verdict.INCONCLUSIVE,
        observed=f"{joined} of {remote.workers} joined within {remote.join_seconds:g} s{why}",
        rule="all of them send, or the load is not the planned one",
        where=remote.where,
        next="start `python -m ci_steps load-worker` on them first, or raise load.remote.join_seconds",
    )
