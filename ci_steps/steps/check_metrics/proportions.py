"""Intervals for proportions: one (Wilson), two apart (Newcombe), two of the same examples (Tango)."""

import math
from collections.abc import Callable
from statistics import NormalDist

from ci_steps.steps.check_metrics.bootstrap import Bounds


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


def newcombe(right: int, n: int, baseline_right: int, baseline_n: int, confidence: float) -> Bounds:
    """Return the hybrid score interval of a difference of independent proportions.

    Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.
    """
    ours, theirs = wilson(right, n, confidence), wilson(baseline_right, baseline_n, confidence)
    difference = ours.estimate - theirs.estimate
    down = math.hypot(ours.estimate - ours.lower, theirs.upper - theirs.estimate)
    up = math.hypot(ours.upper - ours.estimate, theirs.estimate - theirs.lower)
    return Bounds(difference, difference - down, difference + up)


def tango(gained: int, lost: int, n: int, confidence: float) -> Bounds:
    """Return the score interval of (gained - lost) / n, a difference of paired proportions.

    Tango, Statistics in Medicine 17 (1998) 891-908, equations 24 to 26, where ``gained`` is b (only the
    candidate is right) and ``lost`` is c (only the baseline is). It stays honest with few discordant pairs.
    """
    z = NormalDist().inv_cdf(confidence)
    estimate = (gained - lost) / n
    lower = _crossing(lambda d: tango_score(gained, lost, n, d) > z, -1.0, estimate)
    upper = _crossing(lambda d: tango_score(gained, lost, n, d) > -z, estimate, 1.0)
    return Bounds(estimate, lower, upper)


def tango_score(gained: int, lost: int, n: int, difference: float) -> float:
    """Return Tango's statistic for the hypothesis that the true difference is this one; it falls with it."""
    restricted = lost_share(gained, lost, n, difference)
    variance = n * (2 * restricted + difference * (1 - difference))
    above = gained - lost - n * difference
    if above == 0:
        return 0.0
    return above / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, above)


def lost_share(gained: int, lost: int, n: int, difference: float) -> float:
    """Return the likeliest share of lost pairs where the true difference is this one (Tango, equation 25)."""
    a = 2 * n
    b = -gained - lost + (2 * n - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    return (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)


def _crossing(is_before: Callable[[float], bool], low: float, high: float) -> float:
    """Return where a falling condition turns false between two bounds, by bisection to the last bit."""
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if is_before(middle) else (low, middle)
    return (low + high) / 2
