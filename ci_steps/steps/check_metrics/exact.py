"""Honest tests of a difference of two proportions: exact where counts are small, corrected beyond.

Tango's interval passes up to 6 % at the margin where 5 % are promised, and proves harm in up to 8 %. Here a
p-value is the largest chance of so extreme a table under any value of the nuisance parameter within a
confidence set of it, plus the chance that this set misses (Berger and Boos, JASA 89, 1994), so it is not too
small for any. Scores order the tables: Tango's for pairs, Agresti and Caffo's for examples apart. Confidence
sets are Chernoff's bound solved for the share.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ci_steps.steps.check_metrics import tables
from ci_steps.steps.check_metrics.bootstrap import Bounds, straightened
from ci_steps.steps.check_metrics.proportions import apart_score, apart_skewness, tango_score

MOST_TABLES = 100_000
"""More are not enumerated: with hundreds of discordant pairs chance is near enough to normal."""
_AT_THE_MARGIN = 40
"""Values of the nuisance parameter that are tried: some five to a standard error of it."""
_AT_THE_ENDS = 16
_MISSED = 1_000
"""The level over the chance that the confidence set of the nuisance parameter misses it."""
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Tested:
    """A difference with its ends, and how rare so low a one were, if it kept the margin."""

    bounds: Bounds
    harm: float
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Tails:
    """P-values against a true difference of at most, and of at least, a given one."""

    estimate: float
    normal: Callable[[float], tuple[float, float]]
    exact: Callable[[float, int], tuple[float, float]] | None

    def at(self, difference: float) -> tuple[float, float]:
        if abs(difference) >= 1:
            return (0.0, 1.0) if difference < 0 else (1.0, 0.0)
        found = self.exact(difference, _AT_THE_MARGIN) if self.exact else self.normal(difference)
        return min(found[0], 1.0), min(found[1], 1.0)


def paired(gained: int, lost: int, n: int, *, margin: float, confidence: float) -> Tested:
    """Test (gained - lost) / n, the difference of two proportions of the same ``n`` examples."""
    return _tested(tails_of_pairs(gained, lost, n, confidence), margin, confidence)


def apart(
    right: int, n: int, baseline_right: int, baseline_n: int, *, margin: float, confidence: float
) -> Tested:
    """Test right / n - baseline_right / baseline_n, the difference of two proportions of other examples."""
    return _tested(tails_apart(right, n, baseline_right, baseline_n, confidence), margin, confidence)


def tails_of_pairs(gained: int, lost: int, n: int, confidence: float) -> Tails:
    missed = (1 - confidence) / _MISSED
    low, high = share_within(gained + lost, n, missed)

    def exact(difference: float, points: int) -> tuple[float, float]:
        shares = np.linspace(max(low, abs(difference)), max(high, abs(difference)), points)
        return _plus(tables.paired_tails(gained, lost, n, difference, shares), missed)

    def normal(difference: float) -> tuple[float, float]:
        return _of_score(lambda half: float(tango_score(gained, lost, n, difference, half)))

    can = tables.most_of_pairs(n, high) <= MOST_TABLES
    return Tails((gained - lost) / n, normal, exact if can else None)


def tails_apart(right: int, n: int, baseline_right: int, baseline_n: int, confidence: float) -> Tails:
    missed = (1 - confidence) / _MISSED
    estimate = right / n - baseline_right / baseline_n
    low, high = share_within(right, n, missed / 2)
    baseline_low, baseline_high = share_within(baseline_right, baseline_n, missed / 2)

    def exact(difference: float, points: int) -> tuple[float, float]:
        least, most = max(low - difference, baseline_low), min(high - difference, baseline_high)
        if least > most:
            return _plus((0.0, 1.0) if difference < estimate else (1.0, 0.0), missed)
        shares = np.linspace(least, most, points)
        return _plus(tables.apart_tails(right, n, baseline_right, baseline_n, difference, shares), missed)

    skewness = apart_skewness(right, n, baseline_right, baseline_n)

    def normal(difference: float) -> tuple[float, float]:
        return _of_score(
            lambda half: straightened(
                float(apart_score(right, n, baseline_right, baseline_n, difference, half)), skewness
            )
        )

    can = tables.most_apart(n, low, high, baseline_n, baseline_low, baseline_high) <= MOST_TABLES
    return Tails(estimate, normal, exact if can else None)


def share_within(count: int, n: int, missed: float) -> tuple[float, float]:
    """Return where a share lies, but for this chance: Chernoff's bound, solved for the share."""
    seen, most = count / n, math.log(2 / missed) / n

    def is_outside(share: float) -> bool:
        right = seen * math.log(seen / share) if seen > 0 else 0.0
        wrong = (1 - seen) * math.log((1 - seen) / (1 - share)) if seen < 1 else 0.0
        return right + wrong > most

    low = _edge(is_outside, 0.0, seen, steps=50) if seen > 0 else 0.0
    return low, _edge(is_outside, 1.0, seen, steps=50) if seen < 1 else 1.0


