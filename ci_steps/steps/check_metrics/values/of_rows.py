from collections.abc import Iterable

import numpy as np

from ci_steps.errors import InputError
from ci_steps.model.metrics import METRICS
from ci_steps.model.settings import MetricRule
from ci_steps.steps.check_metrics.rows import Mask, Rows, in_words, place_of
from ci_steps.steps.check_metrics.values.classes import ClassScore, Score
from ci_steps.steps.check_metrics.values.measures import Mean, Measure, UndefinedError
from ci_steps.steps.check_metrics.values.numbers import RankCorrelation, Variance
from ci_steps.steps.check_metrics.values.ranking import Area, AveragePrecision

_SCORES: dict[str, Score] = {"precision": "precision", "recall": "recall", "f1": "f1"}


def value_of(metric: str, rows: Rows, positive: str | None = None) -> float:
    """Return the metric on these rows, weighted."""
    value = measure(metric, rows, positive).value(rows.weight)
    if not np.isfinite(value):
        raise UndefinedError(_why_not(metric))
    return value


def measure(metric: str, rows: Rows, positive: str | None = None) -> Measure:
    """Return the metric on these rows; where it has no value, :class:`UndefinedError` says why.

    ``positive`` is the positive label as :func:`~ci_steps.steps.check_metrics.rows.in_words` writes it.
    Where scikit-learn puts a number in the place of a division by nothing, there is no value here.
    """
    if not len(rows):
        raise UndefinedError("there are no rows")
    needs = METRICS[metric].needs
    if needs == "numbers":
        return _of_numbers(metric, rows)
    if needs == "scores":
        return _of_scores(metric, rows, positive)
    score, _, mean = metric.partition("_")
    if metric == "accuracy" or mean == "micro":
        # One label a row: each wrong row is one false positive and one false negative, so all three agree.
        return Mean((rows.truth == rows.prediction).astype(float))
    if metric == "balanced_accuracy":
        return _balanced(rows)
    if mean == "macro":
        return ClassScore(_SCORES[score], rows.truth, rows.prediction, len(rows.labels))
    return _of_one_class(_SCORES[score], rows, positive)


def refuse_other_positives(rules: Iterable[MetricRule], rows: Rows) -> None:
    """Refuse a rule that wants of a score what it does not say: it is the probability of the last label."""
    for rule in rules:
        if METRICS[rule.metric].needs == "scores" and (
            other := _not_of_score(rule.metric, rows, rule.positive)
        ):
            hint = f"leave positive out, or evaluate with labels of which {rule.positive!r} is the last"
            raise InputError(f"{rule.where or 'release.yaml'}: {other}", hint=hint)


def _not_of_score(metric: str, rows: Rows, positive: str | None) -> str:
    last = in_words(rows.labels[-1])
    if positive is None or place_of(positive, rows.labels) in {None, len(rows.labels) - 1}:
        return ""
    return f"{metric} cannot be of {positive!r}: score is that of {last!r}, the last label in sorted order"


def _refuse_unknown(positive: str, rows: Rows) -> None:
    if place_of(positive, rows.labels) is None:
        known = ", ".join(in_words(label) for label in rows.labels[:9])
        raise UndefinedError(f"no row has the positive label {positive!r}; labels are {known}")


def _of_one_class(score: Score, rows: Rows, positive: str | None) -> ClassScore:
    """Return the score of the class that is named, else of the last of two labels in sorted order."""
    count = len(rows.labels)
    if count < 2:
        raise UndefinedError(f"{score} needs at least two classes, and there is 1")
    if positive is None and count > 2:
        raise UndefinedError(
            f"{score} is of one class, and there are {count:,}: ask for {score}_macro or {score}_micro, "
            "or name the positive one"
        )
    if positive is not None:
        _refuse_unknown(positive, rows)
    place = 1 if positive is None else place_of(positive, rows.labels)
    return ClassScore(score, rows.truth, rows.prediction, count, positive=place)


def _balanced(rows: Rows) -> ClassScore:
    if (rows.truth == rows.truth[0]).all():
        raise UndefinedError("balanced_accuracy needs at least two classes in truth, and there is 1")
    return ClassScore("recall", rows.truth, rows.prediction, len(rows.labels), true_only=True)


def _of_scores(metric: str, rows: Rows, positive: str | None) -> Measure:
    """Return a metric of ``score``: the probability of the last of the two labels in sorted order."""
    if len(rows.labels) != 2:
        raise UndefinedError(f"{metric} needs two classes, and there are {len(rows.labels):,}")
    missing = int(np.isnan(rows.score).sum())
    if missing:
        raise UndefinedError(f"{metric} needs scores, and {missing:,} of {len(rows):,} rows have none")
    if positive is not None:
        _refuse_unknown(positive, rows)
    if other := _not_of_score(metric, rows, positive):
        raise UndefinedError(other)
    up: Mask = rows.truth == 1
    if metric in {"roc_auc", "average_precision"}:
        if up.all() or not up.any():
            raise UndefinedError(f"{metric} needs both classes in truth, and there is one")
        return Area(up, rows.ranks) if metric == "roc_auc" else AveragePrecision(up, rows.ranks)
    if ((rows.score < 0) | (rows.score > 1)).any():
        raise UndefinedError(f"{metric} needs probabilities, and a score lies outside 0 to 1")
    if metric == "brier_score":
        return Mean((up - rows.score) ** 2)
    # scikit-learn's log_loss clips by the machine epsilon of the probabilities' type.
    eps = np.finfo(float).eps
    return Mean(-np.log(np.clip(np.where(up, rows.score, 1 - rows.score), eps, 1 - eps)))


def _of_numbers(metric: str, rows: Rows) -> Measure:
    if rows.kind != "number":
        raise UndefinedError(f"{metric} needs numbers, and truth is {rows.kind}")
    if (rows.truth == rows.truth[0]).all() and metric in {"r2", "spearman"}:
        raise UndefinedError(f"{metric} needs numbers that differ, and truth is one and the same")
    if metric == "spearman":
        return RankCorrelation(rows.truth, rows.prediction)
    truth, prediction = rows.numbers
    errors = prediction - truth
    if metric == "r2":
        return Variance(truth, errors)
    if metric == "mape":
        nothing = int((truth == 0).sum())
        if nothing:
            raise UndefinedError(f"mape divides by truth, which is 0 in {nothing:,} of {len(rows):,} rows")
        return Mean(np.abs(errors / truth))
    return Mean(errors**2, root=True) if metric == "rmse" else Mean(np.abs(errors))


def _why_not(metric: str) -> str:
    """Say what is divided by, and is not there."""
    score = metric.partition("_")[0]
    if metric == "spearman":
        return "spearman needs numbers that differ, and the predictions are one and the same"
    if score in _SCORES:
        by = {"precision": "is never predicted", "recall": "is never the truth", "f1": "does not occur"}[
            score
        ]
        return f"{metric} has no value on these rows: a class that it counts {by}"
    return f"{metric} has no value on these rows"
