"""Quantiles and their bounds."""

import random

import pytest
from scipy.stats import binom  # type: ignore[import-untyped]  # it brings no types

from ci_steps.model.settings import fewest_for_errors
from ci_steps.steps.load_test.bounds import bounded, quantile, ranks_of, would_decide
from ci_steps.steps.load_test.decisions import fails_often, fails_seldom


@pytest.mark.parametrize(
    ("q", "wanted"), [(0.5, 50), (0.95, 95), (0.99, 99), (0.001, 1), (1.0, 100)]
)  # fmt: skip
def test_a_quantile_is_one_of_the_list_by_nearest_rank(q: float, wanted: int) -> None:
    assert quantile([float(n) for n in range(1, 101)], q) == wanted


@pytest.mark.parametrize("confidence", [0.95, 0.975])
@pytest.mark.parametrize("q", [0.01, 0.5, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("n", [1, 2, 19, 100, 299, 1000, 6000, 1_000_000])
def test_ranks_are_those_of_the_exact_binomial_distribution(n: int, q: float, confidence: float) -> None:
    ranks, error = ranks_of(n, q, confidence), 1 - confidence

    # The lower one is the last that is wrong at most so often, and so is the upper one from above.
    assert binom.cdf(ranks.lower - 1, n, q) <= error < binom.cdf(ranks.lower, n, q)
    assert binom.sf(ranks.upper - 1, n, q) <= error or ranks.upper == n + 1
    assert binom.sf(ranks.upper - 2, n, q) > error


def test_bounds_hold_as_often_as_they_say() -> None:
    chance, n, runs = random.Random(4), 1000, 1000
    missed = [0, 0]
    for _ in range(runs):
        seen = bounded(sorted(chance.random() for _ in range(n)), 0.99)
        missed[0] += seen.lower > 0.99
        missed[1] += seen.upper < 0.99

    assert max(missed) / runs < 0.065


def test_a_list_too_short_for_a_bound_has_none() -> None:
    short = bounded([1.0, 2.0, 3.0], 0.99)

    assert (short.lower, short.value, short.upper) == (3.0, 3.0, float("inf"))


@pytest.mark.parametrize(("above", "n", "q"), [(6, 1000, 0.99), (14, 1000, 0.99), (480, 1000, 0.5)])
def test_as_many_requests_as_are_told_decide(above: int, n: int, q: float) -> None:
    enough = would_decide(above, n, q)
    ranks, within = ranks_of(enough, q), enough - round(above / n * enough)

    assert enough > n
    assert ranks.upper <= within or ranks.lower > within


@pytest.mark.parametrize("share", [0.001, 0.01, 0.2])
def test_as_many_requests_as_are_asked_for_can_prove_a_share_of_failures(share: float) -> None:
    enough = fewest_for_errors(share)

    assert fails_seldom(0, enough, share)
    assert not fails_seldom(0, enough - 1, share)


def test_no_share_of_failures_both_keeps_and_misses_its_limit() -> None:
    for failed in range(40):
        assert not (fails_seldom(failed, 1000, 0.01) and fails_often(failed, 1000, 0.01))
