"""Floors, ceilings and margins against the baseline, each turned into findings."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Interval, Verdict
from ci_steps.steps.check_metrics.bootstrap import Bounds
from ci_steps.steps.check_metrics.compare import Comparison, compared, interval_of
from ci_steps.steps.check_metrics.decisions import (
    examples_that_decide,
    is_beyond,
    is_enough,
    is_shown,
    keeps_ceiling,
    keeps_floor,
)
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError
from ci_steps.steps.check_metrics.rows import Rows
from ci_steps.steps.check_metrics.values import UndefinedError, value_of


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the rules are held against."""

    candidate: Rows
    sides: Sides | UndecidableError | None
    """Both sides; why they cannot be compared; or None where they are the same model."""
    seed: int


def findings_of(rule: MetricRule, evidence: Evidence) -> Iterator[Finding]:
    """Hold the evidence against one rule, overall or for each value of its slices."""
    yield from (_whole(rule, name, evidence.candidate, "the candidate") for name in rule.slices)
    if rule.floor is not None or rule.ceiling is not None:
        for subject, part in _parts(rule, evidence.candidate):
            yield from _limits(rule, subject, part, evidence.seed)
    if rule.versus is not None:
        yield from _versus(rule, evidence)


def subject_of(metric: str, part: dict[str, str]) -> str:
    """Return how a value is called: ``accuracy``, or ``accuracy where length=long``."""
    return f"{metric} where {' and '.join(f'{k}={v}' for k, v in part.items())}" if part else metric


def number(value: float) -> str:
    return f"{value:.5g}"


def examples(rows: Rows) -> str:
    left = "" if rows.effective == len(rows) else f", whose weights leave the worth of {rows.effective:,}"
    return f"{len(rows):,} examples{left}"


def _parts(rule: MetricRule, rows: Rows) -> Iterator[tuple[str, Rows]]:
    if not rule.slices:
        yield rule.metric, rows
    alone = Sides(rows, rows, paired=False)
    for name in rule.slices:
        for value in alone.values(name):
            yield subject_of(rule.metric, {name: value}), rows.where({name: value})


def _whole(rule: MetricRule, name: str, rows: Rows, whose: str) -> Finding:
    """Say whether every row has the slice: what is left out of it was held to nothing."""
    part = rows.slices.get(name)
    without = len(rows) if part is None else int(np.count_nonzero(part.codes < 0))
    known = ", ".join(sorted(rows.slices)) or "none"
    return Finding(
        check="check-metrics.slice",
        subject=f"{rule.metric} by {name}",
        verdict=Verdict.INCONCLUSIVE if without else Verdict.PASSED,
        observed=f"{without:,} of {len(rows):,} rows of {whose} have no slice {name!r}",
        rule=f"every row is in a part of {name!r}",
        where=rule.where,
        next=f"evaluate with that slice (slices there are: {known}), or correct its name" if without else "",
    )


def _undecided(rule: MetricRule, subject: str, problem: UndecidableError) -> Finding:
    return Finding(
        check=problem.check,
        subject=subject,
        verdict=Verdict.INCONCLUSIVE,
        observed=str(problem),
        rule=_in_words(rule),
        where=rule.where,
        next=problem.then,
    )


def _limits(rule: MetricRule, subject: str, rows: Rows, seed: int) -> Iterator[Finding]:
    limits = (("floor", rule.floor, keeps_floor), ("ceiling", rule.ceiling, keeps_ceiling))
    for kind, limit, keeps in limits:
        if limit is None:
            continue
        if not is_enough(rows.effective, rule.min_n):
            seen = f"{examples(rows)}, {rule.min_n:,} needed"
            yield _undecided(
                rule, subject, UndecidableError(kind, seen, f"evaluate on {rule.min_n:,} or more")
            )
            continue
        try:
            value = value_of(rule.metric, rows)
        except UndefinedError as error:
            then = "bring evaluations that the metric can be made from"
            yield _undecided(rule, subject, UndecidableError(kind, str(error), then))
            continue
        bounds, method = interval_of(rule.metric, rows, confidence=rule.confidence, seed=seed)
        kept = keeps(value, limit)
        side = "below" if kind == "floor" else "above"
        yield Finding(
            check=f"check-metrics.{kind}",
            subject=subject,
            verdict=Verdict.PASSED if kept else Verdict.REFUSED,
            observed=f"{number(value)}{_ends(bounds, rule.confidence)}, n = {len(rows):,}",
            rule=f"{kind} {number(limit)}; the value itself decides; {method} beside it",
            where=rule.where,
            next=""
            if kept
            else f"{side} its {kind}: do not release this model; look at the rows it gets wrong",
            interval=_interval(bounds, limit, rule.confidence, len(rows)) if bounds else None,
        )


