"""What the recorded requests say about the limits. Pure: rows in, findings out."""

import math
from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from ci_steps.documents import LatencyBin
from ci_steps.model.settings import QUANTILES, LoadSettings, fewest_requests
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import Wire

MOST_LAG_MS = 10.0
"""A generator that sends later than this (p99) measures itself, unless the limits are wide."""

LAG_OF_LIMIT = 0.1
"""The share of the tightest latency limit that lateness may be: it counts in every latency anyway."""

_BE_ON_TIME = "free the machine, lower the rate, or run the generator on another machine"


class Request(Wire, frozen=True, kw_only=True):
    """One request, as the generator recorded it."""

    planned_s: Annotated[float, Meta(description="planned moment, seconds after the first", ge=0)]
    lag_ms: Annotated[float, Meta(description="how much later than planned it was sent, ms")]
    latency_ms: Annotated[float, Meta(description="from the planned moment to the whole answer, ms", ge=0)]
    failure: Annotated[str, Meta(description="why it failed; empty: it did not")]
    again: Annotated[int, Meta(description="1: sent again after an idle connection was closed")] = 0


def judged(requests: Sequence[Request], planned: int, limits: LoadSettings) -> tuple[Finding, ...]:
    """Return one finding for each limit, and one for the generator itself."""
    if not requests:
        return (_finding("requests", Verdict.INCONCLUSIVE, "no request was recorded", "evidence", limits),)
    generator = _generator(requests, limits)
    late = generator.verdict is not Verdict.PASSED
    return (
        *_recorded(requests, planned, limits),
        *_latencies(requests, limits, late=late),
        _errors(requests, limits),
        _achieved(requests, limits, late=late),
        generator,
    )


def quantile(latencies: Sequence[float], q: float) -> float:
    """Return the nearest-rank quantile of a sorted list: the least value that q of all do not exceed."""
    return latencies[max(0, math.ceil(q * len(latencies)) - 1)]


def quantiles(requests: Sequence[Request]) -> dict[str, float]:
    """Return p50, p95, p99 and the greatest latency, ms."""
    latencies = sorted(r.latency_ms for r in requests)
    if not latencies:
        return {}
    return {name: quantile(latencies, q) for name, q in QUANTILES.items()} | {"max": latencies[-1]}


def lag_p99(requests: Sequence[Request]) -> float:
    return quantile(sorted(max(0.0, r.lag_ms) for r in requests), 0.99) if requests else 0.0


def histogram(requests: Sequence[Request], per_decade: int = 12) -> tuple[LatencyBin, ...]:
    """Return counts in bins whose edges grow by the same factor, from the least to the greatest latency."""
    latencies = [max(r.latency_ms, 0.01) for r in requests]
    if not latencies:
        return ()
    numbers = [math.floor(math.log10(latency) * per_decade) for latency in latencies]
    return tuple(
        LatencyBin(up_to_ms=round(10 ** ((number + 1) / per_decade), 4), requests=numbers.count(number))
        for number in range(min(numbers), max(numbers) + 1)
    )


def _recorded(requests: Sequence[Request], planned: int, limits: LoadSettings) -> tuple[Finding, ...]:
    if len(requests) == planned:
        return ()
    seen = f"{len(requests)} of {planned} planned requests were recorded"
    return (_finding("requests", Verdict.INCONCLUSIVE, seen, "every planned request counts", limits),)