def _tested(tails: Tails, margin: float, confidence: float) -> Tested:
    """Turn tests of every difference into an interval; at the margin the test itself has the last word.

    P-values of exact tests need not move one way only with the difference, so the ends, which are searched
    for with fewer points, might by a hair contradict the test at the margin.
    """
    level, estimate = 1 - confidence, tails.estimate
    lower, upper = (_searched(tails, side, level) for side in (0, 1))
    no_gain, harm = tails.at(-margin)
    if abs(margin) < 1:
        lower = _first_gain(lower, no_gain, margin, level)
        upper = min(upper, math.nextafter(-margin, -2)) if harm <= level else max(upper, -margin)
    return Tested(Bounds(estimate, min(lower, estimate), max(upper, estimate)), harm, tails.exact is not None)


def _first_gain(lower: float, no_gain: float, margin: float, level: float) -> float:
    return max(lower, math.nextafter(-margin, 2)) if no_gain <= level else min(lower, -margin)


def _searched(tails: Tails, side: int, level: float) -> float:
    farthest, exact = (-1.0, 1.0)[side], tails.exact

    def is_rejected(difference: float) -> bool:
        return tails.normal(difference)[side] <= level

    end = _end(is_rejected, tails.estimate, farthest)
    if exact is None:
        return end

    def is_rejected_exactly(difference: float) -> bool:
        return exact(difference, _AT_THE_ENDS)[side] <= level

    return _moved(is_rejected_exactly, tails.estimate, end, farthest)


def _end(is_rejected: Callable[[float], bool], estimate: float, farthest: float) -> float:
    """Return from where on differences are rejected, on the way from the estimate to the farthest."""
    return farthest if estimate == farthest else _edge(is_rejected, farthest, estimate, steps=50)


def _moved(is_rejected: Callable[[float], bool], estimate: float, end: float, farthest: float) -> float:
    """Return the end that another test has near this one, rounded outward by up to a hundredth."""
    reach, most = end - estimate, abs(farthest - estimate)
    if reach == 0:
        return end
    while abs(reach) < most and not is_rejected(estimate + reach):
        reach *= 1.1
    if abs(reach) >= most:
        return farthest
    while is_rejected(estimate + reach / 1.1):
        reach /= 1.1
    return _edge(is_rejected, estimate + reach, estimate + reach / 1.1, steps=3)


def _edge(is_outside: Callable[[float], bool], outside: float, inside: float, *, steps: int) -> float:
    for _ in range(steps):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if is_outside(middle) else (outside, middle)
    return outside


def _of_score(score: Callable[[float], float]) -> tuple[float, float]:
    """Return both p-values of a score; half the step between tables is taken off towards doubt."""
    return _NORMAL.cdf(-score(-0.5)), _NORMAL.cdf(score(0.5))


def _plus(chances: tuple[float, float], missed: float) -> tuple[float, float]:
    return chances[0] + missed, chances[1] + missed
