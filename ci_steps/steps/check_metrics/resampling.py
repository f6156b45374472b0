"""What of the rows is counted, and what is drawn anew for an interval."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ci_steps.model.metrics import METRICS
from ci_steps.steps.check_metrics.bootstrap import Resampled
from ci_steps.steps.check_metrics.rows import Codes, Floats, Mask, Rows
from ci_steps.steps.check_metrics.rows.labels import Numbers
from ci_steps.steps.check_metrics.values import ClassScore, Measure, measure

_FEW_LABELS = 200
"""Rows of the same labels on both sides are drawn as one group; beyond this hardly any would be."""


def hits_of(metric: str, rows: Rows, positive: str | None) -> Mask | None:
    """Return which rows are right, of those that the metric is the share of; None where it is no share.

    Accuracy is that of all rows, and so are the micro means, as each row has one label. Recall is that of
    the rows whose truth is its class, however many these are by chance.
    """
    if METRICS[metric].needs != "labels" or np.ptp(rows.weight) > 0:
        return None
    right = np.equal(rows.truth, rows.prediction)
    if metric == "accuracy" or metric.endswith("_micro"):
        return right
    if metric != "recall":
        return None
    of = measure(metric, rows, positive)
    return right[rows.truth == of.positive] if isinstance(of, ClassScore) else None


def alone(metric: str, rows: Rows, positive: str | None) -> Resampled:
    """Return the value of one side."""
    [rows], counts = _grouped(metric, rows)
    ours = measure(metric, rows, positive)

    def value(drawn: Sequence[Floats]) -> float:
        return ours.value(rows.weight * drawn[0])

    def influence(drawn: Sequence[Floats]) -> Sequence[Floats]:
        return (ours.influence(rows.weight * drawn[0]),)

    return Resampled(value, influence, (counts,))


def together(metric: str, candidate: Rows, baseline: Rows, positive: str | None) -> Resampled:
    """Return the gain where both sides have the same examples, which are drawn in pairs."""
    (candidate, baseline), counts = _grouped(metric, candidate, baseline)
    ours, theirs, sign = *_measures(metric, candidate, baseline, positive), _sign(metric)
    weight = candidate.weight

    def value(drawn: Sequence[Floats]) -> float:
        rows = weight * drawn[0]
        return sign * (ours.value(rows) - theirs.value(rows))

    def influence(drawn: Sequence[Floats]) -> Sequence[Floats]:
        rows = weight * drawn[0]
        return (sign * (ours.influence(rows) - theirs.influence(rows)),)

    return Resampled(value, influence, (counts,))


def apart(metric: str, candidate: Rows, baseline: Rows, positive: str | None) -> Resampled:
    """Return the gain where the sides have other examples, which are drawn for each by itself."""
    [candidate], our_counts = _grouped(metric, candidate)
    [baseline], their_counts = _grouped(metric, baseline)
    ours, theirs, sign = *_measures(metric, candidate, baseline, positive), _sign(metric)

    def value(drawn: Sequence[Floats]) -> float:
        here, there = candidate.weight * drawn[0], baseline.weight * drawn[1]
        return sign * (ours.value(here) - theirs.value(there))

    def influence(drawn: Sequence[Floats]) -> Sequence[Floats]:
        here, there = candidate.weight * drawn[0], baseline.weight * drawn[1]
        return sign * ours.influence(here), -sign * theirs.influence(there)

    return Resampled(value, influence, (our_counts, their_counts))


def _measures(metric: str, candidate: Rows, baseline: Rows, positive: str | None) -> tuple[Measure, Measure]:
    return measure(metric, candidate, positive), measure(metric, baseline, positive)


def _sign(metric: str) -> int:
    return 1 if METRICS[metric].direction == "higher" else -1


def _grouped(metric: str, *sides: Rows) -> tuple[list[Rows], Floats]:
    """Return one row for each group of rows that are alike on every side, and how many each stands for."""
    first = sides[0]
    labels = len(first.labels)
    if METRICS[metric].needs == "numbers":
        return [_of_own_numbers(side) for side in sides], np.ones(len(first))
    if METRICS[metric].needs != "labels" or labels > _FEW_LABELS or np.ptp(first.weight) > 0:
        return list(sides), np.ones(len(first))
    key: Codes = first.truth
    for side in sides:
        key = key * labels + side.prediction
    _, places, counts = np.unique(key, return_index=True, return_counts=True)
    return [side.part(places) for side in sides], counts.astype(float)


def _of_own_numbers(rows: Rows) -> Rows:
    """Leave out the numbers of other rows: a replicate of a small slice must not cost as much as all rows."""
    if len(rows.labels) <= 2 * len(rows):
        return rows
    used, codes = np.unique(np.concatenate((rows.truth, rows.prediction)), return_inverse=True)
    truth, prediction = codes.reshape(2, -1).astype(np.int64, copy=False)
    known = rows.labels.array if isinstance(rows.labels, Numbers) else np.array(rows.labels, dtype=float)
    return replace(rows, labels=Numbers(known[used]), truth=truth, prediction=prediction)
