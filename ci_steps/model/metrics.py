"""The metrics that the kit computes itself, and what a rule may ask of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ci_steps.errors import InputError
from ci_steps.model.guess import did_you_mean
from ci_steps.model.settings import Direction, MetricRule

FINEST_CONFIDENCE = 0.999
"""Beyond it a bootstrap would need more replicates than it makes."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric by name, which way is better, and whether it ends at 1."""

    name: str
    direction: Direction
    at_most_one: bool


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "higher", at_most_one=True),
        Metric("f1", "higher", at_most_one=True),
        Metric("roc_auc", "higher", at_most_one=True),
        Metric("log_loss", "lower", at_most_one=False),
        Metric("mae", "lower", at_most_one=False),
        Metric("rmse", "lower", at_most_one=False),
    )
}


def refuse_bad_rules(rules: Iterable[MetricRule]) -> None:
    """Refuse a rule that names no metric we know, contradicts it, asks nothing, or could never fail."""
    for rule in rules:
        if wrong := wrong_with(rule):
            what, hint = wrong
            raise InputError(f"{rule.where or 'release.yaml'}: {what}", hint=hint)


def wrong_with(rule: MetricRule) -> tuple[str, str] | None:
    """Return the first thing that is wrong with a rule, and what to do about it."""
    return (
        _wrong_with_its_name(rule)
        or _wrong_with_its_numbers(rule)
        or _wrong_with_its_parts(rule)
        or _never_fails(rule)
    )


def _wrong_with_its_name(rule: MetricRule) -> tuple[str, str] | None:
    if rule.metric not in METRICS:
        hint = f"{did_you_mean(rule.metric, METRICS)} the kit computes {', '.join(METRICS)}"
        return f"metric {rule.metric!r} is not known", hint.strip()
    known = METRICS[rule.metric].direction
    if rule.direction != known:
        return f"direction of {rule.metric} is {rule.direction!r}", f"{known} is better; write it so"
    return None


def _wrong_with_its_numbers(rule: MetricRule) -> tuple[str, str] | None:
    numbers = {"floor": rule.floor, "ceiling": rule.ceiling, "worse_by_at_most": rule.worse_by_at_most}
    for name, number in numbers.items():
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


def _wrong_with_its_parts(rule: MetricRule) -> tuple[str, str] | None:
    if rule.floor is None and rule.ceiling is None and rule.versus is None:
        return f"the rule for {rule.metric} asks nothing", "give it a floor, a ceiling, or versus: baseline"
    if rule.versus is not None and rule.worse_by_at_most is None:
        return (
            f"the rule for {rule.metric} versus baseline has no margin",
            "add worse_by_at_most: how much worse, in the metric's own unit, would still do",
        )
    if rule.versus is None and rule.worse_by_at_most is not None:
        return f"worse_by_at_most of {rule.metric} is compared with nothing", "add versus: baseline"
    return None


def _never_fails(rule: MetricRule) -> tuple[str, str] | None:
    """Say which limit no model could miss: a check that cannot fail is none. Every metric is at least 0."""
    hint = "a rule must be able to fail; set another limit or leave it out"
    if rule.floor is not None and rule.floor <= 0:
        return f"floor {rule.floor} of {rule.metric} could never fail", hint
    if METRICS[rule.metric].at_most_one:
        if rule.ceiling is not None and rule.ceiling >= 1:
            return f"ceiling {rule.ceiling} of {rule.metric} could never fail", hint
        if rule.worse_by_at_most is not None and rule.worse_by_at_most >= 1:
            return f"worse_by_at_most {rule.worse_by_at_most} of {rule.metric} could never fail", hint
    return None
