"""Floors and ceilings: the value itself decides, and of a guarded slice what its interval proves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from msgspec.structs import replace as evolved

from ci_steps.model.metrics import METRICS
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.check_metrics.bootstrap import Bounds
from ci_steps.steps.check_metrics.compare import interval_of
from ci_steps.steps.check_metrics.decisions import holm, keeps_ceiling, keeps_floor
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError
from ci_steps.steps.check_metrics.rows import Rows
from ci_steps.steps.check_metrics.slices import GUARD, Hold, coverage, names_of
from ci_steps.steps.check_metrics.values import UndefinedError, value_of
from ci_steps.steps.check_metrics.wording import (
    EVIDENCE_NEEDED,
    ends,
    examples,
    interval,
    number,
    subject_of,
    undecided,
)

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class _Limit:
    kind: str
    value: float

    def keeps(self, value: float) -> bool:
        return keeps_floor(value, self.value) if self.kind == "floor" else keeps_ceiling(value, self.value)

    def harm(self, bounds: Bounds, confidence: float) -> float:
        """Return the one-sided p-value against the limit being kept.

        The interval's end that faces the limit gives the standard error, so that the p-value is
        ``1 - confidence`` where that end lies on the limit.
        """
        up = self.kind == "floor"
        room = bounds.estimate - self.value if up else self.value - bounds.estimate
        reach = bounds.upper - bounds.estimate if up else bounds.estimate - bounds.lower
        if reach == 0:
            return float(self.keeps(bounds.estimate))
        return _NORMAL.cdf(room * _NORMAL.inv_cdf(confidence) / reach)


@dataclass(frozen=True, slots=True)
class _Tried:
    """One part with its value, or why it has none, and its interval where it has one."""

    subject: str
    rows: Rows
    hold: Hold
    value: float | UndefinedError
    bounds: Bounds | None
    method: str
    unweighted: float | None = None
    """Its value were all rows alike, where they are not."""

    @classmethod
    def of(cls, rule: MetricRule, subject: str, rows: Rows, seed: int) -> "_Tried":
        hold = Hold.on(rule, rows.effective)
        if not hold.enough and not hold.guarded:
            return cls(subject, rows, hold, UndefinedError(f"{rule.min_n:,} needed"), None, "")
        try:
            value = value_of(rule.metric, rows, rule.positive)
        except UndefinedError as error:
            return cls(subject, rows, hold, error, None, "")
        bounds, method = interval_of(
            rule.metric, rows, confidence=rule.confidence, seed=seed, positive=rule.positive
        )
        return cls(subject, rows, hold, value, bounds, method, _unweighted(rule, rows))


def _unweighted(rule: MetricRule, rows: Rows) -> float | None:
    if (rows.weight == rows.weight[0]).all():
        return None
    return value_of(rule.metric, replace(rows, weight=np.ones(len(rows))), rule.positive)


def within_limits(rule: MetricRule, rows: Rows, seed: int) -> Iterator[Finding]:
    """Hold a model's own values to its floor and its ceiling, overall or slice by slice."""
    limits = [_Limit("floor", rule.floor)] if rule.floor is not None else []
    limits += [_Limit("ceiling", rule.ceiling)] if rule.ceiling is not None else []
    if not limits:
        return
    tried = [_Tried.of(rule, subject, part, seed) for subject, part in _parts(rule, rows)]
    by = f"{rule.metric} by {', '.join(names_of(rule, rows))}"
    for limit in limits:
        harmed, family = _harmed(rule, limit, tried)
        found = [
            (one.hold, _finding(rule, limit, one, proven, family))
            for one, proven in zip(tried, harmed, strict=True)
        ]
        yield from (_weighed(limit, one, finding) for one, (_, finding) in zip(tried, found, strict=True))
        yield from coverage(rule, f"{by}: {limit.kind}", found)


def _is_by_weights(limit: _Limit, one: _Tried) -> bool:
    """Whether the weights of the rows alone decide: without them the limit would not be kept."""
    return one.unweighted is not None and not limit.keeps(one.unweighted)


def _weighed(limit: _Limit, one: _Tried, finding: Finding) -> Finding:
    """Return what passed by the weights of its rows as a warning."""
    if finding.verdict is not Verdict.PASSED or not _is_by_weights(limit, one):
        return finding
    then = f"its {limit.kind} is kept by the weights alone: look at which rows weigh little, and why"
    return evolved(finding, verdict=Verdict.WARNED, next=then)


