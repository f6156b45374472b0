"""The pushed image against the live release's, loaded in turns: not slower than that by its margin."""

import math
from collections.abc import Iterator
from typing import Any

from ci_steps.model.settings import QUANTILES, LoadSettings, fewest_requests
from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Interval, Verdict
from ci_steps.steps.load_test.bounds import CONFIDENCE, bounded
from ci_steps.steps.load_test.decisions import is_beyond, is_enough, is_within
from ci_steps.steps.load_test.judgement import counted, errors, late_by, limited, recorded
from ci_steps.steps.load_test.records import StageSeen

LIVE = ", the live release"
TURNS = ", in turns with the live release"
_PASSED, _REFUSED, _INCONCLUSIVE = Verdict.PASSED, Verdict.REFUSED, Verdict.INCONCLUSIVE
_RESAMPLES = 1000
_PUBLISH = "a waiver for load-test.baseline answers for that; the limits were looked at all the same"


class Turns(Value, frozen=True):
    """What both sides left behind, with the pair of blocks that each request belongs to."""

    candidate: StageSeen
    baseline: StageSeen
    candidate_pairs: tuple[int, ...]
    baseline_pairs: tuple[int, ...]


def compared(turns: Turns, limits: LoadSettings, seed: str) -> Iterator[Finding]:
    """Give the findings of one stage: on the evidence of both sides, and one for each limited quantile."""
    for side, seen in ((TURNS, turns.candidate), (LIVE, turns.baseline)):
        if not seen.requests:
            yield _baseline(seen, limits, side, "no request was recorded", "run it again")
            return
    yield recorded(turns.candidate, limits, TURNS)
    yield errors(turns.candidate, limits, TURNS)
    live = turns.baseline
    problem = (
        f"only {len(live.requests):,} of {live.planned:,} requests were recorded"
        if recorded(live, limits).verdict is not _PASSED
        else errors(live, limits).observed
        if errors(live, limits).verdict is not _PASSED
        else ""
    )
    if problem:
        hint = "how quickly a request fails says nothing; see load-test/live.log for why the live one does"
        yield _baseline(live, limits, LIVE, problem, hint)
        return
    yield _baseline(live, limits, LIVE, f"{counted(len(live.requests))}, {errors(live, limits).observed}")
    late = late_by(turns.candidate, limits) or late_by(live, limits)
    for name in limited(limits):
        yield _versus(name, turns, limits, seed, late)


def identical(limits: LoadSettings) -> Iterator[Finding]:
    """Give the findings where the live release is this image: it is not slower than itself."""
    for name in limited(limits):
        yield Finding(
            check="load-test.versus",
            subject=name,
            verdict=_PASSED,
            observed="the live release is this image, by its digest",
            rule=_rule(name, limits),
            where=limits.where,
        )


def without_baseline(limits: LoadSettings) -> Finding:
    return Finding(
        check="load-test.baseline",
        subject="the live release",
        verdict=_INCONCLUSIVE,
        observed="none: this is the first release",
        rule="it is loaded beside the pushed image",
        where=limits.where,
        next=_PUBLISH,
    )


def not_ready(ready: Finding, limits: LoadSettings) -> Finding:
    """Return what it means for the comparison that the live release's image does not come up here."""
    return Finding(
        check="load-test.baseline",
        subject="the live release",
        verdict=_INCONCLUSIVE,
        observed=ready.observed,
        rule=ready.rule,
        where=limits.where,
        next="read load-test/live.log",
    )


def difference(turns: Turns, q: float, seed: str) -> tuple[float, float, float]:
    """Return by how much the pushed image's quantile is later, with a bound at each end, ms.

    Each bound is the more careful of two. Order statistics need no model, and halve the error between the
    sides, but take requests for independent. Resampling whole pairs of blocks allows for what the requests of
    a block share, as a stall does, but is too narrow where blocks are few: its percentiles are widened as
    Student's t is (Hesterberg, *What Teachers Should Know about the Bootstrap*, 2015, "expanded percentile"),
    and taken at half the error, because few stalls decide a p99: in simulations with a stall in every fifth
    of 20 blocks the percentiles for 5 % were wrong in 7 to 9 % of the runs.
    """
    sides = [(sorted(r.latency_ms for r in side.requests)) for side in (turns.candidate, turns.baseline)]
    ours, live = (bounded(side, q, 1 - (1 - CONFIDENCE) / 2) for side in sides)
    lower, upper = _by_blocks(turns, q, seed)
    return (
        ours.value - live.value,
        min(ours.lower - live.upper, lower),
        max(ours.upper - live.lower, upper),
    )


