"""How values, rules and intervals are said."""

from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Interval, Verdict
from ci_steps.steps.check_metrics.bootstrap import Bounds
from ci_steps.steps.check_metrics.pairs import UndecidableError
from ci_steps.steps.check_metrics.rows import Rows

EVIDENCE_NEEDED = "bring evaluations that the metric can be made from"


def subject_of(metric: str, part: dict[str, str]) -> str:
    """Return how a value is called: ``accuracy``, or ``accuracy where length=long``."""
    return f"{metric} where {' and '.join(f'{k}={v}' for k, v in part.items())}" if part else metric


def number(value: float) -> str:
    return f"{value:.5g}"


def examples(rows: Rows) -> str:
    left = "" if rows.effective == len(rows) else f", whose weights leave the worth of {rows.effective:,}"
    return f"{counted(len(rows), 'example')}{left}"


def counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def in_words(rule: MetricRule) -> str:
    """Return all that a rule asks."""
    asked = []
    if rule.floor is not None:
        asked.append(f"floor {number(rule.floor)}")
    if rule.ceiling is not None:
        asked.append(f"ceiling {number(rule.ceiling)}")
    if rule.worse_by_at_most is not None:
        asked.append(f"worse than {than(rule)} by at most {number(rule.worse_by_at_most)}")
    if rule.better_by_at_least is not None:
        asked.append(better_than(rule, rule.better_by_at_least))
    return f"{', '.join(asked)}, {on_enough(rule)}"


def better_than(rule: MetricRule, least: float) -> str:
    return f"better than {than(rule)}" + (f" by at least {number(least)}" if least else "")


def on_enough(rule: MetricRule) -> str:
    return f"{rule.metric}, on {rule.min_n:,} examples or more"


def than(rule: MetricRule) -> str:
    return rule.reference or "the baseline"


def ends(bounds: Bounds | None, confidence: float) -> str:
    if bounds is None:
        return ", no interval"
    return f", interval [{number(bounds.lower)}, {number(bounds.upper)}] ({100 * confidence:g} % one-sided)"


def interval(bounds: Bounds, margin: float, confidence: float, n: int) -> Interval:
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


def undecided(rule: MetricRule, subject: str, problem: UndecidableError) -> Finding:
    return Finding(
        check=problem.check,
        subject=subject,
        verdict=Verdict.INCONCLUSIVE,
        observed=str(problem),
        rule=in_words(rule),
        where=rule.where,
        next=problem.then,
    )
