"""What the recorded requests say about the limits. Pure: rows in, findings out."""

import math
from collections.abc import Iterator, Sequence

from ci_steps.model.settings import QUANTILES, LoadSettings, fewest_requests
from ci_steps.model.verdict import Finding, Interval, Verdict
from ci_steps.steps.load_test.bounds import CONFIDENCE, Bounded, bounded, quantile, would_decide
from ci_steps.steps.load_test.decisions import (
    LAG_OF_LIMIT,
    MOST_CLOSED,
    MOST_CPU,
    MOST_LAG_MS,
    closes_seldom,
    fails_often,
    fails_seldom,
    has_cpu_left,
    is_beyond,
    is_enough,
    is_in_time,
    is_whole,
    is_within,
    keeps_rate,
)
from ci_steps.steps.load_test.records import Request, StageSeen

_BE_ON_TIME = "free the machine, lower the rate, plan more `workers`, or run load-test on another machine"
_FULL = 0.05
"""With less of the machine idle, a slow answer may be somebody else's doing; the verdict is the same."""
_PASSED, _REFUSED, _INCONCLUSIVE = Verdict.PASSED, Verdict.REFUSED, Verdict.INCONCLUSIVE


def judged(seen: StageSeen, limits: LoadSettings) -> tuple[Finding, ...]:
    """Return one finding for each limit of one stage, and those on the evidence itself."""
    if not seen.requests:
        return (_finding("requests", _INCONCLUSIVE, "no request was recorded", "evidence", seen, limits),)
    generator = _generator(seen, limits)
    late = generator.verdict is not _PASSED
    return (
        recorded(seen, limits),
        *_latencies(seen, limits, late=late),
        errors(seen, limits),
        _achieved(seen, limits, late=late),
        generator,
    )


def counted(n: int, which: str = "") -> str:
    return f"{n:,} {which}request" if n == 1 else f"{n:,} {which}requests"


def lag_p99(requests: Sequence[Request]) -> float:
    return quantile(sorted(max(0.0, r.lag_ms) for r in requests), 0.99) if requests else 0.0


def limited(limits: LoadSettings) -> dict[str, float]:
    """Return the quantiles that have a limit, with it."""
    asked = {"p50": limits.p50_ms, "p95": limits.p95_ms, "p99": limits.p99_ms}
    return {name: limit for name, limit in asked.items() if limit is not None}


def recorded(seen: StageSeen, limits: LoadSettings, side: str = "") -> Finding:
    """Tell whether every planned request has its record."""
    verdict = _PASSED if is_whole(len(seen.requests), seen.planned) else _INCONCLUSIVE
    observed = f"{len(seen.requests):,} of {counted(seen.planned, 'planned ')} recorded" + (
        f": {seen.lost} of {seen.workers} workers ended before their share was sent" if seen.lost else ""
    )
    hint = "read load-test/locust.log, and run it again"
    return _finding("requests", verdict, observed, "every planned request counts", seen, limits, hint, side)


def errors(seen: StageSeen, limits: LoadSettings, side: str = "") -> Finding:
    """Hold the share of failures to its limit. A limit of none needs no interval: one failure breaks it."""
    failures, n = [r.failure for r in seen.requests if r.failure], len(seen.requests)
    kinds = ", ".join(f"{failures.count(kind)} {kind}" for kind in sorted(set(failures)))
    closed = sum(bool(r.again) and not r.failure for r in seen.requests)
    observed = f"{len(failures)} of {n:,} failed" + (f": {kinds}" if kinds else "") + _asked_again(closed)
    rule, hint = f"a share of at most {limits.errors:g}", "read load-test/container.log"
    verdict = _INCONCLUSIVE
    if fails_seldom(len(failures), n, limits.errors):
        seldom = closes_seldom(closed, n)
        verdict = _PASSED if seldom else _INCONCLUSIVE
        rule = rule if seldom else f"{rule}; closed connections are idle ones, {MOST_CLOSED:.1%} at most"
        hint = f"find out why it closes connections that wait for an answer: {hint}"
    elif fails_often(len(failures), n, limits.errors):
        verdict = _REFUSED
    else:
        rule = f"{rule}, {CONFIDENCE:.0%} sure"
        hint = _more(len(failures), n, 1 - limits.errors, "the share of failures is about its limit")
    return _finding("errors", verdict, observed, rule, seen, limits, hint, side)


