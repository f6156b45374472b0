from dataclasses import dataclass

import numpy as np

from ci_steps.steps.check_metrics.rows import Codes, Floats

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Variance:
    """R²: the share of truth's weighted variance that is not left in the errors."""

    truth: Floats
    errors: Floats

    def _parts(self, weight: Floats) -> tuple[Floats, Floats, float, float]:
        left = self.errors**2
        around = (self.truth - weight @ self.truth / weight.sum()) ** 2
        return left, around, float(weight @ left), float(weight @ around)

    def value(self, weight: Floats) -> float:
        *_, left, whole = self._parts(weight)
        return 1 - left / whole if whole > 0 else NAN

    def influence(self, weight: Floats) -> Floats:
        each_left, around, left, whole = self._parts(weight)
        # The mean of truth moves too, but around the mean that changes nothing in first order.
        moved: Floats = weight * (left / whole * around - each_left) / whole
        return moved


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Spearman's: the weighted Pearson correlation of weighted ranks.

    The rank of a row is the weight of the rows below it and half the weight of those that equal it, so that a
    row of weight 2 is two rows. Without weights these are the usual mid-ranks.
    """

    truth: Codes
    prediction: Codes
    """Number of each row's value among the different values, ascending."""

    def value(self, weight: Floats) -> float:
        ours, theirs = _centred(self.truth, weight), _centred(self.prediction, weight)
        both = float(weight @ ours**2) * float(weight @ theirs**2)
        return float(weight @ (ours * theirs)) / np.sqrt(both) if both > 0 else NAN

    def influence(self, weight: Floats) -> Floats:
        ours, theirs = _centred(self.truth, weight), _centred(self.prediction, weight)
        mine, other = float(weight @ ours**2), float(weight @ theirs**2)
        value = self.value(weight)
        # A row enters both sums itself, and moves the rank of every other row by half a unit of its weight.
        together = (
            ours * theirs + _moved(self.truth, weight * theirs) + _moved(self.prediction, weight * ours)
        )
        in_mine = ours**2 + 2 * _moved(self.truth, weight * ours)
        in_other = theirs**2 + 2 * _moved(self.prediction, weight * theirs)
        moved: Floats = together / np.sqrt(mine * other) - value / 2 * (in_mine / mine + in_other / other)
        return weight * moved


def _centred(codes: Codes, weight: Floats) -> Floats:
    """Return weighted mid-ranks, less their mean, which is half of all weight."""
    at = np.bincount(codes, weight)
    centred: Floats = np.cumsum(at) - at / 2 - at.sum() / 2
    return centred[codes]


def _moved(codes: Codes, summed: Floats) -> Floats:
    """Return, for each row, half of what is summed over the rows above it less that over the rows below."""
    at = np.bincount(codes, summed)
    below = np.cumsum(at) - at / 2
    moved: Floats = at.sum() / 2 - below
    return moved[codes]
