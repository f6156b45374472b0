"""What recorded requests say about the limits."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.load_test import CASES
from ci_steps.steps.load_test.judgement import judged, lag_p99
from ci_steps.steps.load_test.records import Request, StageSeen

LIMITS = LoadSettings(rate=100, seconds=10, p50_ms=20, errors=0)
PURE = [case for case in CASES if "really sent" not in case.title]


def request(
    latency: float, *, planned: float = 0.0, lag: float = 0.0, failure: str = "", again: int = 0
) -> Request:
    return Request(planned_s=planned, lag_ms=lag, latency_ms=latency, failure=failure, again=again)


def found(rows: Sequence[Request], limits: LoadSettings = LIMITS, **seen: Any) -> dict[str, Finding]:
    """Return the findings of one stage by the end of their id."""
    stage = Stage(rate=100, seconds=len(rows) / 100)
    evidence = StageSeen(stage=stage, planned=len(rows), requests=tuple(rows), **seen)
    return {finding.check.partition(".")[2]: finding for finding in judged(evidence, limits)}


@pytest.mark.parametrize("case", PURE, ids=lambda case: case.title)
def test_the_selftest_is_answered_rightly(case: Case, tmp_path: Path) -> None:
    assert case.answered(tmp_path) is case.wanted


def test_no_requests_are_late_by_nothing() -> None:
    assert lag_p99([]) == 0.0


def test_failures_are_named_and_counted() -> None:
    rows = [request(5, planned=n / 100, failure="status 503" if n < 3 else "") for n in range(1000)]

    errors = found(rows)["errors"]

    assert errors.verdict is Verdict.REFUSED
    assert "3 of 1,000 failed: 3 status 503" in errors.observed


@pytest.mark.parametrize(("closed", "verdict"), [(1, Verdict.PASSED), (2, Verdict.INCONCLUSIVE)])
def test_connections_are_closed_while_idle_only_seldom(closed: int, verdict: Verdict) -> None:
    rows = [request(5, planned=n / 100, again=int(n < closed)) for n in range(1000)]

    errors = found(rows)["errors"]

    assert errors.verdict is verdict
    assert f"0 of 1,000 failed, {closed} asked again" in errors.observed


def test_a_request_that_failed_when_asked_again_is_a_failure_and_nothing_else() -> None:
    rows = [request(5, planned=n / 100, failure="status 503" if n < 3 else "", again=1) for n in range(3)]

    assert found(rows)["errors"].observed == "3 of 3 failed: 3 status 503"


def test_a_finding_says_its_stage_its_bounds_and_how_sure_it_is() -> None:
    p50 = found([request(n / 100, planned=n / 100) for n in range(1, 1001)])["p50"]

    assert p50.subject == "100/s for 10 s"
    assert p50.observed == "5.0 ms of 1,000 requests, 4.7 to 5.3 ms"
    assert p50.rule == "p50 at most 20 ms, counted from the planned moment, 95% sure"
    assert p50.interval
    assert (p50.interval.estimate, p50.interval.margin, p50.interval.n) == (5.0, 20, 1000)


def test_a_limit_within_the_bounds_tells_how_many_requests_would_decide() -> None:
    rows = [request(25 if n % 100 < 49 else 5, planned=n / 100) for n in range(1000)]

    p50 = found(rows)["p50"]

    assert p50.verdict is Verdict.INCONCLUSIVE
    assert p50.next.startswith("p50 is about its limit: about ")
    assert "requests would decide it where as many miss it" in p50.next


def test_a_share_on_its_limit_is_decided_by_no_number_of_requests() -> None:
    rows = [request(25 if n % 2 else 5, planned=n / 100) for n in range(1000)]

    assert "no number of requests decides it" in found(rows)["p50"].next


def test_answers_that_are_all_late_alike_keep_the_rate() -> None:
    rows = [request(5000, planned=n / 100) for n in range(1000)]

    assert found(rows)["achieved"].verdict is Verdict.PASSED


def test_a_generator_without_cpu_left_is_told_to_use_more_processes() -> None:
    rows = [request(5, planned=n / 100) for n in range(1000)]

    busy = found(rows, cpu=0.97, workers=2)["generator"]

    assert busy.verdict is Verdict.INCONCLUSIVE
    assert "97% of its core used" in busy.observed
    assert busy.next == "plan more processes (workers: 3), or lower the rate"


@pytest.mark.parametrize(("idle", "told"), [(0.02, True), (0.4, False), (None, False)])
def test_a_machine_that_was_busy_all_the_time_is_told_beside_a_refusal(
    idle: float | None, told: bool
) -> None:
    seen = found([request(300, planned=n / 100) for n in range(1000)], idle=idle)

    assert seen["p50"].verdict is Verdict.REFUSED
    assert ("the machine was busy all the time" in seen["p50"].next) is told
    assert ("idle" in seen["generator"].observed) is (idle is not None)


def test_a_busy_generator_refuses_only_what_is_left_without_its_lateness() -> None:
    rows = [request(25, planned=n / 100, lag=9) for n in range(1000)]

    verdicts = {cpu: found(rows, cpu=cpu)["p50"].verdict for cpu in (0.5, 0.97)}

    assert verdicts == {0.5: Verdict.REFUSED, 0.97: Verdict.INCONCLUSIVE}


def test_a_real_slowness_refuses_also_where_the_generator_was_late() -> None:
    seen = found([request(300, planned=n / 100, lag=20) for n in range(1000)])

    assert seen["p50"].verdict is Verdict.REFUSED
    assert seen["generator"].verdict is Verdict.INCONCLUSIVE


def late_in_reading(latency: float) -> list[Request]:
    """Return requests of which most slow ones were sent in time, but read by a generator that stood still."""
    return [
        *(request(65, planned=n / 100, lag=60) for n in range(20)),
        *(request(latency, planned=n / 100, lag=0.5) for n in range(20, 100)),
        *(request(5, planned=n / 100, lag=0.5) for n in range(100, 1000)),
    ]


def test_a_late_generator_that_also_reads_late_refuses_nothing_by_that() -> None:
    late = found(late_in_reading(100), LoadSettings(rate=100, seconds=10, p95_ms=50))["p95"]

    assert late.verdict is Verdict.INCONCLUSIVE
    assert "40.0 ms without the generator's lateness" in late.observed
    assert "make the model faster" not in late.next
    for way_out in ("free the machine", "lower the rate", "`workers`", "on another machine"):
        assert way_out in late.next


def test_a_late_generator_does_not_excuse_what_stands_beyond_its_lateness() -> None:
    seen = found(late_in_reading(111), LoadSettings(rate=100, seconds=10, p95_ms=50))

    assert seen["p95"].verdict is Verdict.REFUSED
    assert "51.0 ms without the generator's lateness" in seen["p95"].observed
    assert seen["p95"].next == "make the model faster, or plan less load"
    assert seen["generator"].verdict is Verdict.INCONCLUSIVE


def test_a_service_that_stands_still_is_refused_also_beside_a_late_generator() -> None:
    limits = LoadSettings(rate=100, seconds=20, p95_ms=50, p99_ms=100)
    rows = [
        request(max(5.0, (7.0 - n / 100) * 1000) if 5 <= n / 100 < 7 else 5.0, planned=n / 100, lag=n % 90)
        for n in range(2000)
    ]

    verdicts = {check: finding.verdict for check, finding in found(rows, limits).items()}

    assert verdicts["generator"] is Verdict.INCONCLUSIVE
    assert verdicts["p95"] is verdicts["p99"] is Verdict.REFUSED


def test_a_limit_that_holds_is_passed_whatever_the_generator_did() -> None:
    seen = found([request(19, planned=n / 100, lag=15) for n in range(1000)])

    assert seen["p50"].verdict is Verdict.PASSED
    assert seen["generator"].verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("p50_ms", "most"), [(20, "10 ms"), (655, "65.5 ms")])
def test_the_generator_is_held_to_a_number_that_is_told(p50_ms: float, most: str) -> None:
    rows = [request(15, planned=n / 100, lag=70) for n in range(1000)]

    late = found(rows, LoadSettings(rate=100, seconds=10, p50_ms=p50_ms))["generator"]

    assert "late by at most 10 ms, or a tenth of the tightest latency limit" in late.rule
    assert f"here {most}" in late.rule
    assert late.next == (
        "free the machine, lower the rate, plan more `workers`, or run load-test on another machine"
    )
    assert late.observed == "70.0 ms late (p99), 0% of its core used"


def test_one_request_is_told_as_one() -> None:
    seen = found([request(5)])

    assert seen["p50"].observed == "5.0 ms of 1 request"
    assert seen["requests"].observed == "1 of 1 planned request recorded"


def test_the_way_from_another_machine_is_told_and_refuses_nothing() -> None:
    rows = [request(25, planned=n / 100, lag=1) for n in range(1000)]

    near, far = found(rows, way_ms=3.9), found(rows, way_ms=4.1, clock_ms=0.4)

    assert (near["p50"].verdict, far["p50"].verdict) == (Verdict.REFUSED, Verdict.INCONCLUSIVE)
    assert near["p50"].observed.endswith("20.1 ms without lateness and the way")
    assert far["generator"].verdict is Verdict.PASSED
    assert far["generator"].observed == (
        "1.0 ms late (p99), and 4.1 ms on the way to the container (p99), 0% of its core used,"
        " the clocks of its workers at most 0.4 ms apart"
    )


def test_a_way_and_clocks_that_nobody_measured_are_not_told_as_a_number() -> None:
    rows = [request(5, planned=n / 100) for n in range(1000)]

    generator = found(rows, way_ms=math.inf, clock_ms=math.inf)["generator"]

    assert generator.verdict is Verdict.INCONCLUSIVE
    assert "a way to the container that nobody measured" in generator.observed
    assert "the clocks of its workers never compared" in generator.observed
    assert "inf" not in generator.observed
