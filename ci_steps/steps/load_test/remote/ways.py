"""What workers on other machines add to a latency, joined to what they recorded."""

from collections.abc import Sequence

import msgspec

from ci_steps.steps.load_test.bounds import quantile
from ci_steps.steps.load_test.records import GeneratorSeen, WorkerSeen
from ci_steps.steps.load_test.remote.crew import Way


def with_ways(seen: GeneratorSeen, ways: Sequence[Way]) -> GeneratorSeen:
    """Return the generator with each worker's way; of one that told nothing it stays unknown."""
    told = {way.name: way for way in ways if way.ms}
    each = tuple(_with(one, told[one.name]) if one.name in told else one for one in seen.each)
    return msgspec.structs.replace(seen, each=each)


def _with(one: WorkerSeen, way: Way) -> WorkerSeen:
    ordered = sorted(way.ms)
    p50, p99 = quantile(ordered, 0.5), quantile(ordered, 0.99)
    return msgspec.structs.replace(one, way_p50_ms=p50, way_p99_ms=p99, clock_ms=round(way.clock_ms, 3))