def _versus(name: str, turns: Turns, limits: LoadSettings, seed: str, late: str) -> Finding:
    margin = limits.slower_by_at_most_ms or 0.0
    value, lower, upper = difference(turns, QUANTILES[name], seed)
    n = min(len(turns.candidate.requests), len(turns.baseline.requests))
    verdict, hint = _INCONCLUSIVE, "plan for longer: the interval is too wide to decide"
    if not is_enough(n, name):
        hint = f"plan at least {fewest_requests(name):,} requests: fewer cannot decide {name}"
    elif late:
        hint = f"the generator was {late}, on both sides alike, which hides a difference; free the machine"
    elif is_within(upper, margin):
        verdict = _PASSED
    elif is_beyond(lower, margin):
        verdict, hint = _REFUSED, "make the model as fast as the one that is live"
    known = all(map(math.isfinite, (lower, upper)))
    return Finding(
        check="load-test.versus",
        subject=f"{name} at {turns.candidate.subject}",
        verdict=verdict,
        observed=f"{value:+.1f} ms, {_between(lower, upper)}, of {counted(n)} to each",
        rule=_rule(name, limits),
        where=limits.where,
        next="" if verdict is _PASSED else hint,
        interval=Interval(estimate=value, lower=lower, upper=upper, margin=margin, confidence=CONFIDENCE, n=n)
        if known
        else None,
    )


def _between(lower: float, upper: float) -> str:
    known = all(map(math.isfinite, (lower, upper)))
    return f"{lower:+.1f} to {upper:+.1f} ms" if known else "too few for bounds"


def _rule(name: str, limits: LoadSettings) -> str:
    margin = limits.slower_by_at_most_ms or 0.0
    return f"{name} at most {margin:g} ms later than the live release's, {CONFIDENCE:.0%} sure"


def _baseline(seen: StageSeen, limits: LoadSettings, side: str, observed: str, hint: str = "") -> Finding:
    return Finding(
        check="load-test.baseline",
        subject=f"{seen.subject}{side}",
        verdict=_INCONCLUSIVE if hint else _PASSED,
        observed=observed,
        rule="it answers what is sent to it, or its latency is none to be compared with",
        where=limits.where,
        next=hint,
    )


def _by_blocks(turns: Turns, q: float, seed: str) -> tuple[float, float]:
    import numpy as np

    blocks = 1 + max(*turns.candidate_pairs, *turns.baseline_pairs)
    if blocks < 2:
        return -math.inf, math.inf
    draw = np.random.default_rng(list(seed.encode()))
    times = draw.multinomial(blocks, [1 / blocks] * blocks, size=_RESAMPLES)
    found = []
    for side, pairs in (
        (turns.candidate, turns.candidate_pairs),
        (turns.baseline, turns.baseline_pairs),
    ):
        latencies = np.array([r.latency_ms for r in side.requests])
        order = np.argsort(latencies, kind="stable")
        of, ordered = np.array(pairs)[order], latencies[order]
        found.append(np.array([_weighted(ordered, each[of], q) for each in times]))
    low = widened(blocks)
    lower, upper = np.quantile(found[0] - found[1], [low, 1 - low])
    return float(lower), float(upper)


def _weighted(ordered: Any, weights: Any, q: float) -> float:
    """Return the quantile of values each of which counts so many times."""
    import numpy as np

    upto = np.cumsum(weights)
    return float(ordered[int(np.searchsorted(upto, q * upto[-1] - 1e-9))])


def widened(blocks: int) -> float:
    """Return the percentile that stands for 2.5 % where there are so few blocks.

    >>> [round(widened(blocks), 3) for blocks in (10, 20, 60)]
    [0.009, 0.016, 0.022]
    """
    from statistics import NormalDist

    z, free = -NormalDist().inv_cdf((1 - CONFIDENCE) / 2), blocks - 1
    # Student's quantile from the normal one: Abramowitz and Stegun, 26.7.5.
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return NormalDist().cdf(-math.sqrt(blocks / free) * t)