def _asked_again(closed: int) -> str:
    return f", {closed:,} asked again, as the connection was closed without an answer" if closed else ""


def achieved(seen: StageSeen) -> float:
    """Return the share of the planned rate that was answered.

    The answers may come later than planned, all by as much: then the rate is kept. Where they take longer
    from the first to the last than the plan does, the service falls behind.
    """
    planned = [r.planned_s for r in seen.requests]
    ended = [r.planned_s + r.latency_ms / 1000 for r in seen.requests]
    gap = 1 / seen.stage.rate
    length, took = max(planned) - min(planned) + gap, max(ended) - min(ended) + gap
    answered = sum(not r.failure for r in seen.requests) / len(seen.requests)
    return round(answered * length / max(length, took), 9)


def late_by(seen: StageSeen, limits: LoadSettings) -> str:
    """Return why the generator cannot be trusted; empty where it can."""
    most = _most_lag_ms(limits)
    reasons = [] if is_in_time(lateness(seen), most) else [_late(seen)]
    if not is_in_time(seen.clock_ms, most):
        reasons.append(_apart(seen))
    if not has_cpu_left(seen.cpu):
        reasons.append(f"{seen.cpu:.0%} of its core used")
    return ", ".join(reasons)


def lateness(seen: StageSeen) -> float:
    """Return how much of a latency may not be the service's, ms: sent late, and on its way to it."""
    return lag_p99(seen.requests) + seen.way_ms


def _late(seen: StageSeen) -> str:
    way = f", and {seen.way_ms:.1f} ms on the way to the container (p99)" if seen.way_ms else ""
    if math.isinf(seen.way_ms):
        way = ", and a way to the container that nobody measured"
    return f"{lag_p99(seen.requests):.1f} ms late (p99){way}"


def _apart(seen: StageSeen) -> str:
    if math.isinf(seen.clock_ms):
        return "the clocks of its workers never compared"
    return f"the clocks of its workers at most {seen.clock_ms:.1f} ms apart"


def _elsewhere(seen: StageSeen) -> str:
    return f", {_apart(seen)}" if seen.clock_ms else ""


def _latencies(seen: StageSeen, limits: LoadSettings, *, late: bool) -> Iterator[Finding]:
    from_plan = sorted(r.latency_ms for r in seen.requests)
    # A generator that stands still sends late, and reads late what it sent in time: it shows in no lag of
    # its own. So as much as the generator was late counts for no request, or its own lag if that is more.
    lag = lag_p99(seen.requests)
    at_least = sorted(max(0.0, r.latency_ms - max(r.lag_ms, lag) - seen.way_ms) for r in seen.requests)
    for name, limit in limited(limits).items():
        whole, left = (bounded(each, QUANTILES[name]) for each in (from_plan, at_least))
        # The way from another machine is none of the service's, however short it is.
        verdict, hint = _verdict(name, limit, whole, left if late or seen.way_ms else whole)
        observed = f"{whole.value:.1f} ms of {counted(whole.n)}{_between(whole)}"
        if (late or seen.way_ms) and is_beyond(whole.lower, limit):
            whose = "the generator's lateness" if late else "lateness and the way"
            observed = f"{observed}, {left.value:.1f} ms without {whose}"
        if verdict is _INCONCLUSIVE and not hint:
            above = sum(latency > limit for latency in from_plan)
            hint = _more(above, whole.n, QUANTILES[name], f"{name} is about its limit")
        hint = f"{hint}; the machine was busy all the time: see whether with that" if _is_full(seen) else hint
        rule = f"{name} at most {limit:g} ms, counted from the planned moment, {CONFIDENCE:.0%} sure"
        yield _finding(name, verdict, observed, rule, seen, limits, hint, interval=_interval(whole, limit))


