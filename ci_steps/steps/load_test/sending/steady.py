"""When a service is warm. Only the standard library: the generator asks here while it sends."""

from collections.abc import Sequence

NEAR_SHARE, NEAR_MS = 0.10, 1.0
"""Two windows agree within a tenth, or within a millisecond, which no clock of a busy machine tells apart."""
_FEWEST_IN_WINDOW = 10
_SHORTEST_WINDOW = 0.25


def window_seconds(rate: float, least: float, most: float) -> float:
    """Return the length of a window: half the least warm-up, but ten requests, and two must fit.

    >>> window_seconds(100, 2, 30), window_seconds(2, 2, 30), window_seconds(0.1, 2, 30)
    (1.0, 5.0, 15.0)
    """
    return min(max(least / 2, _FEWEST_IN_WINDOW / rate, _SHORTEST_WINDOW), most / 2)


def is_steady(medians: Sequence[float]) -> bool:
    """Tell whether the medians of the last two windows agree."""
    if len(medians) < 2:
        return False
    before, now = medians[-2:]
    return agree(before, now)


def agree(before: float, now: float) -> bool:
    return abs(now - before) <= max(NEAR_MS, NEAR_SHARE * min(before, now))