def _versus(rule: MetricRule, evidence: Evidence) -> Iterator[Finding]:
    overall = f"{rule.metric} versus baseline"
    if evidence.sides is None:
        yield Finding(
            check="check-metrics.versus",
            subject=overall,
            verdict=Verdict.PASSED,
            observed="the same model on both sides: non-inferior by identity",
            rule=_in_words(rule),
            where=rule.where,
        )
        return
    if isinstance(evidence.sides, UndecidableError):
        yield _undecided(rule, overall, evidence.sides)
        return
    yield from (_whole(rule, name, evidence.sides.baseline, "the baseline") for name in rule.slices)
    for subject, part in _compared_parts(rule, evidence.sides):
        if isinstance(part, UndecidableError):
            yield _undecided(rule, subject, part)
            continue
        try:
            found = compared(
                rule.metric, part, confidence=rule.confidence, min_n=rule.min_n, seed=evidence.seed
            )
        except UndecidableError as problem:
            yield _undecided(rule, subject, problem)
        else:
            yield _non_inferiority(rule, subject, found)


def _compared_parts(rule: MetricRule, sides: Sides) -> Iterator[tuple[str, Sides | UndecidableError]]:
    if not rule.slices:
        yield f"{rule.metric} versus baseline", sides
    for name in rule.slices:
        by = f"{rule.metric} by {name} versus baseline"
        try:
            sides.refuse_moved(name)
        except UndecidableError as problem:
            yield by, problem
            continue
        for value in sides.values(name):
            yield f"{subject_of(rule.metric, {name: value})} versus baseline", sides.where(name, value)


def _non_inferiority(rule: MetricRule, subject: str, found: Comparison) -> Finding:
    """Decide on the gain, which is the difference turned so that more is better."""
    margin, difference = rule.worse_by_at_most or 0.0, found.difference
    better_up = rule.direction == "higher"
    gain = difference.estimate if better_up else -difference.estimate
    worst = difference.lower if better_up else -difference.upper
    if is_shown(worst, margin):
        verdict, then = Verdict.PASSED, ""
    elif is_beyond(gain, margin):
        verdict, then = Verdict.REFUSED, "worse than the margin allows: do not release this model"
    else:
        verdict = Verdict.INCONCLUSIVE
        wanted = examples_that_decide(found.n, gain, worst, margin, rule.confidence)
        then = (
            f"too few examples: about {wanted:,} would decide it, should the difference stay so (80 % power)"
            if wanted
            else "the difference is exactly the margin: no number of examples would decide it"
        )
    return Finding(
        check="check-metrics.versus",
        subject=subject,
        verdict=verdict,
        observed=f"{number(found.candidate)} against {number(found.baseline)}: {number(difference.estimate)}"
        f"{_ends(difference, rule.confidence)}, {found.evidence}",
        rule=f"{_in_words(rule)}; {found.method}",
        where=rule.where,
        next=then,
        interval=_interval(difference, -margin if better_up else margin, rule.confidence, found.n),
    )


def _in_words(rule: MetricRule) -> str:
    asked = []
    if rule.floor is not None:
        asked.append(f"floor {number(rule.floor)}")
    if rule.ceiling is not None:
        asked.append(f"ceiling {number(rule.ceiling)}")
    if rule.versus is not None:
        asked.append(f"worse than the baseline by at most {number(rule.worse_by_at_most or 0.0)}")
    return f"{', '.join(asked)}, {rule.metric}, on {rule.min_n:,} examples or more"


def _ends(bounds: Bounds | None, confidence: float) -> str:
    if bounds is None:
        return ", no interval"
    return f", interval [{number(bounds.lower)}, {number(bounds.upper)}] ({100 * confidence:g} % at each end)"


def _interval(bounds: Bounds, margin: float, confidence: float, n: int) -> Interval:
    """Put the numbers on one axis: the value's own, or the raw difference candidate - baseline.

    For a metric where lower is better the margin of a difference is positive, and left is better.
    """
    return Interval(
        estimate=bounds.estimate,
        lower=bounds.lower,
        upper=bounds.upper,
        margin=margin,
        confidence=confidence,
        n=n,
    )
