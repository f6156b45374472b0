from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ci_steps.steps.check_metrics.rows import Floats


class UndefinedError(Exception):
    """The metric has no value on these rows; the message says why."""


class Measure(Protocol):
    """A metric on fixed rows, as a function of their weights."""

    def value(self, weight: Floats) -> float:
        """Return the metric; NaN where these weights leave it undefined."""

    def influence(self, weight: Floats) -> Floats:
        """Return the change of the value for a unit of weight on each row, times that row's weight.

        These are the empirical influence values over n (Efron and Tibshirani, An Introduction to the
        Bootstrap, 1993): they sum to 0, and their squares sum to the variance.
        """


@dataclass(frozen=True, slots=True)
class Mean:
    """The weighted mean of a loss a row, or its root: accuracy, log loss, MAE, RMSE."""

    losses: Floats
    root: bool = False

    def value(self, weight: Floats) -> float:
        mean = float(weight @ self.losses / weight.sum())
        return float(np.sqrt(mean)) if self.root else mean

    def influence(self, weight: Floats) -> Floats:
        total = weight.sum()
        moved: Floats = weight * (self.losses - weight @ self.losses / total) / total
        value = self.value(weight)
        if not self.root:
            return moved
        return moved / (2 * value) if value > 0 else np.zeros_like(moved)
