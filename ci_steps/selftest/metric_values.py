"""Every metric on its limit and beyond it, by values worked out elsewhere; and where it has none."""

from ci_steps.model.metrics import METRICS
from ci_steps.model.settings import MetricRule
from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import INCONCLUSIVE, PASSED, REFUSED, Row, case, changed, model

_LABELS = ("positive", "negative")
_SHORT = 1e-6


def _row(number: int, truth: str, prediction: str) -> Row:
    score = (0.9 if prediction == "positive" else 0.1) + number % 7 / 100
    return {"id": f"v{number}", "truth": truth, "prediction": prediction, "score": score}


_CLASSES = [
    _row(number, truth, prediction)
    for number, (truth, prediction) in enumerate(
        [("positive", "positive")] * 18
        + [("positive", "negative")] * 2
        + [("negative", "negative")] * 8
        + [("negative", "positive")] * 4
    )
]
_NUMBERS: list[Row] = [
    {"id": f"v{n}", "truth": float(n), "prediction": n + (-1.0) ** n * (3.0 if n % 4 == 0 else 1.0)}
    for n in range(1, 41)
]
_ONE_CLASS = [_row(number, "positive", _LABELS[number % 2]) for number in range(40)]
_CONSTANT = [row | {"truth": 1 / 3} for row in _NUMBERS]
"""Whose mean is rounded, so that it seems to vary."""
KNOWN = {
    "accuracy": 0.8125,
    "balanced_accuracy": 0.783333333,
    "precision": 0.818181818,
    "precision_macro": 0.809090909,
    "precision_micro": 0.8125,
    "recall": 0.9,
    "recall_macro": 0.783333333,
    "recall_micro": 0.8125,
    "f1": 0.857142857,
    "f1_macro": 0.792207792,
    "f1_micro": 0.8125,
    "roc_auc": 0.841666667,
    "average_precision": 0.883551449,
    "log_loss": 0.508895077,
    "brier_score": 0.15818125,
    "mae": 1.5,
    "rmse": 1.73205081,
    "mape": 0.143575679,
    "r2": 0.977485929,
    "spearman": 0.990099098,
}
"""By scikit-learn, of the rows above."""


def _rows(metric: str) -> list[Row]:
    return _NUMBERS if METRICS[metric].needs == "numbers" else _CLASSES


def _limit(metric: str, by: float) -> MetricRule:
    """Return a rule that the value keeps by so much; a negative number is what it lacks."""
    if METRICS[metric].direction == "higher":
        return MetricRule(metric=metric, direction="higher", floor=KNOWN[metric] - by)
    return MetricRule(metric=metric, direction="lower", ceiling=KNOWN[metric] + by)


def _limited(metric: str) -> tuple[Case, ...]:
    check, files = "floor" if METRICS[metric].direction == "higher" else "ceiling", model(_rows(metric))
    return (
        case(check, PASSED, f"{metric} on its {check}", _limit(metric, _SHORT), files=files, kind="metric"),
        case(
            check,
            REFUSED,
            f"{metric} beyond its {check}",
            _limit(metric, -_SHORT),
            files=files,
            kind="metric",
        ),
    )


def _undefined(metric: str, why: str, rows: list[Row]) -> Case:
    check = "floor" if METRICS[metric].direction == "higher" else "ceiling"
    rule = _limit(metric, _SHORT)
    return case(check, INCONCLUSIVE, f"{metric} {why}", rule, files=model(rows), kind="metric")


VALUES: tuple[Case, ...] = (
    *(each for metric in METRICS for each in _limited(metric)),
    _undefined("balanced_accuracy", "of one class", _ONE_CLASS),
    _undefined("roc_auc", "of one class", _ONE_CLASS),
    _undefined("average_precision", "without one score", changed(_CLASSES, 5, score=None)),
    _undefined("log_loss", "of a score that is no probability", changed(_CLASSES, 5, score=1.5)),
    _undefined("f1", "of three classes", changed(_CLASSES, 5, truth="neutral")),
    _undefined("r2", "of one and the same truth", _CONSTANT),
    _undefined("spearman", "of one and the same truth", _CONSTANT),
    _undefined("mape", "of a truth that is 0", changed(_NUMBERS, 5, truth=0.0)),
    _undefined("mae", "of labels", _CLASSES),
)
