"""What is planned before anything is sent: moments and windows."""

import statistics
from typing import Any

import pytest

from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.steps.load_test.arrivals import BASELINE, CANDIDATE, moments, planned
from ci_steps.steps.load_test.sending.steady import is_steady, window_seconds

STAGE = Stage(rate=100, seconds=100)


def test_the_same_model_plans_the_same_moments_and_another_plans_others() -> None:
    one, again, other = (moments(STAGE, "poisson", seed) for seed in ("a", "a", "b"))

    assert one == again != other


def test_poisson_arrivals_have_exponential_gaps() -> None:
    found = moments(STAGE, "poisson", "seed")
    gaps = [after - before for before, after in zip((0.0, *found), found, strict=False)]

    assert len(found) == 10_000
    assert statistics.mean(gaps) == pytest.approx(0.01, rel=0.05)
    assert statistics.stdev(gaps) == pytest.approx(0.01, rel=0.05)
    assert min(gaps) >= 0


def test_without_a_comparison_there_is_one_round_for_each_stage() -> None:
    load = LoadSettings(stages=(Stage(rate=10, seconds=2), Stage(rate=20, seconds=1)))

    rounds = planned(load, "seed", compared=False)

    assert [(one.stage, one.side, len(one.moments)) for one in rounds] == [(0, 0, 20), (1, 0, 20)]


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_a_comparison_sends_each_block_to_both_sides_abba(arrivals: Any) -> None:
    load = LoadSettings(rate=100, seconds=20, arrivals=arrivals)

    alone, *turns = planned(load, "seed", compared=True)
    sides = [one.side for one in turns]
    ours, live = ([one for one in turns if one.side == side] for side in (CANDIDATE, BASELINE))

    assert not alone.in_turns
    assert len(ours) == len(live) == 20
    assert sides[:8] == [0, 1, 1, 0, 0, 1, 1, 0]
    assert [one.moments for one in ours] == [one.moments for one in live]
    assert sum(len(one.moments) for one in ours) == 2000
    whole = [one.from_s + moment for one in ours for moment in one.moments]
    assert whole == sorted(whole)


@pytest.mark.parametrize(
    ("medians", "steady"), [([5], False), ([9, 9.9], True), ([30, 34], False), ([1, 2], True)]
)
def test_two_windows_agree_within_a_tenth_or_a_millisecond(medians: list[float], steady: bool) -> None:
    assert is_steady(medians) is steady


def test_two_windows_always_fit_into_the_longest_warm_up() -> None:
    for rate in (0.01, 1, 1000):
        assert 2 * window_seconds(rate, 2, 30) <= 30
