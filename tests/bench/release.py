"""A whole release, from the plan to the rollout, of a second model of the tweets example."""

import os
import tempfile
import time
from pathlib import Path

from tests.bench.table import Row, Section
from tests.bench.timing import Seconds, tell
from tests.e2e.origin import a_copy, origin_in
from tests.e2e.project import Engine, Project

GOAL = 30
_VARIANTS = ("v1", "v2")
_NOTES = """\
- All its steps by one command, less the load test's warm-up and seconds. Warm: the layers of packages and
  server, the environment of the unit tests and the image of v1 are there."""


def measured(rounds: int) -> Section:
    """Release v1, then v2 beside it, each round in a repository of its own."""
    with tempfile.TemporaryDirectory(prefix="ci-steps-bench-") as name:
        tell("release: training the models of the tweets example")
        origin = origin_in(Path(name, "origin"), Engine.of(os.environ))
        seen = []
        for number in range(rounds):
            with a_copy(origin, Path(name, f"round-{number}")) as project:
                seen.append(_second_release(project))
                tell(f"  {number + 1} of {rounds}: {seen[-1]:.1f} s")
    row = Row("`release` of v2 while v1 serves", Seconds(tuple(seen)), "", None, GOAL)
    return Section("A whole release", f"python -m tests.bench release --rounds {rounds}", [row], _NOTES)


def _second_release(project: Project) -> float:
    load = project.settings()["load"]
    for variant in _VARIANTS:
        began = time.perf_counter()
        done = project.release(variant)
        seconds = time.perf_counter() - began
        if done.code:
            raise SystemExit(f"release of {variant}: {done.said}")
    return seconds - float(load["seconds"]) - float(load["warmup_seconds"])
