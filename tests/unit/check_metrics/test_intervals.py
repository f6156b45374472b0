"""Wilson's interval and the scores that order tables of two proportions."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize  # type: ignore[import-untyped]  # it ships no types
from scipy import stats as reference

from ci_steps.steps.check_metrics.proportions import (
    apart_score,
    apart_skewness,
    lost_share,
    tango_score,
    wilson,
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int]:
    n = draw(st.integers(1, 300))
    gained = draw(st.integers(0, n))
    return gained, draw(st.integers(0, n - gained)), n


def test_tango_gives_the_worked_example_of_his_paper() -> None:
    # Tango (1998), section 6.1: soft contact lenses, 43 both, 0 only new, 1 only standard, margin 0.1.
    statistic = tango_score(0, 1, 44, -0.1)

    assert statistic == pytest.approx(1.709, abs=0.0005)
    assert 1 - NormalDist().cdf(float(statistic)) == pytest.approx(0.044, abs=0.0005)
    assert tango_score(0, 1, 44, -0.096) == pytest.approx(1.645, abs=0.02)


@pytest.mark.parametrize(
    ("table", "confidence", "ends"),
    [
        # Outputs of PropCIs::scoreci.mp in R.
        ((28, 25, 618), 0.95, (-0.0148, 0.0247)),
        ((20, 60, 1000), 0.975, (-0.0584, -0.0231)),
    ],
)
def test_tangos_score_ends_published_intervals(
    table: tuple[int, int, int], confidence: float, ends: tuple[float, float]
) -> None:
    z = NormalDist().inv_cdf(confidence)

    lower, upper = (float(tango_score(*table, end)) for end in ends)

    # The ends are printed with four digits.
    assert (lower, upper) == pytest.approx((z, -z), abs=0.01)


@pytest.mark.parametrize("difference", [-0.3, -0.05, 0.02, 0.4])
@pytest.mark.parametrize(("gained", "lost", "n"), [(5, 9, 60), (0, 4, 30), (7, 0, 40), (20, 20, 100)])
def test_tangos_restricted_share_is_the_likeliest_one(
    gained: int, lost: int, n: int, difference: float
) -> None:
    def unlikelihood(share: float) -> float:
        cells = ((gained, share + difference), (lost, share), (n - gained - lost, 1 - 2 * share - difference))
        return -sum(count * math.log(max(chance, 1e-300)) for count, chance in cells if count)

    low, high = max(0.0, -difference), (1 - difference) / 2

    likeliest = optimize.minimize_scalar(
        unlikelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    )

    assert lost_share(gained, lost, n, difference) == pytest.approx(likeliest.x, abs=1e-5)


@given(tables(), st.floats(-0.9, 0.9))
def test_swapping_the_sides_turns_tangos_score_round(table: tuple[int, int, int], difference: float) -> None:
    gained, lost, n = table

    ours, theirs = tango_score(gained, lost, n, difference), tango_score(lost, gained, n, -difference)

    assert float(ours) == pytest.approx(-float(theirs), rel=1e-6, abs=1e-6)


@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.99]))
def test_wilsons_interval_is_that_of_scipy(n: int, share: float, confidence: float) -> None:
    right = round(n * share)

    found = wilson(right, n, confidence)

    expected = reference.binomtest(right, n).proportion_ci(2 * confidence - 1, method="wilson")
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1), st.floats(0, 1))
def test_a_score_apart_is_0_where_one_success_and_one_failure_more_differ_as_asked(
    n: int, baseline_n: int, ours: float, theirs: float
) -> None:
    right, baseline_right = round(n * ours), round(baseline_n * theirs)
    difference = (right + 1) / (n + 2) - (baseline_right + 1) / (baseline_n + 2)

    assert float(apart_score(right, n, baseline_right, baseline_n, difference)) == 0
    assert float(apart_score(right, n, baseline_right, baseline_n, difference - 0.1)) > 0


def test_the_skewness_of_a_difference_apart_is_that_of_its_two_binomials() -> None:
    n, baseline_n, right, baseline_right = 400, 900, 380, 700
    ours, theirs = (381 / 402, 701 / 902)
    third = reference.binom.stats(n, ours, moments="s") * reference.binom.std(n, ours) ** 3 / n**3
    other = (
        reference.binom.stats(baseline_n, theirs, moments="s") * reference.binom.std(baseline_n, theirs) ** 3
    )
    variance = reference.binom.var(n, ours) / n**2 + reference.binom.var(baseline_n, theirs) / baseline_n**2

    found = apart_skewness(right, n, baseline_right, baseline_n)

    assert found == pytest.approx((third - other / baseline_n**3) / variance**1.5)
