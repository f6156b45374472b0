"""What decides, and how many examples would."""

from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_steps.steps.check_metrics.decisions import examples_that_decide, holm, is_harm, is_shown


def test_holm_refuses_as_in_a_worked_example() -> None:
    # Levels 0.05 / 4, / 3, / 2, / 1: the third smallest, 0.03, is above 0.025 and ends it.
    assert holm((0.01, 0.04, 0.03, 0.005), 0.95) == (True, False, False, True)


def test_holm_of_one_is_the_test_itself() -> None:
    assert holm((0.049,), 0.95) == (True,)
    assert holm((0.051,), 0.95) == (False,)
    assert holm((), 0.95) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_refuses_whatever_bonferroni_does_and_nothing_that_a_test_alone_would_not(
    pvalues: list[float],
) -> None:
    refused = holm(pvalues, 0.95)

    for p, is_refused in zip(pvalues, refused, strict=True):
        assert is_refused or not is_harm(p * len(pvalues), 0.95)
        assert not is_refused or is_harm(p, 0.95)


def test_an_interval_that_ends_at_the_margin_shows_nothing() -> None:
    assert not is_shown(-0.01, 0.01)
    assert is_shown(-0.0099, 0.01)


@pytest.mark.parametrize("side", [1, -1])
def test_as_many_examples_as_it_says_have_four_fifths_power(side: int) -> None:
    error, gain, margin = 0.02, side * 0.01, 0.0
    z = NormalDist().inv_cdf(0.95)

    wanted = examples_that_decide(1_000, gain, gain - side * z * error, margin, 0.95)

    assert wanted is not None
    then = error * (1_000 / wanted) ** 0.5
    assert NormalDist().cdf(0.01 / then - z) == pytest.approx(0.8, abs=0.01)


def test_no_number_of_examples_decides_a_difference_at_the_margin() -> None:
    assert examples_that_decide(1000, -0.01, -0.03, 0.01, 0.95) is None


def test_more_examples_are_asked_for_than_there_are() -> None:
    assert examples_that_decide(1000, 0.5, 0.4, 0.0, 0.95) == 1001
