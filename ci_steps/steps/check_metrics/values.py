"""Metrics from rows, with numpy only. Each also says how much each row moves it, for its interval."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ci_steps.steps.check_metrics.rows import Codes, Floats, Mask, Rows


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


@dataclass(frozen=True, slots=True)
class F1:
    """F1 of one class, or its mean over the classes that occur.

    2·tp / (2·tp + fp + fn): van Rijsbergen, Information Retrieval, 1979.
    """

    truth: Codes
    prediction: Codes
    classes: int
    positive: int | None

    def _parts(self, weight: Floats) -> tuple[Floats, Floats, Mask]:
        hit = self.truth == self.prediction
        found = np.bincount(self.truth[hit], weight[hit], self.classes)
        either: Floats = np.bincount(self.truth, weight, self.classes).astype(float)
        either += np.bincount(self.prediction, weight, self.classes)
        counted: Mask = either > 0
        if self.positive is not None:
            counted &= np.arange(self.classes) == self.positive
        scores: Floats = np.divide(2 * found, either, out=np.zeros(self.classes), where=either > 0)
        return scores, either, counted

    def value(self, weight: Floats) -> float:
        scores, _, counted = self._parts(weight)
        return float(scores[counted].mean()) if counted.any() else float("nan")

    def influence(self, weight: Floats) -> Floats:
        scores, either, counted = self._parts(weight)
        share = np.divide(1.0, either, out=np.zeros(self.classes), where=counted)
        lost = scores * share
        gained = np.where(self.truth == self.prediction, 2 * share[self.truth], 0.0)
        moved: Floats = weight * (gained - lost[self.truth] - lost[self.prediction]) / counted.sum()
        return moved


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


def measure(metric: str, rows: Rows) -> Measure:
    """Return the metric on these rows; where it has no value, :class:`UndefinedError` says why."""
    if metric == "accuracy":
        return Mean((rows.truth == rows.prediction).astype(float))
    if metric in {"mae", "rmse"}:
        if rows.kind != "number":
            raise UndefinedError(f"{metric} needs numbers, and truth is {rows.kind}")
        truth, prediction = rows.numbers
        apart = np.abs(truth - prediction)
        return Mean(apart) if metric == "mae" else Mean(apart**2, root=True)
    if metric == "f1":
        return _f1(rows)
    positive = _positives(metric, rows)
    if metric == "roc_auc":
        return _area(rows, positive)
    if ((rows.score < 0) | (rows.score > 1)).any():
        raise UndefinedError("log_loss needs probabilities, and a score lies outside 0 to 1")
    # scikit-learn's log_loss clips by the machine epsilon of the probabilities' type.
    eps = np.finfo(float).eps
    chance = np.clip(np.where(positive, rows.score, 1 - rows.score), eps, 1 - eps)
    return Mean(-np.log(chance))


def value_of(metric: str, rows: Rows) -> float:
    """Return the metric on these rows, weighted."""
    if not len(rows):
        raise UndefinedError("there are no rows")
    value = measure(metric, rows).value(rows.weight)
    if not np.isfinite(value):
        raise UndefinedError(f"{metric} has no value on these rows")
    return value


def _f1(rows: Rows) -> F1:
    """Return F1 of the last label in sorted order where there are two labels, else the macro mean."""
    if len(rows.labels) < 2:
        raise UndefinedError("f1 needs at least two classes, and there is 1")
    positive = 1 if len(rows.labels) == 2 else None
    return F1(rows.truth, rows.prediction, len(rows.labels), positive)


def _positives(metric: str, rows: Rows) -> Mask:
    """Return which rows are of the positive class: the last of the two labels in sorted order."""
    if len(rows.labels) != 2:
        raise UndefinedError(f"{metric} needs two classes, and there are {len(rows.labels)}")
    missing = int(np.isnan(rows.score).sum())
    if missing:
        raise UndefinedError(f"{metric} needs scores, and {missing:,} of {len(rows):,} rows have none")
    return np.equal(rows.truth, 1)


def _area(rows: Rows, positive: Mask) -> Area:
    if positive.all() or not positive.any():
        raise UndefinedError("roc_auc needs both classes in truth, and there is one")
    return Area(positive, np.unique(rows.score, return_inverse=True)[1].astype(np.int64))
