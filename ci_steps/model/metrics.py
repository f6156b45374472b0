"""The metrics that the kit computes itself, and what a rule may ask of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ci_steps.errors import InputError
from ci_steps.model.guess import did_you_mean
from ci_steps.model.refs import ModelRef
from ci_steps.model.settings import Direction, MetricRule

FINEST_CONFIDENCE = 0.999
"""Beyond it a bootstrap would need more replicates than it makes."""
BASELINE = "baseline"
EVERY_SLICE = "*"

Wrong = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric by name: which way is better, between what it lies, and what it is made from."""

    name: str
    direction: Direction
    needs: Literal["labels", "scores", "numbers"]
    """Labels; the score of one of two labels; or numbers, in truth and prediction."""
    least: float = 0.0
    most: float = 1.0
    of_one_class: bool = False
    """Whether it is that of a positive class, where no mean over classes is asked for."""

    @property
    def takes_positive(self) -> bool:
        return self.of_one_class or self.needs == "scores"

    @property
    def range(self) -> float:
        """The furthest that two models can lie apart."""
        return self.most - self.least


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "higher", "labels"),
        Metric("balanced_accuracy", "higher", "labels"),
        Metric("precision", "higher", "labels", of_one_class=True),
        Metric("precision_macro", "higher", "labels"),
        Metric("precision_micro", "higher", "labels"),
        Metric("recall", "higher", "labels", of_one_class=True),
        Metric("recall_macro", "higher", "labels"),
        Metric("recall_micro", "higher", "labels"),
        Metric("f1", "higher", "labels", of_one_class=True),
        Metric("f1_macro", "higher", "labels"),
        Metric("f1_micro", "higher", "labels"),
        Metric("roc_auc", "higher", "scores"),
        Metric("average_precision", "higher", "scores"),
        Metric("log_loss", "lower", "scores", most=math.inf),
        Metric("brier_score", "lower", "scores"),
        Metric("mae", "lower", "numbers", most=math.inf),
        Metric("rmse", "lower", "numbers", most=math.inf),
        Metric("mape", "lower", "numbers", most=math.inf),
        Metric("r2", "higher", "numbers", least=-math.inf),
        Metric("spearman", "higher", "numbers", least=-1.0),
    )
}
"""By scikit-learn's scoring names, less the ``neg_`` that turns a loss round, and the usual short names."""

_ALSO_CALLED = {
    "auc": "roc_auc",
    "brier": "brier_score",
    "brier_score_loss": "brier_score",
    "mean_absolute_error": "mae",
    "mean_absolute_percentage_error": "mape",
    "root_mean_squared_error": "rmse",
    "spearmanr": "spearman",
}


def refuse_bad_rules(rules: Iterable[MetricRule]) -> None:
    """Refuse a rule that names no metric we know, contradicts it, asks nothing, or could never fail."""
    for rule in rules:
        if wrong := wrong_with(rule):
            what, hint = wrong
            raise InputError(f"{rule.where or 'release.yaml'}: {what}", hint=hint)


def wrong_with(rule: MetricRule) -> Wrong | None:
    """Return the first thing that is wrong with a rule, and what to do about it."""
    return (
        _wrong_with_its_name(rule)
        or _wrong_with_its_numbers(rule)
        or _wrong_with_its_comparison(rule)
        or _wrong_with_its_slices(rule)
        or _wrong_with_its_positive(rule)
        or _never_fails(rule)
        or _never_passes(rule)
    )


def _wrong_with_its_name(rule: MetricRule) -> Wrong | None:
    if rule.metric not in METRICS:
        meant = _ALSO_CALLED.get(rule.metric.removeprefix("neg_"), rule.metric.removeprefix("neg_"))
        hint = f"{did_you_mean(meant, METRICS)} the kit computes {', '.join(METRICS)}"
        return f"metric {rule.metric!r} is not known", hint.strip()
    known = METRICS[rule.metric].direction
    if rule.direction != known:
        return f"direction of {rule.metric} is {rule.direction!r}", f"{known} is better; write it so"
    return None


