"""Intervals of metrics that are no shares."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # it ships no types

from ci_steps.steps.check_metrics import bootstrap
from ci_steps.steps.check_metrics.bootstrap import Moments, Resampled, Studentised
from ci_steps.steps.check_metrics.decisions import is_harm, is_shown
from ci_steps.steps.check_metrics.rows import Floats
from ci_steps.steps.check_metrics.values import Mean

SKEWED = np.random.default_rng(5).lognormal(0, 1, 80)
QUOTIENTS = np.sort(np.random.default_rng(6).normal(0.1, 1.1, 999))


def mean_of(*samples: Floats) -> Resampled:
    """Return the mean of a sample, or the difference of the means of two, to be drawn anew."""
    means, signs = [Mean(sample) for sample in samples], (1, -1)

    def value(drawn: Sequence[Floats]) -> float:
        return sum(sign * mean.value(d) for sign, mean, d in zip(signs, means, drawn, strict=False))

    def influence(drawn: Sequence[Floats]) -> Sequence[Floats]:
        return [sign * mean.influence(d) for sign, mean, d in zip(signs, means, drawn, strict=False)]

    return Resampled(value, influence, tuple(np.ones(len(sample)) for sample in samples))


def counted(values: Sequence[float], counts: Sequence[float]) -> Resampled:
    """Return the mean of groups of equal rows."""
    mean = Mean(np.array(values))
    return Resampled(
        lambda drawn: mean.value(drawn[0]), lambda drawn: [mean.influence(drawn[0])], (np.array(counts),)
    )


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("freedom", [10.0, 30.0, 500.0])
def test_students_quantile_and_chance_are_those_of_scipy(confidence: float, freedom: float) -> None:
    quantile = bootstrap.student_quantile(confidence, freedom)

    assert quantile == pytest.approx(stats.t.ppf(confidence, freedom), rel=0.002)
    assert stats.norm.cdf(bootstrap.normal_for_student(quantile, freedom)) == pytest.approx(confidence)


@given(st.floats(-4, 4), st.floats(-1, 1))
def test_bending_takes_back_what_straightening_does(quotient: float, skewness: float) -> None:
    assert bootstrap.bent(bootstrap.straightened(quotient, skewness), skewness) == pytest.approx(
        quotient, abs=1e-5
    )


def test_error_and_skewness_are_those_of_the_mean() -> None:
    of = mean_of(SKEWED)

    found = bootstrap.moments_of(of.influence(of.counts), of.counts)

    assert found.error == pytest.approx(SKEWED.std(ddof=1) / math.sqrt(80))
    assert found.skewness == pytest.approx(stats.skew(SKEWED) / math.sqrt(80), rel=0.03)
    assert found.telling == pytest.approx(80 / stats.kurtosis(SKEWED, fisher=False), rel=0.03)


def test_as_many_rows_tell_as_differ() -> None:
    of = counted([0.0, 1.0], [10_000.0, 12.0])

    assert bootstrap.linearised(of).moments.telling == pytest.approx(12, rel=0.01)


def test_groups_of_equal_rows_give_the_interval_of_the_rows() -> None:
    rows = np.repeat([0.0, 1.0, 3.0], [70, 20, 10])

    ours = bootstrap.bounds(counted([0.0, 1.0, 3.0], [70.0, 20.0, 10.0]), 0.95, 1)
    theirs = bootstrap.bounds(mean_of(rows), 0.95, 1)

    assert ours is not None
    assert theirs is not None
    assert ours.estimate == pytest.approx(theirs.estimate)
    assert (ours.lower, ours.upper) == pytest.approx((theirs.lower, theirs.upper), abs=0.05)


def test_the_interval_is_the_widest_of_three() -> None:
    found = bootstrap.studentised(mean_of(SKEWED), 0.95, 1)
    assert found is not None
    assert found.drawn is not None
    bounds, error = found.bounds(0.95), found.moments.error
    assert bounds is not None

    t = stats.t.ppf(0.95, found.moments.telling) * error
    drawn = [found.estimate - error * float(np.quantile(found.drawn, level)) for level in (0.95, 0.05)]
    assert bounds.lower <= min(found.estimate - t, drawn[0]) * 1.0001
    assert bounds.upper >= max(found.estimate + t, drawn[1]) * 0.999
    # A long tail to the right: values far above the mean are the ones that were not drawn.
    assert bounds.upper - bounds.estimate > 1.3 * (bounds.estimate - bounds.lower)


@given(st.floats(-2, 2), st.sampled_from([0.9, 0.95, 0.99]))
def test_harm_and_the_upper_end_agree(away: float, confidence: float) -> None:
    found = Studentised(1.3, Moments(0.2, 0.3, 25.0), QUOTIENTS)
    bounds = found.bounds(confidence)
    assert bounds is not None

    margin = -(found.estimate + away)

    assert is_harm(found.below(-margin), confidence) == (bounds.upper < -margin)
    assert not (is_shown(bounds.lower, margin) and is_harm(found.below(-margin), confidence))


def test_the_same_seed_draws_the_same_replicates() -> None:
    once, again, other = (bootstrap.studentised(mean_of(SKEWED), 0.95, seed) for seed in (1, 1, 2))

    assert once is not None
    assert again is not None
    assert other is not None
    assert np.array_equal(np.asarray(once.drawn), np.asarray(again.drawn))
    assert not np.array_equal(np.asarray(once.drawn), np.asarray(other.drawn))


def test_two_samples_are_drawn_each_by_itself() -> None:
    rng = np.random.default_rng(2)
    ours, theirs = rng.normal(1, 1, 60), rng.normal(0, 3, 90)

    found = bootstrap.bounds(mean_of(ours, theirs), 0.95, 1)

    assert found is not None
    reach = 1.645 * math.sqrt(ours.var(ddof=1) / 60 + theirs.var(ddof=1) / 90)
    assert found.upper - found.estimate == pytest.approx(reach, rel=0.12)


def test_large_samples_are_not_drawn_anew() -> None:
    rng = np.random.default_rng(2)

    assert bootstrap.studentised(mean_of(rng.normal(size=bootstrap.LARGE + 1)), 0.95, 1) == (
        bootstrap.linearised(mean_of(np.random.default_rng(2).normal(size=bootstrap.LARGE + 1)))
    )


def test_replicates_without_a_value_leave_no_interval() -> None:
    of = mean_of(SKEWED)
    gone = Resampled(lambda drawn: of.value(drawn) if drawn[0][0] else math.nan, of.influence, of.counts)

    assert bootstrap.bounds(gone, 0.95, 1) is None


def test_replicates_without_an_error_leave_no_end() -> None:
    endless = Studentised(0.0, Moments(1.0, 0.0, 10.0), np.array([-math.inf] * 99 + [0.0] * 900))

    assert endless.bounds(0.95) is None
    assert endless.below(0.1) > 0.05


def test_a_value_that_nothing_moves_is_known() -> None:
    found = bootstrap.linearised(mean_of(np.ones(50)))

    assert (found.below(0.9), found.below(1.1)) == (1.0, 0.0)
