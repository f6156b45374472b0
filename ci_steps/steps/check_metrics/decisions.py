"""Every comparison that decides, each on one line, so that inverting one must turn a test red."""

import math
from statistics import NormalDist

POWER = 0.8
MIN_DIFFERING = 10
"""Fewest pairs that must differ before a bootstrap may decide: a convention, not a tuned value."""


def is_enough(n: int, wanted: int) -> bool:
    return n >= wanted


def keeps_floor(value: float, floor: float) -> bool:
    return value >= floor


def keeps_ceiling(value: float, ceiling: float) -> bool:
    return value <= ceiling


def is_shown(worst_gain: float, margin: float) -> bool:
    """Whether non-inferiority is shown: the whole interval lies on the good side of the margin."""
    return worst_gain > -margin


def is_beyond(gain: float, margin: float) -> bool:
    """Whether to refuse: the estimate itself lies past the margin, proven or not.

    More examples of the same kind would prove the harm, not the absence of it, so it must not be something a
    waiver can carry. An estimate on the good side whose interval reaches over the margin is inconclusive:
    there more examples may well show it.
    """
    return gain < -margin


def is_claim_kept(claimed: float, found: float, tolerance: float) -> bool:
    return abs(claimed - found) <= tolerance


def examples_that_decide(
    n: int, gain: float, worst_gain: float, margin: float, confidence: float
) -> int | None:
    """Return about how many examples would show it with 80 % power, if the true difference is as seen.

    n' = n · ((z_confidence + z_power) · se / (gain + margin))², se taken from the interval's own width.
    This is the usual normal approximation for non-inferiority; None where no number would.
    """
    room = gain + margin
    if room <= 0:
        return None
    z = NormalDist().inv_cdf
    error = (gain - worst_gain) / z(confidence)
    wanted = n * ((z(confidence) + z(POWER)) * error / room) ** 2
    digits = 10.0 ** max(0, math.floor(math.log10(max(wanted, 1))) - 1)
    return max(n + 1, round(math.ceil(wanted / digits) * digits))