def _wrong_with_its_numbers(rule: MetricRule) -> Wrong | None:
    for name in ("floor", "ceiling", "worse_by_at_most", "better_by_at_least"):
        number = getattr(rule, name)
        if number is not None and not math.isfinite(number):
            return f"{name} of {rule.metric} is {number}", "write a number"
    if rule.floor is not None and rule.ceiling is not None and rule.floor > rule.ceiling:
        return f"floor {rule.floor} of {rule.metric} is above its ceiling {rule.ceiling}", "swap them"
    if rule.confidence > FINEST_CONFIDENCE:
        return (
            f"confidence {rule.confidence} of {rule.metric} is finer than the comparison can tell",
            f"write at most {FINEST_CONFIDENCE}",
        )
    return None


def _wrong_with_its_comparison(rule: MetricRule) -> Wrong | None:
    margins = [name for name in ("worse_by_at_most", "better_by_at_least") if getattr(rule, name) is not None]
    if rule.versus is None:
        if margins:
            return f"{margins[0]} of {rule.metric} is compared with nothing", "add versus: baseline"
        if rule.floor is None and rule.ceiling is None:
            return (
                f"the rule for {rule.metric} asks nothing",
                "give it a floor, a ceiling, or versus: baseline",
            )
        return None
    if len(margins) > 1:
        return (
            f"the rule for {rule.metric} has both worse_by_at_most and better_by_at_least",
            "keep one: a model that is shown to be better is also shown to be no worse",
        )
    if not margins:
        return (
            f"the rule for {rule.metric} versus {rule.versus} has no margin",
            "add worse_by_at_most (what would still do, in the metric's own unit) or better_by_at_least",
        )
    return None if rule.versus == BASELINE else _wrong_with_its_model(rule.metric, rule.versus)


def _wrong_with_its_model(metric: str, versus: str) -> Wrong | None:
    try:
        ModelRef.by_sha(versus)
    except InputError as error:
        hint = "write versus: baseline for the live release, or a model by its SHA, like tweets@9f2c41d"
        return f"versus of {metric}: {error}", hint
    return None


def _wrong_with_its_slices(rule: MetricRule) -> Wrong | None:
    if EVERY_SLICE in rule.slices and len(rule.slices) > 1:
        others = ", ".join(name for name in rule.slices if name != EVERY_SLICE) or EVERY_SLICE
        return f"slices of {rule.metric} are all (*) and {others}", "keep either * or the names"
    twice = next((name for name in rule.slices if rule.slices.count(name) > 1), None)
    if twice is not None:
        return f"slice {twice!r} of {rule.metric} is named twice", "leave one out"
    if rule.guard is not None and not rule.slices:
        return (
            f"guard of {rule.metric} is about nothing: it says how strictly slices are held to the rule",
            "add slices, or leave guard out",
        )
    return None


def _wrong_with_its_positive(rule: MetricRule) -> Wrong | None:
    if rule.positive is None or METRICS[rule.metric].takes_positive:
        return None
    which = ", ".join(name for name, metric in METRICS.items() if metric.of_one_class)
    return f"{rule.metric} has no positive label", f"leave positive out; it is for {which}"


def _never_fails(rule: MetricRule) -> Wrong | None:
    """Say which limit no model could miss: a check that cannot fail is none."""
    known = METRICS[rule.metric]
    hint = "a rule must be able to fail; set another limit or leave it out"
    if rule.floor is not None and rule.floor <= known.least:
        return f"floor {rule.floor} of {rule.metric} could never fail", hint
    if rule.ceiling is not None and rule.ceiling >= known.most:
        return f"ceiling {rule.ceiling} of {rule.metric} could never fail", hint
    if rule.worse_by_at_most is not None and rule.worse_by_at_most >= known.range:
        return f"worse_by_at_most {rule.worse_by_at_most} of {rule.metric} could never fail", hint
    return None


def _never_passes(rule: MetricRule) -> Wrong | None:
    """Say which limit no model could keep."""
    known = METRICS[rule.metric]
    hint = f"{rule.metric} lies between {known.least:g} and {known.most:g}; set another limit"
    if rule.floor is not None and rule.floor > known.most:
        return f"floor {rule.floor} of {rule.metric} could never pass", hint
    if rule.ceiling is not None and rule.ceiling < known.least:
        return f"ceiling {rule.ceiling} of {rule.metric} could never pass", hint
    if rule.better_by_at_least is not None and rule.better_by_at_least >= known.range:
        return f"better_by_at_least {rule.better_by_at_least} of {rule.metric} could never pass", hint
    return None