def _verdict(name: str, limit: float, whole: Bounded, left: Bounded) -> tuple[Verdict, str]:
    """Hold a quantile to its limit; ``left`` is what remains of it without a late generator's share."""
    if not is_enough(whole.n, name):
        return _INCONCLUSIVE, f"plan at least {fewest_requests(name):,} requests: fewer cannot decide {name}"
    if is_within(whole.upper, limit):
        return _PASSED, ""
    # What is left without its lateness still refuses: the service is too slow whoever asks.
    if is_beyond(left.lower, limit):
        return _REFUSED, "make the model faster, or plan less load"
    hint = f"{_BE_ON_TIME}: its lateness alone misses this limit" if is_beyond(whole.lower, limit) else ""
    return _INCONCLUSIVE, hint


def _achieved(seen: StageSeen, limits: LoadSettings, *, late: bool) -> Finding:
    rate = seen.stage.rate
    share = achieved(seen)
    verdict = _PASSED if keeps_rate(share, limits.achieved) else _REFUSED
    observed = f"{share * rate:.1f} of {rate:g} planned a second ({share:.3f})"
    hint = "the service falls behind its load"
    if late and verdict is _REFUSED:
        verdict, observed, hint = _INCONCLUSIVE, f"{observed}, sent by a late generator", _BE_ON_TIME
    rule = f"at least {limits.achieved:g} of the planned rate is answered"
    return _finding("achieved", verdict, observed, rule, seen, limits, hint)


def _generator(seen: StageSeen, limits: LoadSettings) -> Finding:
    most = _most_lag_ms(limits)
    verdict = _INCONCLUSIVE if late_by(seen, limits) else _PASSED
    observed = f"{_late(seen)}, {seen.cpu:.0%} of its core used{_elsewhere(seen)}" + (
        f", the machine {seen.idle:.0%} idle" if seen.idle is not None else ""
    )
    held_to = (
        f"late by at most {MOST_LAG_MS:g} ms, or a tenth of the tightest latency limit: here {most:g} ms"
    )
    rule = f"the generator sends {held_to} (p99), and uses at most {MOST_CPU:.0%} of its core,"
    rule = f"{rule} else it measures itself"
    hint = (
        _BE_ON_TIME
        if has_cpu_left(seen.cpu)
        else f"plan more processes (workers: {seen.workers + 1}), or lower the rate"
    )
    return _finding("generator", verdict, observed, rule, seen, limits, hint)


def _is_full(seen: StageSeen) -> bool:
    return seen.idle is not None and seen.idle < _FULL


def _most_lag_ms(limits: LoadSettings) -> float:
    return max(MOST_LAG_MS, LAG_OF_LIMIT * min(limited(limits).values(), default=0.0))


def _between(seen: Bounded) -> str:
    lower, upper = max(0.0, seen.lower), seen.upper
    return f", {lower:.1f} to {upper:.1f} ms" if upper < float("inf") else ""


def _more(above: int, n: int, q: float, about: str) -> str:
    enough = would_decide(above, n, q)
    if not enough:
        return f"{about}: no number of requests decides it; move the limit, or make the model faster"
    return f"{about}: about {enough:,} requests would decide it where as many miss it; plan for longer"


def _interval(seen: Bounded, limit: float) -> Interval | None:
    if not 0 <= seen.lower <= seen.upper < float("inf"):
        return None
    return Interval(
        estimate=seen.value,
        lower=seen.lower,
        upper=seen.upper,
        margin=limit,
        confidence=CONFIDENCE,
        n=seen.n,
    )


def _finding(
    kind: str,
    verdict: Verdict,
    observed: str,
    rule: str,
    seen: StageSeen,
    limits: LoadSettings,
    hint: str = "",
    side: str = "",
    interval: Interval | None = None,
) -> Finding:
    return Finding(
        check=f"load-test.{kind}",
        subject=f"{seen.subject}{side}",
        verdict=verdict,
        observed=observed,
        rule=rule,
        where=limits.where,
        next="" if verdict is _PASSED else hint or "run it again",
        interval=interval,
    )
