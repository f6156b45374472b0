"""Quantiles of a sorted list, and how sure they are: order statistics, without any model of the latencies.

The bounds are exact for independent requests (David and Nagaraja, *Order Statistics*, 3rd ed., section 7.1;
Hahn and Meeker, *Statistical Intervals*, chapter 5). Requests of one stall are not independent: then the
real uncertainty, about what another run would show, is wider than these bounds say.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from ci_steps.model.value import Value

CONFIDENCE = 0.95
"""One-sided, of each bound."""
_MOST = 10_000_000


class Ranks(Value, frozen=True):
    """The places in a sorted list, from 1, of two bounds; 0 and n + 1 where so short a list has none."""

    lower: int
    upper: int


class Bounded(Value, frozen=True):
    """A quantile with its bounds, in the unit of the list; an infinite one: the list is too short for it."""

    value: float
    lower: float
    upper: float
    n: int


def quantile(ordered: Sequence[float], q: float) -> float:
    """Return the nearest-rank quantile of a sorted list: the least value that q of all do not exceed."""
    return ordered[max(0, math.ceil(q * len(ordered) - 1e-9) - 1)]


def bounded(ordered: Sequence[float], q: float, confidence: float = CONFIDENCE) -> Bounded:
    """Return the quantile of a sorted list with a lower and an upper bound, one-sided each."""
    n = len(ordered)
    ranks = ranks_of(n, q, confidence)
    return Bounded(
        value=quantile(ordered, q),
        lower=ordered[ranks.lower - 1] if ranks.lower >= 1 else -math.inf,
        upper=ordered[ranks.upper - 1] if ranks.upper <= n else math.inf,
        n=n,
    )


@lru_cache(maxsize=4096)
def ranks_of(n: int, q: float, confidence: float = CONFIDENCE) -> Ranks:
    """Return the ranks whose values bound a quantile: how many of n lie below it is binomial.

    >>> ranks_of(1000, 0.99)
    Ranks(lower=985, upper=996)
    >>> ranks_of(298, 0.99).upper, ranks_of(299, 0.99).upper
    (299, 299)
    """
    first, masses = _masses(n, q)
    below, lower, upper = 0.0, 0, n + 1
    for k, mass in enumerate(masses, first):
        # Here ``below`` is the chance that fewer than k of n lie below the quantile.
        if below <= 1 - confidence:
            lower = k
        if below >= confidence:
            upper = k
            break
        below += mass
    return Ranks(lower, min(upper, n + 1))


def would_decide(above: int, n: int, q: float) -> int:
    """Return how many requests, of which the same share is above the limit, would decide; 0 where none do.

    >>> would_decide(6, 1000, 0.99), would_decide(10, 1000, 0.99)
    (1728, 0)
    """
    asked = n
    while asked < _MOST:
        asked = max(asked + 1, round(asked * 1.2))
        within, ranks = asked - round(above / n * asked), ranks_of(asked, q)
        if ranks.upper <= within or ranks.lower > within:
            return asked
    return 0


def _masses(n: int, q: float) -> tuple[int, list[float]]:
    """Return the binomial masses that count, and the number of successes of the first of them.

    By their ratio, outwards from the greatest: what is more than 12 standard deviations off is below 1e-30.
    """
    mode = min(n, int((n + 1) * q))
    reach = int(12 * math.sqrt(n * q * (1 - q))) + 40
    odds = q / (1 - q)
    down, mass = [], 1.0
    for k in range(mode, max(0, mode - reach), -1):
        mass *= k / (n - k + 1) / odds
        down.append(mass)
    up, mass = [], 1.0
    for k in range(mode, min(n, mode + reach)):
        mass *= (n - k) / (k + 1) * odds
        up.append(mass)
    whole = sum(down) + 1 + sum(up)
    # One more than there are, so that whoever adds them up sees their sum.
    masses = [*(each / whole for each in reversed(down)), 1 / whole, *(each / whole for each in up), 0.0]
    return mode - len(down), masses
