from dataclasses import dataclass

import numpy as np

from ci_steps.steps.check_metrics.rows import Codes, Floats, Mask


@dataclass(frozen=True, slots=True)
class Area:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties half.

    Hanley and McNeil, Radiology 143 (1982); the influence of a row is its placement (DeLong, DeLong and
    Clarke-Pearson, Biometrics 44, 1988).
    """

    positive: Mask
    ranks: Codes
    """Number of each row's score among the different scores, ascending."""

    def _placements(self, weight: Floats) -> tuple[Floats, Floats, float, float]:
        up = np.where(self.positive, weight, 0.0)
        at_up = np.bincount(self.ranks, up)
        at_down = np.bincount(self.ranks, weight - up)
        below = np.cumsum(at_down) - at_down / 2
        above = at_up.sum() - np.cumsum(at_up) + at_up / 2
        return below, above, float(at_up.sum()), float(at_down.sum())

    def value(self, weight: Floats) -> float:
        up = np.where(self.positive, weight, 0.0)
        at_up = np.bincount(self.ranks, up)
        at_down = np.bincount(self.ranks, weight - up)
        both = at_up.sum() * at_down.sum()
        if both <= 0:
            return float("nan")
        return float(at_up @ (np.cumsum(at_down) - at_down / 2) / both)

    def influence(self, weight: Floats) -> Floats:
        below, above, ups, downs = self._placements(weight)
        area = self.value(weight)
        moved: Floats = np.where(
            self.positive, (below[self.ranks] / downs - area) / ups, (above[self.ranks] / ups - area) / downs
        )
        return weight * moved


@dataclass(frozen=True, slots=True)
class AveragePrecision:
    """The mean, over positives, of the precision among the rows that score as high or higher.

    This is the step-wise sum of scikit-learn, without interpolation; rows of one score enter together.
    """

    positive: Mask
    ranks: Codes
    """Number of each row's score among the different scores, ascending."""

    def _parts(self, weight: Floats) -> tuple[Floats, Floats, Floats]:
        """Return by score, ascending: the positives at it, those at it or above, and all at it or above."""
        up = np.bincount(self.ranks, np.where(self.positive, weight, 0.0)).astype(float)
        every = np.bincount(self.ranks, weight).astype(float)
        return up, np.cumsum(up[::-1])[::-1], np.cumsum(every[::-1])[::-1]

    def value(self, weight: Floats) -> float:
        up, ups, every = self._parts(weight)
        if ups[0] <= 0:
            return float("nan")
        return float(up @ _over(ups, every) / ups[0])

    def influence(self, weight: Floats) -> Floats:
        up, ups, every = self._parts(weight)
        precision = _over(ups, every)
        # A row of some score counts into precision at every score up to its own.
        gained = np.cumsum(_over(up, every))
        lost = np.cumsum(_over(up * precision, every))
        of_positive = precision + gained - up @ precision / ups[0]
        moved = np.where(self.positive, of_positive[self.ranks], 0.0) - lost[self.ranks]
        return np.asarray(weight * moved / ups[0], dtype=float)


def _over(above: Floats, below: Floats) -> Floats:
    share: Floats = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return share
