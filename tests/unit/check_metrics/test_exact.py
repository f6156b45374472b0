"""The test of two proportions, against sums over all tables and what is known in closed form."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # it ships no types

from ci_steps.steps.check_metrics import exact, tables
from ci_steps.steps.check_metrics.decisions import is_harm, is_shown
from ci_steps.steps.check_metrics.proportions import tango_score


@st.composite
def pairs(draw: st.DrawFn, most: int = 60) -> tuple[int, int, int]:
    n = draw(st.integers(2, most))
    gained = draw(st.integers(0, n))
    return gained, draw(st.integers(0, n - gained)), n


@given(pairs(30), st.sampled_from([-0.3, -0.05, 0.0, 0.1]), st.floats(0.0, 1.0))
@settings(max_examples=50, deadline=None)
def test_chances_of_pairs_are_those_of_all_tables_added_up(
    table: tuple[int, int, int], difference: float, place: float
) -> None:
    gained, lost, n = table
    share = abs(difference) + place * (1 - abs(difference))
    up, down = (share + difference) / 2, (share - difference) / 2
    chances = stats.multinomial(n, [up, down, max(1 - up - down, 0.0)])
    seen = float(tango_score(gained, lost, n, difference))
    every = [(g, b) for g in range(n + 1) for b in range(n + 1 - g)]

    high, low = tables.paired_tails(gained, lost, n, difference, np.array([share]))

    of = {cell: float(tango_score(*cell, n, difference)) for cell in every}
    weight = {cell: float(chances.pmf([*cell, n - sum(cell)])) for cell in every}
    assert high == pytest.approx(sum(weight[c] for c in every if of[c] >= seen - 1e-9), abs=1e-9)
    assert low == pytest.approx(sum(weight[c] for c in every if of[c] <= seen + 1e-9), abs=1e-9)


@given(pairs(), st.sampled_from([-0.1, 0.0, 0.01, 0.05, 0.2]), st.sampled_from([0.9, 0.95, 0.99]))
@settings(max_examples=60, deadline=None)
def test_the_interval_and_the_test_at_the_margin_agree(
    table: tuple[int, int, int], margin: float, confidence: float
) -> None:
    found = exact.paired(*table, margin=margin, confidence=confidence)
    no_gain, harm = exact.tails_of_pairs(*table, confidence).at(-margin)

    assert is_shown(found.bounds.lower, margin) == is_harm(no_gain, confidence)
    assert (found.bounds.upper < -margin) == is_harm(found.harm, confidence)
    assert found.harm == harm
    assert -1 <= found.bounds.lower <= found.bounds.estimate <= found.bounds.upper <= 1


@given(pairs())
@settings(max_examples=30, deadline=None)
def test_swapping_the_sides_mirrors_the_interval(table: tuple[int, int, int]) -> None:
    gained, lost, n = table

    ours = exact.paired(gained, lost, n, margin=0.0, confidence=0.95).bounds
    theirs = exact.paired(lost, gained, n, margin=0.0, confidence=0.95).bounds

    assert (ours.lower, ours.upper) == pytest.approx((-theirs.upper, -theirs.lower), abs=1e-6)


@pytest.mark.parametrize("n", [50, 1_000, 1_000_000])
def test_without_a_discordant_pair_the_rule_of_three_holds(n: int) -> None:
    # A share of lost pairs above 1 - 0.05^(1/n) would have shown one.
    found = exact.paired(0, 0, n, margin=0.5, confidence=0.95).bounds

    least = 1 - 0.05 ** (1 / n)
    assert -1.03 * least <= found.lower <= -least * (1 - 1e-6)


def test_one_pair_proves_nothing() -> None:
    found = exact.paired(0, 1, 1, margin=0.05, confidence=0.95)

    assert not is_harm(found.harm, 0.95)
    assert found.bounds.upper > 0.05


def test_harm_is_proven_by_fewer_lost_pairs_than_the_sign_test_asks_for() -> None:
    # Of m discordant pairs all lost, where either is as likely: 2^-m. Here m itself is known to be small too.
    harm = exact.paired(0, 7, 400, margin=0.0, confidence=0.95).harm

    assert 2**-9 < harm <= 2**-7


def test_many_discordant_pairs_are_tested_with_the_normal_curve_and_half_a_pair() -> None:
    found = exact.paired(30_000, 30_100, 1_000_000, margin=0.0003, confidence=0.95)

    error = math.sqrt(60_100) / 1_000_000
    assert not found.is_exact
    assert found.bounds.lower == pytest.approx(-0.0001 - 0.0000005 - 1.645 * error, rel=0.001)
    assert found.harm == pytest.approx(stats.norm.cdf((0.0002 + 0.0000005) / error), rel=0.001)


def test_exact_and_normal_meet_where_enumeration_ends() -> None:
    enumerated = exact.paired(250, 260, 5_000, margin=0.01, confidence=0.95)
    tails = exact.tails_of_pairs(250, 260, 5_000, 0.95)

    no_gain, harm = tails.normal(-0.01)

    assert enumerated.is_exact
    assert harm == pytest.approx(enumerated.harm, rel=0.01)
    assert no_gain == pytest.approx(tails.at(-0.01)[0], rel=0.06)


def test_apart_the_ends_are_near_those_of_newcombe() -> None:
    # Newcombe (1998), method 10, two-sided 95 % of 56/70 - 48/80. His interval is not exact.
    found = exact.apart(56, 70, 48, 80, margin=0.0, confidence=0.975).bounds

    assert (found.lower, found.upper) == pytest.approx((0.0524, 0.3339), abs=0.02)


@given(st.integers(2, 40), st.integers(2, 40), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_apart_the_interval_and_the_test_at_the_margin_agree(
    n: int, baseline_n: int, ours: float, theirs: float
) -> None:
    counts = round(n * ours), n, round(baseline_n * theirs), baseline_n

    found = exact.apart(*counts, margin=0.05, confidence=0.95)

    no_gain, harm = exact.tails_apart(*counts, 0.95).at(-0.05)
    assert is_shown(found.bounds.lower, 0.05) == is_harm(no_gain, 0.95)
    assert (found.bounds.upper < -0.05) == is_harm(harm, 0.95)
    assert -1 <= found.bounds.lower <= found.bounds.estimate <= found.bounds.upper <= 1


@given(st.integers(1, 500), st.floats(0, 1), st.sampled_from([1e-3, 1e-5]))
def test_a_share_lies_within_its_bounds_as_surely_as_clopper_and_pearson_say(
    n: int, share: float, missed: float
) -> None:
    count = round(n * share)

    low, high = exact.share_within(count, n, missed)

    surest = stats.binomtest(count, n).proportion_ci(1 - missed, method="exact")
    assert low <= surest.low + 1e-9
    assert high >= surest.high - 1e-9


def test_a_margin_that_nothing_can_miss_is_kept() -> None:
    assert exact.tails_of_pairs(3, 5, 50, 0.95).at(-1.0) == (0.0, 1.0)
    assert exact.tails_of_pairs(3, 5, 50, 0.95).at(1.0) == (1.0, 0.0)
