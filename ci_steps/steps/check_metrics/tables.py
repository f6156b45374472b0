"""How likely tables of counts are that are as extreme as the one seen, by counting all that matter."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ci_steps.steps.check_metrics.proportions import apart_score, tango_score
from ci_steps.steps.check_metrics.rows import Codes, Floats

_REACH = 8.0
"""Standard errors past which tables are left out: a chance below 1e-14."""
_SAME = 1e-9
"""Scores this near are one score, computed twice."""


def paired_tails(gained: int, lost: int, n: int, difference: float, shares: Floats) -> tuple[float, float]:
    """Return the largest chances of a score as high, and of one as low, over these discordant shares."""
    ups, downs = (shares + difference) / 2, (shares - difference) / 2
    g, b = _counts(n, ups.min(), ups.max()), _counts(n, downs.min(), downs.max())
    both = np.arange(g[0] + b[0], g[-1] + b[-1] + 1)
    scores = tango_score(g[:, None], b[None, :], n, difference)
    high, low = _as_extreme(scores, float(tango_score(gained, lost, n, difference)))
    # The trinomial chance is two Poisson chances times what makes n their bound; all three are near 1.
    left = np.maximum(n - both, 0)
    bound = math.lgamma(n + 1) - _log_factorials(left) - both * math.log(n)
    chances = [0.0], [0.0]
    for up, down in zip(ups.tolist(), downs.tolist(), strict=True):
        of_both = bound + _powers(left, 1 - up - down) + n * (up + down)
        window = sliding_window_view(np.where(both <= n, np.exp(of_both), 0.0), len(b))
        of_gained, of_lost = _poisson(g, n * up), _poisson(b, n * down)
        for found, wanted in zip(chances, (high, low), strict=True):
            found.append(float(of_gained @ (window * wanted) @ of_lost))
    return max(chances[0]), max(chances[1])


def apart_tails(
    right: int, n: int, baseline_right: int, baseline_n: int, difference: float, shares: Floats
) -> tuple[float, float]:
    """Return the largest chances of a score as high, and of one as low, over these baseline shares."""
    ours = _counts(n, shares.min() + difference, shares.max() + difference)
    theirs = _counts(baseline_n, shares.min(), shares.max())
    scores = apart_score(ours[:, None], n, theirs[None, :], baseline_n, difference)
    seen = float(apart_score(right, n, baseline_right, baseline_n, difference))
    high, low = _as_extreme(scores, seen)
    pairs = [(_binomial(ours, n, s + difference), _binomial(theirs, baseline_n, s)) for s in shares.tolist()]
    return max(float(a @ high @ b) for a, b in pairs), max(float(a @ low @ b) for a, b in pairs)


def most_of_pairs(n: int, share: float) -> int:
    """Return how many tables matter at most, where this share of the pairs is discordant."""
    return len(_counts(n, share / 2, share / 2)) ** 2


def most_apart(
    n: int, low: float, high: float, baseline_n: int, baseline_low: float, baseline_high: float
) -> int:
    """Return how many tables matter at most, where the shares of both sides lie between these."""
    return len(_counts(n, low, high)) * len(_counts(baseline_n, baseline_low, baseline_high))


def _counts(n: int, low: float, high: float) -> Codes:
    """Return the counts that may well be seen where a share lies between these."""
    low, high = min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0)
    first = n * low - _REACH * math.sqrt(n * low * (1 - low)) - _REACH
    # A Poisson count of few has the longer tail.
    last = n * high + _REACH * math.sqrt(n * high * (1 - high)) + 3 * _REACH
    return np.arange(max(0, math.floor(first)), min(n, math.ceil(last)) + 1)


def _as_extreme(scores: Floats, seen: float) -> Iterator[Floats]:
    yield (scores >= seen - _SAME).astype(float)
    yield (scores <= seen + _SAME).astype(float)


def _log_factorials(counts: Codes) -> Floats:
    return np.array([math.lgamma(count + 1) for count in counts.tolist()])


def _powers(counts: Codes, base: float) -> Floats:
    """Return the logarithm of base to the power of each count; 0 to the power of 0 is 1."""
    if base > 0:
        return np.asarray(counts * math.log(base), dtype=float)
    return np.where(counts == 0, 0.0, -np.inf)


def _poisson(counts: Codes, mean: float) -> Floats:
    chances: Floats = np.exp(_powers(counts, mean) - max(mean, 0.0) - _log_factorials(counts))
    return chances


def _binomial(counts: Codes, n: int, share: float) -> Floats:
    ways = math.lgamma(n + 1) - _log_factorials(counts) - _log_factorials(n - counts)
    chances: Floats = np.exp(ways + _powers(counts, share) + _powers(n - counts, 1 - share))
    return chances
