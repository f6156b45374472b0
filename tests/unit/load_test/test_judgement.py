"""What recorded requests say about the limits."""

import pytest

from ci_steps.model.settings import LoadSettings
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.load_test import CASES
from ci_steps.steps.load_test.judgement import Request, histogram, judged, lag_p99, quantile, quantiles

LIMITS = LoadSettings(rate=100, seconds=10, p50_ms=20, errors=0)
PURE = [case for case in CASES if "really sent" not in case.title and case.check != "load-test.payload"]


def request(latency: float, *, planned: float = 0.0, lag: float = 0.0, failure: str = "") -> Request:
    return Request(planned_s=planned, lag_ms=lag, latency_ms=latency, failure=failure)


@pytest.mark.parametrize("case", PURE, ids=lambda case: case.title)
def test_the_selftest_is_answered_rightly(case: Case, tmp_path: object) -> None:
    assert case.answered(tmp_path) is case.wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("q", "wanted"), [(0.5, 50), (0.95, 95), (0.99, 99), (0.001, 1), (1.0, 100)]
)  # fmt: skip
def test_a_quantile_is_one_of_the_list_by_nearest_rank(q: float, wanted: int) -> None:
    assert quantile([float(n) for n in range(1, 101)], q) == wanted


def test_a_frozen_service_is_seen_frozen_in_the_latencies_from_the_plan() -> None:
    # 100 a second for 20 s, frozen from the 5th second for 6 s: those planned meanwhile all wait for its end.
    rows = [
        request(max(5.0, (11.0 - n / 100) * 1000) if 5 <= n / 100 < 11 else 5.0, planned=n / 100)
        for n in range(2000)
    ]

    assert quantiles(rows)["p99"] == pytest.approx(5800, rel=0.01)


def test_no_requests_have_no_quantiles() -> None:
    assert (quantiles([]), lag_p99([]), histogram([])) == ({}, 0.0, ())


def test_every_request_is_in_one_bar_at_or_below_its_upper_edge() -> None:
    rows = [request(latency) for latency in (0.0, 1.0, 1.2, 9.99, 10.0, 5000.0)]

    bars = histogram(rows)

    assert sum(bar.requests for bar in bars) == len(rows)
    assert bars[-1].up_to_ms >= 5000
    assert [bar.up_to_ms for bar in bars] == sorted(bar.up_to_ms for bar in bars)


def test_failures_are_named_and_counted() -> None:
    rows = [request(5, planned=n / 100, failure="status 503" if n < 3 else "") for n in range(1000)]

    found = {finding.check: finding for finding in judged(rows, 1000, LIMITS)}

    assert found["load-test.errors"].verdict is Verdict.REFUSED
    assert "3 of 1,000 failed: 3 status 503" in found["load-test.errors"].observed


def test_a_real_slowness_refuses_also_where_the_generator_was_late() -> None:
    rows = [request(300, planned=n / 100, lag=20) for n in range(1000)]

    found = {finding.check: finding.verdict for finding in judged(rows, 1000, LIMITS)}

    assert found["load-test.p50"] is Verdict.REFUSED
    assert found["load-test.generator"] is Verdict.INCONCLUSIVE


def late_in_reading(latency: float) -> list[Request]:
    """Return requests of which most slow ones were sent in time, but read by a generator that stood still."""
    return [
        *(request(65, planned=n / 100, lag=60) for n in range(20)),
        *(request(latency, planned=n / 100, lag=0.5) for n in range(20, 80)),
        *(request(5, planned=n / 100, lag=0.5) for n in range(80, 1000)),
    ]


def test_a_late_generator_that_also_reads_late_refuses_nothing_by_that() -> None:
    limits = LoadSettings(rate=100, seconds=10, p95_ms=50)

    found = {finding.check: finding for finding in judged(late_in_reading(100), 1000, limits)}

    late = found["load-test.p95"]
    assert late.verdict is Verdict.INCONCLUSIVE
    assert "100.0 ms of 1,000 requests, 40.0 ms without the generator's lateness" in late.observed
    assert "make the model faster" not in late.next
    for way_out in ("free the machine", "lower the rate", "on another machine"):
        assert way_out in late.next


def test_a_late_generator_does_not_excuse_what_stands_beyond_its_lateness() -> None:
    limits = LoadSettings(rate=100, seconds=10, p95_ms=50)

    found = {finding.check: finding for finding in judged(late_in_reading(111), 1000, limits)}

    assert found["load-test.p95"].verdict is Verdict.REFUSED
    assert "51.0 ms without the generator's lateness" in found["load-test.p95"].observed
    assert found["load-test.p95"].next == "make the model faster, or plan less load"
    assert found["load-test.generator"].verdict is Verdict.INCONCLUSIVE


def test_a_service_that_stands_still_is_refused_also_beside_a_late_generator() -> None:
    limits = LoadSettings(rate=100, seconds=20, p95_ms=50, p99_ms=100)
    rows = [
        request(max(5.0, (7.0 - n / 100) * 1000) if 5 <= n / 100 < 7 else 5.0, planned=n / 100, lag=n % 90)
        for n in range(2000)
    ]

    found = {finding.check: finding.verdict for finding in judged(rows, 2000, limits)}

    assert found["load-test.generator"] is Verdict.INCONCLUSIVE
    assert found["load-test.p95"] is Verdict.REFUSED
    assert found["load-test.p99"] is Verdict.REFUSED


def test_a_limit_that_holds_is_passed_whatever_the_generator_did() -> None:
    found = {
        finding.check: finding.verdict
        for finding in judged([request(19, planned=n / 100, lag=15) for n in range(1000)], 1000, LIMITS)
    }

    assert found["load-test.p50"] is Verdict.PASSED
    assert found["load-test.generator"] is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("p50_ms", "most"), [(20, "10 ms"), (655, "65.5 ms")])
def test_the_generator_is_held_to_a_number_that_is_told(p50_ms: float, most: str) -> None:
    limits = LoadSettings(rate=100, seconds=10, p50_ms=p50_ms)
    rows = [request(15, planned=n / 100, lag=70) for n in range(1000)]

    late = next(f for f in judged(rows, 1000, limits) if f.check == "load-test.generator")

    for text in (late.rule, late.next):
        assert "late by at most 10 ms, or a tenth of the tightest latency limit" in text
        assert f"here {most}" in text
    assert late.observed == "70.0 ms late (p99)"
