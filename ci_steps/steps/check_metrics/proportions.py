"""Proportions: the interval of one (Wilson), and scores for two, apart or of the same examples (Tango)."""

import math
from statistics import NormalDist

import numpy as np

from ci_steps.steps.check_metrics.bootstrap import Bounds
from ci_steps.steps.check_metrics.rows import Codes, Floats

Counts = int | Codes


def wilson(right: int, n: int, confidence: float) -> Bounds:
    """Return the score interval of a proportion (Wilson, JASA 22, 1927)."""
    z = NormalDist().inv_cdf(confidence)
    share = right / n
    centre = (right + z * z / 2) / (n + z * z)
    reach = z / (n + z * z) * math.sqrt(n * share * (1 - share) + z * z / 4)
    # At 0 and at n the formula ends exactly there; rounding must not carry it past.
    lower = 0.0 if right == 0 else max(0.0, centre - reach)
    upper = 1.0 if right == n else min(1.0, centre + reach)
    return Bounds(share, lower, upper)


def tango_score(gained: Counts, lost: Counts, n: int, difference: float, correction: float = 0.0) -> Floats:
    """Return Tango's statistic for the hypothesis that the true difference is this one; it falls with it.

    Of (gained - lost) / n, where ``gained`` is b (only the candidate is right) and ``lost`` is c (only the
    baseline is): Statistics in Medicine 17 (1998) 891-908, equations 24 to 26.
    ``correction`` moves the pairs gained: a half takes their being whole numbers into account.
    """
    restricted = lost_share(gained, lost, n, difference)
    variance = n * (2 * restricted + difference * (1 - difference))
    return _over(np.subtract(gained, lost) - n * difference + correction, variance)


def lost_share(gained: Counts, lost: Counts, n: int, difference: float) -> Floats:
    """Return the likeliest share of lost pairs where the true difference is this one (Tango, equation 25)."""
    a = 2 * n
    b = (2 * n - np.subtract(gained, lost)) * difference - np.add(gained, lost)
    c = np.multiply(lost, -difference * (1 - difference))
    share: Floats = (np.sqrt(np.maximum(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    return share


def apart_score(
    right: Counts, n: int, baseline_right: Counts, baseline_n: int, difference: float, correction: float = 0.0
) -> Floats:
    """Return Agresti and Caffo's statistic: Wald's after one success and one failure more on each side.

    The American Statistician 54 (2000) 280-288. ``correction`` moves by this part of the coarser step.
    """
    ours, theirs = np.add(right, 1) / (n + 2), np.add(baseline_right, 1) / (baseline_n + 2)
    variance = ours * (1 - ours) / (n + 2) + theirs * (1 - theirs) / (baseline_n + 2)
    return _over(ours - theirs - difference + correction / min(n, baseline_n), variance)


def apart_skewness(right: int, n: int, baseline_right: int, baseline_n: int) -> float:
    """Return the skewness of a difference of independent shares, as far from certain as in the score."""
    variance = third = 0.0
    for count, of, sign in ((right, n, 1), (baseline_right, baseline_n, -1)):
        share = (count + 1) / (of + 2)
        variance += share * (1 - share) / of
        third += sign * share * (1 - share) * (1 - 2 * share) / of**2
    return float(third / variance**1.5)


def _over(above: Floats, variance: Floats) -> Floats:
    """Return above / √variance; without variance it is endless, but 0 over 0 is 0."""
    above = np.where(np.abs(above) < 1e-9, 0.0, above)
    certain = variance <= 1e-12
    score: Floats = above / np.sqrt(np.where(certain, 1.0, variance))
    return np.where(certain & (above != 0), np.copysign(np.inf, above), score)
