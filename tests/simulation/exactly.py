"""How often the test of two proportions errs at the margin, by adding up the chances of all tables."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from scipy import stats  # type: ignore[import-untyped]  # it ships no types

from ci_steps.steps.check_metrics.exact import tails_apart, tails_of_pairs
from tests.simulation.trials import CONFIDENCE

_REACH = 4.5
"""Standard errors past which counts are left out: less than 0.00001 of all chance."""
_LEVEL = 1 - CONFIDENCE


@dataclass(frozen=True, slots=True)
class Errors:
    """The chance of a false pass, and that of a false refusal, where the truth lies at the margin."""

    passed: float
    refused: float


@dataclass(slots=True)
class _Bracket:
    """Where the answer turns, found from where it turned one count before: not far from there."""

    last: int | None = None

    def found(self, is_rejected: Callable[[int], bool], most: int, step: int) -> int:
        """Return the least count that is rejected (step 1), or the greatest (step -1)."""
        place = min(max(most // 2 if self.last is None else self.last, 0), most)
        while 0 <= place <= most and not is_rejected(place):
            place += step
        while 0 <= place - step <= most and is_rejected(place - step):
            place -= step
        self.last = place
        return place


def of_pairs(n: int, disagreement: float, margin: float) -> Errors:
    """Return both for pairs: more of the discordant ones are lost, by the margin."""
    lost, gained = (disagreement + margin) / 2, (disagreement - margin) / 2
    return _errors(
        lambda one, other: tails_of_pairs(one, other, n, CONFIDENCE).at(-margin),
        [(count, n - count, float(stats.binom.pmf(count, n, lost))) for count in _counts(n, lost)],
        gained / (1 - lost),
    )


def apart(n: int, baseline_n: int, right: float, margin: float) -> Errors:
    """Return both for two samples, where the baseline is right this often and the candidate less."""
    return _errors(
        lambda one, other: tails_apart(one, n, other, baseline_n, CONFIDENCE).at(-margin),
        [
            (count, n, float(stats.binom.pmf(count, baseline_n, right)))
            for count in _counts(baseline_n, right)
        ],
        right - margin,
    )


def _errors(
    tails: Callable[[int, int], tuple[float, float]], others: Sequence[tuple[int, int, float]], share: float
) -> Errors:
    """Add up, over the counts of the other side and their chances, those of ours that are rejected."""
    passed = refused = 0.0
    above, below = _Bracket(), _Bracket()
    for other, most, chance in others:

        def is_rejected(one: int, side: int, other: int = other) -> bool:
            return tails(one, other)[side] <= _LEVEL

        least = above.found(partial(is_rejected, side=0), most, 1)
        greatest = below.found(partial(is_rejected, side=1), most, -1)
        passed += chance * float(stats.binom.sf(least - 1, most, share))
        refused += chance * float(stats.binom.cdf(greatest, most, share))
    return Errors(passed, refused)


def _counts(n: int, share: float) -> range:
    spread = _REACH * math.sqrt(n * share * (1 - share)) + 3
    return range(max(0, math.floor(n * share - spread)), min(n, math.ceil(n * share + spread + 3)) + 1)
