"""The numbers of the pictures."""

import pytest

from ci_steps.model.settings import LoadSettings
from ci_steps.steps.load_test.records import Request, StageSeen
from ci_steps.steps.load_test.summary import curve, quantiles, stage_of, timeline

LIMITS = LoadSettings(rate=100, seconds=20, p99_ms=1000)


def request(latency: float, planned: float = 0.0, failure: str = "") -> Request:
    return Request(planned_s=planned, lag_ms=0.1, latency_ms=latency, failure=failure)


def frozen() -> list[Request]:
    """Return 100 requests a second for 20 s to a service that is frozen from the 5th second for 6 s."""
    return [
        request(max(5.0, (11.0 - n / 100) * 1000) if 5 <= n / 100 < 11 else 5.0, planned=n / 100)
        for n in range(2000)
    ]


def test_a_frozen_service_is_seen_frozen_in_the_latencies_from_the_plan() -> None:
    assert quantiles(frozen())["p99"] == pytest.approx(5800, rel=0.01)


def test_no_requests_have_no_pictures() -> None:
    assert (quantiles([]), curve([]), timeline([])) == ({}, (), ())


def test_the_curve_rises_to_the_greatest_latency_and_shows_the_tail() -> None:
    points = curve(sorted(row.latency_ms for row in frozen()))

    assert 50 <= len(points) <= 60
    assert [point.ms for point in points] == sorted(point.ms for point in points)
    assert points[-1].ms == 6000
    assert sum(point.share > 0.99 for point in points) > 10


def test_the_timeline_shows_when_it_stood_still() -> None:
    seconds = timeline(frozen())

    assert [part.requests for part in seconds] == [100] * 20
    assert [part.worst_ms for part in seconds[4:7]] == [5, 6000, 5000]


def test_the_timeline_of_a_day_is_not_longer_than_a_picture_is_wide() -> None:
    rows = [request(5, planned=float(n)) for n in range(86400)]

    parts = timeline(rows)

    assert len(parts) <= 300
    assert sum(part.requests for part in parts) == 86400


def test_a_stage_tells_each_quantile_with_its_bounds_and_limit() -> None:
    stage = stage_of(StageSeen(LIMITS.plan[0], 2000, tuple(frozen()), cpu=0.2), None, LIMITS)

    p99 = stage.alone.quantiles[-1]

    assert p99.lower_ms
    assert p99.upper_ms
    assert p99.lower_ms < p99.ms < p99.upper_ms
    assert [each.limit_ms for each in stage.alone.quantiles] == [None, None, 1000]
    assert (stage.achieved, stage.cpu, stage.turns, stage.live) == (1.0, 0.2, None, None)


def test_few_requests_have_quantiles_without_bounds() -> None:
    stage = stage_of(StageSeen(LIMITS.plan[0], 1, (request(7.0),)), None, LIMITS)

    assert [(each.ms, each.upper_ms) for each in stage.alone.quantiles] == [(7.0, None)] * 3


@pytest.mark.parametrize(
    ("n", "told"),
    [
        (1, ["max"]),
        (19, ["max"]),
        (20, ["p50", "max"]),
        (200, ["p50", "p95", "max"]),
        (999, ["p50", "p95", "max"]),
        (1000, ["p50", "p95", "p99", "max"]),
    ],
)
def test_no_quantile_is_told_of_too_few_requests_to_decide_it(n: int, told: list[str]) -> None:
    assert list(quantiles([request(5.0)] * n)) == told
