"""What is wrong with the load of `release.yaml`: no plan, two plans, or one that cannot decide its limits."""

import math
from collections.abc import Iterator

from ci_steps.model.settings import (
    MOST_REQUESTS,
    QUANTILES,
    LoadSettings,
    Stage,
    fewest_for_errors,
    fewest_requests,
)
from ci_steps.model.told import Problem
from ci_steps.model.written import Place, Written

_KEYS = tuple(f"{name}_ms" for name in QUANTILES)
_TWO_FORMS = "give rate and seconds, or stages: [{rate: 100, seconds: 20}]"


def wrong_load(written: Written) -> Iterator[Problem]:
    """Give what contradicts itself."""
    load = written.sound(LoadSettings, ("load",))
    if load is None:
        return
    yield from _with_its_plan(written, load)
    if load.planned > MOST_REQUESTS:
        planned = f"more than {MOST_REQUESTS:,} planned requests in load"
        place = ("load", "stages") if load.stages else ("load", "rate")
        yield _wrong(written, place, planned, f"plan for {MOST_REQUESTS:,} or fewer")
    if load.remote and load.workers > 1:
        what = f"load.workers: {load.workers} of this machine, and load.remote, where others send instead"
        yield _wrong(written, ("load", "workers"), what, "leave load.workers out")
    least, most = load.warmup_seconds, load.warmup_at_most_seconds
    if least > most:
        what = f"a warm-up of at least {least:g} s is longer than the {most:g} s that it may be"
        yield _wrong(written, ("load", "warmup_seconds"), what, "raise load.warmup_at_most_seconds")
    yield from _with_its_limits(written, load)
    yield from _with_its_comparison(written, load)


def undecided_load(written: Written, waived: frozenset[str]) -> Iterator[Problem]:
    """Give the limits that the planned requests of a stage cannot decide."""
    load = written.sound(LoadSettings, ("load",))
    if load is None or load.planned > MOST_REQUESTS:
        return
    for number, stage in enumerate(load.plan):
        at = f"stage {number + 1}: " if load.stages else ""
        for name, fewest in _fewest(load).items():
            if stage.planned < fewest:
                yield _too_few(written, stage, name, fewest, at, warning=f"load-test.{name}" in waived)


def _with_its_plan(written: Written, load: LoadSettings) -> Iterator[Problem]:
    given = [name for name in ("rate", "seconds") if getattr(load, name) is not None]
    if load.stages and given:
        what = f"load gives stages, and {' and '.join(given)} beside them"
        yield _wrong(written, ("load", given[0]), what, "leave one of the two out")
    elif len(given) == 1:
        lacks = "seconds" if given == ["rate"] else "rate"
        yield _wrong(written, ("load", given[0]), f"load.{given[0]} without load.{lacks}", _TWO_FORMS)
    elif not load.plan:
        yield _wrong(written, ("load", "stages"), "load plans no request", _TWO_FORMS)


def _with_its_limits(written: Written, load: LoadSettings) -> Iterator[Problem]:
    limits = [(key, limit) for key in _KEYS if (limit := getattr(load, key)) is not None]
    if load.plan and not limits:
        what = "load limits no latency: however slow it were, nothing would refuse it"
        yield _wrong(written, ("load",), what, "give p50_ms, p95_ms or p99_ms")
    for at, (key, limit) in enumerate(limits):
        # A higher quantile is never the quicker one: a limit above a later one decides nothing.
        if lower := next((later for later in limits[at + 1 :] if later[1] < limit), None):
            what = f"{key}: {limit:g} is above {lower[0]}: {lower[1]:g}, which would be missed first"
            yield _wrong(written, ("load", key), what, f"lower {key}, or leave it out")


def _with_its_comparison(written: Written, load: LoadSettings) -> Iterator[Problem]:
    margin = load.slower_by_at_most_ms
    if load.versus and margin is None:
        what = "load.versus without load.slower_by_at_most_ms"
        yield _wrong(written, ("load", "versus"), what, "say by how many milliseconds it may be slower")
    elif margin is not None and not load.versus:
        place = ("load", "slower_by_at_most_ms")
        yield _wrong(written, place, "load.slower_by_at_most_ms without load.versus", "give versus: baseline")


def _fewest(load: LoadSettings) -> dict[str, int]:
    fewest = {name: fewest_requests(name) for name in QUANTILES if getattr(load, f"{name}_ms") is not None}
    return fewest | ({"errors": fewest_for_errors(load.errors)} if load.errors else {})


def _too_few(written: Written, stage: Stage, name: str, fewest: int, at: str, *, warning: bool) -> Problem:
    key = name if name == "errors" else f"{name}_ms"
    place, seconds = ("load", key), math.ceil(fewest / stage.rate)
    what = f"{at}{stage.planned:,} planned requests cannot decide {name}, {fewest:,} can"
    out = f"leave {key} out" if name != "errors" else "allow errors: 0"
    then = f"send for {seconds:g} seconds or more, or {out}"
    return Problem(written.line(place), written.where(place), what, then, warning=warning)


def _wrong(written: Written, place: Place, what: str, then: str) -> Problem:
    return Problem(written.line(place), written.where(place), what, then)
