"""Every comparison that decides, each on one line, so that inverting one must turn a test red."""

import math
from collections.abc import Sequence
from statistics import NormalDist

POWER = 0.8
MIN_DIFFERING = 10
"""Fewest pairs that must differ before a bootstrap may decide: a convention, not a tuned value."""
MIN_TELLING = 15
"""Fewest rows that must tell where each moves the value by its own amount. With 10 average precision passed
in 7 of 100 at the margin: the rows that would have moved it most are seldom seen."""
MIN_OF_A_CLASS = 5
"""Fewest of them in each class, where a metric weighs classes: none seen of a rare one does not mean none."""


def is_enough(n: int, wanted: int) -> bool:
    return n >= wanted


def keeps_floor(value: float, floor: float) -> bool:
    return value >= floor


def keeps_ceiling(value: float, ceiling: float) -> bool:
    return value <= ceiling


def is_shown(worst_gain: float, margin: float) -> bool:
    """Whether non-inferiority is shown: the whole interval lies on the good side of the margin."""
    return worst_gain > -margin


def is_harm(p: float, confidence: float) -> bool:
    """Whether harm is proven: were the margin kept, as bad a result would be this rare."""
    return p <= 1 - confidence


def holm(pvalues: Sequence[float], confidence: float) -> tuple[bool, ...]:
    """Return which of a family are refused, so that a family of sound ones seldom has any.

    Holm, Scandinavian Journal of Statistics 6 (1979) 65-70: the smallest p-value is held to the level over
    their number, the next one to the level over what is left, and so on until one is not refused.
    """
    refused = [False] * len(pvalues)
    for rank, place in enumerate(sorted(range(len(pvalues)), key=pvalues.__getitem__)):
        if not is_harm(pvalues[place] * (len(pvalues) - rank), confidence):
            break
        refused[place] = True
    return tuple(refused)


def is_claim_kept(claimed: float, found: float, tolerance: float) -> bool:
    return abs(claimed - found) <= tolerance


def examples_that_decide(n: int, gain: float, end: float, margin: float, confidence: float) -> int | None:
    """Return about how many examples would decide with 80 % power, if the true difference is as seen.

    ``end`` is the end of the interval that faces the margin. With its distance for the standard error,
    n' = n · ((z_confidence + z_power) · se / (gain + margin))², the usual normal approximation (Julious,
    Statistics in Medicine 23, 2004); None where the difference is the margin itself.
    """
    room = gain + margin
    if room == 0:
        return None
    z = NormalDist().inv_cdf
    error = (gain - end) / z(confidence)
    wanted = n * ((z(confidence) + z(POWER)) * error / room) ** 2
    digits = 10.0 ** max(0, math.floor(math.log10(max(wanted, 1))) - 1)
    return max(n + 1, round(math.ceil(wanted / digits) * digits))
