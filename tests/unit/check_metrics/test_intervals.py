import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize  # type: ignore[import-untyped]  # it ships no types
from scipy import stats as reference

from ci_steps.steps.check_metrics import bootstrap
from ci_steps.steps.check_metrics.bootstrap import Resampled
from ci_steps.steps.check_metrics.decisions import examples_that_decide, is_shown
from ci_steps.steps.check_metrics.proportions import lost_share, newcombe, tango, tango_score, wilson
from ci_steps.steps.check_metrics.rows import Floats
from ci_steps.steps.check_metrics.values import Mean


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int]:
    n = draw(st.integers(1, 300))
    gained = draw(st.integers(0, n))
    return gained, draw(st.integers(0, n - gained)), n


def resampled(sample: Floats) -> Resampled:
    """Return the mean of a sample, to be drawn anew."""
    of, n = Mean(sample), len(sample)
    return Resampled(lambda drawn: of.value(drawn[0]), of.influence(np.ones(n)), (n,))


def test_tango_gives_the_worked_example_of_his_paper() -> None:
    # Tango (1998), section 6.1: soft contact lenses, 43 both, 0 only new, 1 only standard, margin 0.1.
    statistic = tango_score(0, 1, 44, -0.1)

    assert statistic == pytest.approx(1.709, abs=0.0005)
    assert 1 - NormalDist().cdf(statistic) == pytest.approx(0.044, abs=0.0005)
    assert tango(0, 1, 44, 0.95).lower == pytest.approx(-0.096, abs=0.0005)


@pytest.mark.parametrize(
    ("table", "confidence", "ends"),
    [
        # Outputs of PropCIs::scoreci.mp in R.
        ((28, 25, 618), 0.95, (-0.0148, 0.0247)),
        ((20, 60, 1000), 0.975, (-0.0584, -0.0231)),
    ],
)
def test_tango_gives_published_intervals(
    table: tuple[int, int, int], confidence: float, ends: tuple[float, float]
) -> None:
    found = tango(*table, confidence)

    assert (found.lower, found.upper) == pytest.approx(ends, abs=0.0005)


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


@given(tables())
def test_swapping_the_sides_mirrors_tangos_interval(table: tuple[int, int, int]) -> None:
    gained, lost, n = table

    ours, theirs = tango(gained, lost, n, 0.95), tango(lost, gained, n, 0.95)

    assert (ours.lower, ours.upper) == pytest.approx((-theirs.upper, -theirs.lower), abs=1e-9)
    assert -1 <= ours.lower <= ours.estimate <= ours.upper <= 1


@given(tables())
def test_the_ends_of_tangos_interval_solve_his_equation(table: tuple[int, int, int]) -> None:
    gained, lost, n = table
    z = NormalDist().inv_cdf(0.95)

    found = tango(gained, lost, n, 0.95)

    if found.lower > -1 + 1e-9 and found.lower < found.estimate:
        assert tango_score(gained, lost, n, found.lower) == pytest.approx(z, abs=1e-5)
    if found.upper < 1 - 1e-9 and found.upper > found.estimate:
        assert tango_score(gained, lost, n, found.upper) == pytest.approx(-z, abs=1e-5)


@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from([0.9, 0.95, 0.99]))
def test_wilsons_interval_is_that_of_scipy(n: int, share: float, confidence: float) -> None:
    right = round(n * share)

    found = wilson(right, n, confidence)

    expected = reference.binomtest(right, n).proportion_ci(2 * confidence - 1, method="wilson")
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "lower", "upper"),
    # Newcombe (1998), method 10, two-sided 95 %.
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 10), 0.6075, 1.0)],
)
def test_newcombes_interval_is_that_of_his_paper(
    counts: tuple[int, int, int, int], lower: float, upper: float
) -> None:
    found = newcombe(*counts, confidence=0.975)

    assert (found.lower, found.upper) == pytest.approx((lower, upper), abs=0.00006)


def test_bca_is_that_of_scipy_up_to_its_own_noise() -> None:
    sample = np.random.default_rng(5).lognormal(0, 1, 80)
    of = Mean(sample)
    weight = np.ones(80)

    found = bootstrap.bounds(
        Resampled(lambda drawn: of.value(drawn[0]), of.influence(weight), (80,)), 0.95, 1
    )

    expected = reference.bootstrap(
        (sample,), np.mean, confidence_level=0.9, method="BCa", n_resamples=4000, rng=2
    ).confidence_interval
    assert found is not None
    assert found.upper == pytest.approx(expected.high, rel=0.05)
    # The lower end is the linearised one, which is further out on a sample with a long right tail.
    reach = 1.645 * sample.std(ddof=1) / math.sqrt(80)
    assert found.lower == pytest.approx(min(expected.low, sample.mean() - reach), rel=0.05)


def test_the_same_seed_draws_the_same_interval() -> None:
    drawn = resampled(np.random.default_rng(5).normal(size=60))

    assert bootstrap.bounds(drawn, 0.95, 1) == bootstrap.bounds(drawn, 0.95, 1)
    assert bootstrap.bounds(drawn, 0.95, 1) != bootstrap.bounds(drawn, 0.95, 2)


@pytest.mark.parametrize(("n", "disagreement"), [(50, 0.10), (100, 0.10), (150, 0.20), (400, 0.10)])
@pytest.mark.parametrize("margin", [0.01, 0.05, 0.10])
def test_a_model_at_the_margin_passes_in_about_five_of_a_hundred_at_most(
    n: int, disagreement: float, margin: float
) -> None:
    """The share of false passes by exact enumeration over the discordant pairs, no simulation error."""
    lost, gained = (disagreement + margin) / 2, (disagreement - margin) / 2

    passed = 0.0
    for discordant in range(n + 1):
        weight = float(reference.binom.pmf(discordant, n, disagreement))
        if weight < 1e-9:
            continue
        for won in range(discordant + 1):
            if is_shown(tango(won, discordant - won, n, 0.95).lower, margin):
                passed += weight * float(reference.binom.pmf(won, discordant, gained / (gained + lost)))

    assert passed < 0.062


def test_a_regression_at_the_margin_passes_in_about_five_of_a_hundred_at_most() -> None:
    draw = np.random.default_rng(3)
    margin = math.exp(0.125) * (1 - math.exp(-0.05))

    passed = 0
    for _ in range(150):
        worse, base = draw.lognormal(0, 0.5, 80), draw.lognormal(-0.05, 0.5, 80)
        found = bootstrap.bounds(resampled(base - worse), 0.95, 7)
        assert found is not None
        passed += is_shown(found.lower, margin)

    # Five of a hundred and three standard errors of 150 draws.
    assert passed / 150 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 150)


def test_as_many_examples_as_it_says_do_decide() -> None:
    ours = tango(40, 45, 1000, 0.95)
    wanted = examples_that_decide(1000, ours.estimate, ours.lower, 0.01, 0.95)

    assert wanted is not None
    assert not is_shown(ours.lower, 0.01)
    times = wanted / 1000
    assert is_shown(tango(round(40 * times), round(45 * times), wanted, 0.95).lower, 0.01)


def test_no_number_of_examples_decides_a_difference_at_the_margin() -> None:
    assert examples_that_decide(1000, -0.01, -0.03, 0.01, 0.95) is None