def _latencies(requests: Sequence[Request], limits: LoadSettings, *, late: bool) -> list[Finding]:
    from_plan = sorted(r.latency_ms for r in requests)
    # A generator that stands still sends late, and reads late what it sent in time: it shows in no lag of
    # its own. So as much as the generator was late counts for no request, or its own lag if that is more.
    lateness = lag_p99(requests)
    at_least = sorted(max(0.0, r.latency_ms - max(r.lag_ms, lateness)) for r in requests)
    findings = []
    for name, limit in {"p50": limits.p50_ms, "p95": limits.p95_ms, "p99": limits.p99_ms}.items():
        if limit is None:
            continue
        q = QUANTILES[name]
        value, left = quantile(from_plan, q), quantile(at_least, q)
        rule = f"{name} at most {limit:g} ms, counted from the planned moment"
        seen, hint = (
            f"{value:.1f} ms of {len(requests):,} requests",
            "make the model faster, or plan less load",
        )
        enough = fewest_requests(name)
        verdict = Verdict.PASSED if value <= limit else Verdict.REFUSED
        if len(requests) < enough:
            verdict = Verdict.INCONCLUSIVE
            hint = f"plan at least {enough:,} requests: fewer cannot decide {name}"
        elif late and verdict is Verdict.REFUSED:
            seen = f"{seen}, {left:.1f} ms without the generator's lateness"
            # What is left without its lateness still refuses: the service is too slow whoever asks.
            if left <= limit:
                verdict, hint = Verdict.INCONCLUSIVE, f"{_BE_ON_TIME}: its lateness alone misses this limit"
        findings.append(_finding(name, verdict, seen, rule, limits, hint))
    return findings


def _errors(requests: Sequence[Request], limits: LoadSettings) -> Finding:
    failures = [r.failure for r in requests if r.failure]
    share = len(failures) / len(requests)
    kinds = ", ".join(f"{failures.count(kind)} {kind}" for kind in sorted(set(failures)))
    seen = f"{len(failures)} of {len(requests):,} failed" + (f": {kinds}" if kinds else "")
    verdict = Verdict.PASSED if share <= limits.errors else Verdict.REFUSED
    rule = f"a share of at most {limits.errors:g}"
    return _finding("errors", verdict, seen, rule, limits, "read load-test/container.log")


def _achieved(requests: Sequence[Request], limits: LoadSettings, *, late: bool) -> Finding:
    answered = sum(not r.failure for r in requests)
    last = max(r.planned_s + r.latency_ms / 1000 for r in requests)
    seconds = max(last, len(requests) / limits.plan[0].rate)
    share = answered / seconds / limits.plan[0].rate
    verdict = Verdict.PASSED if share >= limits.achieved else Verdict.REFUSED
    seen = f"{answered / seconds:.1f} of {limits.plan[0].rate:g} planned a second ({share:.3f})"
    hint = "the service falls behind its load"
    if late and verdict is Verdict.REFUSED:
        verdict, seen, hint = Verdict.INCONCLUSIVE, f"{seen}, sent by a late generator", _BE_ON_TIME
    rule = f"at least {limits.achieved:g} of the planned rate is answered"
    return _finding("achieved", verdict, seen, rule, limits, hint)


def _generator(requests: Sequence[Request], limits: LoadSettings) -> Finding:
    lag, most = lag_p99(requests), _most_lag_ms(limits)
    verdict = Verdict.PASSED if lag <= most else Verdict.INCONCLUSIVE
    held_to = (
        f"late by at most {MOST_LAG_MS:g} ms, or a tenth of the tightest latency limit: here {most:g} ms"
    )
    rule = f"the generator sends {held_to} (p99), else it measures itself"
    hint = f"{_BE_ON_TIME}: it may be {held_to}"
    return _finding("generator", verdict, f"{lag:.1f} ms late (p99)", rule, limits, hint)


def _most_lag_ms(limits: LoadSettings) -> float:
    set_limits = [limit for limit in (limits.p50_ms, limits.p95_ms, limits.p99_ms) if limit is not None]
    return max(MOST_LAG_MS, LAG_OF_LIMIT * min(set_limits, default=0.0))


def _finding(
    kind: str, verdict: Verdict, observed: str, rule: str, limits: LoadSettings, hint: str = "run it again"
) -> Finding:
    return Finding(
        check=f"load-test.{kind}",
        verdict=verdict,
        observed=observed,
        rule=rule,
        where=limits.where,
        next="" if verdict is Verdict.PASSED else hint,
    )
