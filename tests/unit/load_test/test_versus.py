"""The pushed image against the live release's."""

import math
import os
import random

import pytest

from ci_steps.model.settings import Stage
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.loads import BESIDE, beside, requests
from ci_steps.steps.load_test.records import StageSeen
from ci_steps.steps.load_test.versus import Turns, difference

FULL = os.environ.get("CI_STEPS_CAMPAIGN") == "full"
RUNS = 300 if FULL else 20
N, BLOCKS, MARGIN = 1000, 20, 3.0


def side(chance: random.Random, later: float) -> StageSeen:
    """Return latencies of which those of every fifth block share a stall."""
    latencies = []
    for _ in range(BLOCKS):
        stall = chance.expovariate(1 / 20) if chance.random() < 0.2 else 0.0
        latencies += [later + chance.expovariate(1 / 5) + stall * chance.random() for _ in range(N // BLOCKS)]
    return StageSeen(Stage(rate=100, seconds=10), N, requests(latencies))


@pytest.mark.campaign
@pytest.mark.parametrize("q", [0.5, 0.99])
def test_a_difference_on_the_margin_is_decided_wrongly_at_most_as_often_as_it_says(q: float) -> None:
    chance = random.Random(7)
    pairs = tuple(number * BLOCKS // N for number in range(N))
    wrong = [0, 0]
    for run in range(RUNS):
        turns = Turns(side(chance, MARGIN), side(chance, 0), pairs, pairs)
        _, lower, upper = difference(turns, q, str(run))
        wrong[0] += upper <= MARGIN
        wrong[1] += lower > MARGIN

    allowed = 0.05 + 3 * math.sqrt(0.05 * 0.95 / RUNS)
    assert max(wrong) / RUNS <= allowed, wrong


def test_the_same_records_give_the_same_interval() -> None:
    ours, live = requests([9.0, 5.0] * 500), requests([5.0, 6.0] * 500)

    one, again = beside(ours, live), beside(ours, live)

    assert one == again


def test_a_finding_says_the_difference_its_bounds_and_its_margin() -> None:
    report = beside(requests([15.0] * N), requests([5.0] * N))

    [p50, *_] = [finding for finding in report.findings if finding.check == "load-test.versus"]
    assert p50.subject == "p50 at 100/s for 10 s"
    assert p50.observed == "+10.0 ms, +10.0 to +10.0 ms, of 1,000 requests to each"
    assert p50.rule == "p50 at most 5 ms later than the live release's, 95% sure"
    assert p50.interval
    assert (p50.interval.estimate, p50.interval.margin) == (10.0, 5.0)


def test_failures_of_the_live_release_are_named_and_nothing_is_compared() -> None:
    report = beside(requests([5.0] * N), requests([5.0] * N, failed=3), BESIDE)

    [baseline] = [finding for finding in report.findings if finding.check == "load-test.baseline"]
    assert baseline.verdict is Verdict.INCONCLUSIVE
    assert baseline.observed == "3 of 1,000 failed: 3 status 500"
    assert [finding for finding in report.findings if finding.check == "load-test.versus"] == []
