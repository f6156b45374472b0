"""The numbers of the pictures: curve and timeline of recorded requests."""

import math
from collections import defaultdict
from collections.abc import Sequence

from ci_steps.documents import (
    CurvePoint,
    LatencyQuantile,
    LoadInterval,
    LoadSide,
    LoadStage,
)
from ci_steps.model.settings import QUANTILES, LoadSettings
from ci_steps.steps.load_test.bounds import bounded, quantile
from ci_steps.steps.load_test.decisions import is_enough
from ci_steps.steps.load_test.judgement import achieved, lag_p99, limited
from ci_steps.steps.load_test.records import Request, StageSeen
from ci_steps.steps.load_test.versus import Turns

_CURVE_POINTS = 60
_MOST_INTERVALS = 300


def quantiles(requests: Sequence[Request]) -> dict[str, float]:
    """Return p50, p95 and p99, of which so many requests can tell, and the greatest latency, ms."""
    latencies = sorted(r.latency_ms for r in requests)
    if not latencies:
        return {}
    told = {name: quantile(latencies, q) for name, q in QUANTILES.items() if is_enough(len(latencies), name)}
    return told | {"max": latencies[-1]}


def stage_of(seen: StageSeen, turns: Turns | None, limits: LoadSettings) -> LoadStage:
    """Return all that a page needs of a stage that recorded requests."""
    return LoadStage(
        rate=seen.stage.rate,
        seconds=seen.stage.seconds,
        planned=seen.planned,
        achieved=achieved(seen),
        lag_p99_ms=lag_p99(seen.requests),
        cpu=seen.cpu,
        idle=seen.idle,
        alone=_side(seen.requests, limits),
        turns=_side(turns.candidate.requests, limits) if turns else None,
        live=_side(turns.baseline.requests, limits) if turns else None,
    )


def curve(ordered: Sequence[float]) -> tuple[CurvePoint, ...]:
    """Return shares that come closer to 1 by the same factor each, with the latency of each."""
    if not ordered:
        return ()
    decades = math.log10(2 * len(ordered))  # so that the last one is the greatest latency
    shares = {1 - 10 ** (-decades * step / (_CURVE_POINTS - 1)) for step in range(_CURVE_POINTS)}
    found = {round(share, 9): quantile(ordered, share) for share in sorted(shares)}
    return tuple(CurvePoint(share=share, ms=ms) for share, ms in found.items())


def timeline(requests: Sequence[Request]) -> tuple[LoadInterval, ...]:
    """Return what became of the requests planned in each second, or in each longer part of a long stage."""
    if not requests:
        return ()
    width = max(1, math.ceil(max(r.planned_s for r in requests) / _MOST_INTERVALS))
    parts: dict[int, list[Request]] = defaultdict(list)
    for request in requests:
        parts[int(request.planned_s // width)].append(request)
    return tuple(
        LoadInterval(
            from_s=number * width,
            seconds=width,
            requests=len(part),
            p50_ms=quantile(sorted(r.latency_ms for r in part), 0.5),
            worst_ms=max(r.latency_ms for r in part),
            failed=sum(bool(r.failure) for r in part),
        )
        for number, part in sorted(parts.items())
    )


def _side(requests: Sequence[Request], limits: LoadSettings) -> LoadSide:
    ordered, limit = sorted(r.latency_ms for r in requests), limited(limits)
    found = {name: bounded(ordered, q) for name, q in QUANTILES.items()} if ordered else {}
    return LoadSide(
        requests=len(requests),
        failed=sum(bool(r.failure) for r in requests),
        quantiles=tuple(
            LatencyQuantile(
                name=name,
                ms=seen.value,
                lower_ms=seen.lower if math.isfinite(seen.lower) else None,
                upper_ms=seen.upper if math.isfinite(seen.upper) else None,
                limit_ms=limit.get(name),
            )
            for name, seen in found.items()
        ),
        curve=curve(ordered),
        timeline=timeline(requests),
    )