def _parts(rule: MetricRule, rows: Rows) -> Iterator[tuple[str, Rows]]:
    if not rule.slices:
        yield rule.metric, rows
    alone = Sides(rows, rows, paired=False)
    for name in names_of(rule, rows):
        for value in alone.values(name):
            yield subject_of(rule.metric, {name: value}), rows.where({name: value})


def _harmed(rule: MetricRule, limit: _Limit, tried: Sequence[_Tried]) -> tuple[list[bool], int]:
    """Return which guarded parts are proven to be past the limit, and among how many that was sought."""
    asked = {
        place: limit.harm(one.bounds, rule.confidence)
        for place, one in enumerate(tried)
        if one.bounds is not None and one.hold.guarded and one.hold.may_prove
    }
    refused = dict(zip(asked, holm(tuple(asked.values()), rule.confidence), strict=True))
    return [refused.get(place, False) for place in range(len(tried))], len(asked)


def _is_harmed(hold: Hold, *, kept: bool, proven: bool) -> bool:
    """Whether to refuse: the value itself decides, and of a guarded slice what is proven."""
    return proven if hold.guarded else not kept


def _finding(rule: MetricRule, limit: _Limit, one: _Tried, proven: bool, family: int) -> Finding:
    hold = one.hold
    if isinstance(one.value, UndefinedError):
        return _without_value(rule, limit, one, one.value)
    kept = limit.keeps(one.value)
    verdict = hold.verdict(shown=kept, harmed=_is_harmed(hold, kept=kept, proven=proven))
    bounds = _in_range(rule, one.bounds)
    seen = f"{number(one.value)}{_weights(one)}{ends(bounds, rule.confidence)}, n = {len(one.rows):,}"
    held = f"the value itself decides; {one.method} beside it"
    if hold.guarded:
        among = f", harm by Holm over {family} slices" if family > 1 else ""
        held = f"{GUARD}{among}; {one.method}"
    return Finding(
        check=f"check-metrics.{limit.kind}",
        subject=one.subject,
        verdict=verdict,
        observed=hold.unproven(rule, seen) if verdict is Verdict.WARNED else seen,
        rule=f"{limit.kind} {number(limit.value)}; {held}",
        where=rule.where,
        next=_next(rule, limit, hold, verdict, kept=kept),
        interval=interval(bounds, limit.value, rule.confidence, len(one.rows)) if bounds else None,
    )


def _in_range(rule: MetricRule, bounds: Bounds | None) -> Bounds | None:
    """Return an interval for a person: a metric lies nowhere else than in its range."""
    if bounds is None:
        return None
    known = METRICS[rule.metric]
    return replace(bounds, lower=max(bounds.lower, known.least), upper=min(bounds.upper, known.most))


def _weights(one: _Tried) -> str:
    if one.unweighted is None:
        return ""
    return f" weighted, {number(one.unweighted)} unweighted, effective n = {one.rows.effective:,}"


def _without_value(rule: MetricRule, limit: _Limit, one: _Tried, why: UndefinedError) -> Finding:
    if one.hold.guarded:
        return Finding(
            check=f"check-metrics.{limit.kind}",
            subject=one.subject,
            verdict=Verdict.WARNED,
            observed=one.hold.unproven(rule, str(why)),
            rule=f"{limit.kind} {number(limit.value)}; {GUARD}",
            where=rule.where,
            next=EVIDENCE_NEEDED,
        )
    if one.hold.enough:
        return undecided(rule, one.subject, UndecidableError(limit.kind, str(why), EVIDENCE_NEEDED))
    seen = f"{examples(one.rows)}, {why}"
    return undecided(rule, one.subject, UndecidableError(limit.kind, seen, _more(rule)))


def _next(rule: MetricRule, limit: _Limit, hold: Hold, verdict: Verdict, *, kept: bool) -> str:
    if verdict is Verdict.PASSED:
        return ""
    side = "below" if limit.kind == "floor" else "above"
    if verdict is Verdict.REFUSED:
        return f"{side} its {limit.kind}: do not release this model; look at the rows it gets wrong"
    seen = "" if kept else f"{side} its {limit.kind}, if that is no chance: look at the rows it gets wrong"
    return seen if hold.enough else "; ".join(filter(None, (seen, _more(rule))))


def _more(rule: MetricRule) -> str:
    return f"evaluate on {rule.min_n:,} or more"
