"""Against another model: no worse than a margin allows, or better by what is asked; shown, or harm proven."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.check_metrics.compare import Comparison, compared
from ci_steps.steps.check_metrics.decisions import holm, is_shown
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError
from ci_steps.steps.check_metrics.slices import GUARD, Hold, coverage, names_of, whole
from ci_steps.steps.check_metrics.wording import (
    better_than,
    ends,
    interval,
    number,
    on_enough,
    subject_of,
    than,
    undecided,
)

CHECK = "check-metrics.versus"
SAME = "the same model on both sides"


@dataclass(frozen=True, slots=True)
class _Question:
    """One thing that a rule asks of the gain, which is the difference turned so that more is better."""

    rule: MetricRule
    margin: float
    """It must be shown that the gain is above ``-margin``: superiority by d is the margin ``-d``."""
    superior: bool

    @classmethod
    def of(cls, rule: MetricRule) -> "_Question":
        if rule.better_by_at_least is not None:
            return cls(rule, -rule.better_by_at_least, superior=True)
        return cls(rule, rule.worse_by_at_most or 0.0, superior=False)

    @property
    def in_words(self) -> str:
        if self.superior:
            return f"{better_than(self.rule, -self.margin)}, {on_enough(self.rule)}"
        allowed = f"worse than {than(self.rule)} by at most {number(self.margin)}"
        return f"{allowed}, {on_enough(self.rule)}"

    @property
    def refusal(self) -> str:
        if not self.superior:
            return "worse than the margin allows: do not release this model"
        if self.margin == 0:
            return "worse, where a gain is asked: do not release this model"
        return "its gain is less than asked: do not release this model, or ask less of it"


@dataclass(frozen=True, slots=True)
class _Tried:
    subject: str
    hold: Hold
    found: Comparison | UndecidableError


def versus(rule: MetricRule, sides: Sides | UndecidableError | None, seed: int) -> Iterator[Finding]:
    """Hold the difference to a rule, overall or slice by slice; ``sides`` is None for a model and itself."""
    overall, question = f"{rule.metric} versus {rule.versus}", _Question.of(rule)
    if isinstance(sides, UndecidableError):
        yield undecided(rule, overall, sides)
        return
    if sides is None:
        yield _with_itself(question, overall)
        return
    names = names_of(rule, sides.candidate, sides.baseline)
    yield from (whole(rule, name, sides.baseline, than(rule)) for name in names)
    tried = [_tried(question, subject, part, seed) for subject, part in _parts(rule, names, sides)]
    harmed, family = _harmed(rule, tried)
    found = [
        (one.hold, _finding(question, one, proven, family)) for one, proven in zip(tried, harmed, strict=True)
    ]
    yield from (finding if sides.paired else _apart(finding) for _, finding in found)
    yield from coverage(rule, f"{rule.metric} by {', '.join(names)} versus {rule.versus}", found)


def _apart(finding: Finding) -> Finding:
    """Return what passed on other examples as a warning: nobody can tell whether they are as hard."""
    if finding.verdict is not Verdict.PASSED:
        return finding
    then = "evaluate both models on the same examples, with the same ids"
    return replace(finding, verdict=Verdict.WARNED, next=then)


def _with_itself(question: _Question, subject: str) -> Finding:
    verdict, seen = Verdict.WARNED, "non-inferior by identity, so nothing was compared"
    then = "where another release is meant to go live, look at which model this one is of"
    if question.superior:
        verdict, seen = Verdict.INCONCLUSIVE, "no better"
        then = "a model cannot be better than itself: compare it with another one"
    return Finding(
        check=CHECK,
        subject=subject,
        verdict=verdict,
        observed=f"{SAME}: {seen}",
        rule=question.in_words,
        where=question.rule.where,
        next=then,
    )


def _parts(
    rule: MetricRule, names: Sequence[str], sides: Sides
) -> Iterator[tuple[str, Sides | UndecidableError]]:
    if not rule.slices:
        yield f"{rule.metric} versus {rule.versus}", sides
    for name in names:
        try:
            sides.refuse_moved(name)
        except UndecidableError as problem:
            yield f"{rule.metric} by {name} versus {rule.versus}", problem
            continue
        for value in sides.values(name):
            subject = f"{subject_of(rule.metric, {name: value})} versus {rule.versus}"
            yield subject, sides.where(name, value)


def _tried(question: _Question, subject: str, part: Sides | UndecidableError, seed: int) -> _Tried:
    rule = question.rule
    if isinstance(part, UndecidableError):
        return _Tried(subject, Hold(0, enough=False, guarded=False), part)
    hold = Hold.on(rule, min(part.candidate.effective, part.baseline.effective))
    try:
        found = compared(
            rule.metric,
            part,
            margin=question.margin,
            confidence=rule.confidence,
            min_n=1 if hold.guarded else rule.min_n,
            seed=seed,
            positive=rule.positive,
        )
    except UndecidableError as problem:
        return _Tried(subject, hold, problem)
    return _Tried(subject, hold, found)


def _harmed(rule: MetricRule, tried: Sequence[_Tried]) -> tuple[list[bool], int]:
    """Return for which parts harm is proven, and among how many that was sought: with many, some look bad."""
    asked = {place: one.found.harm for place, one in enumerate(tried) if isinstance(one.found, Comparison)}
    refused = dict(zip(asked, holm(tuple(asked.values()), rule.confidence), strict=True))
    return [refused.get(place, False) for place in range(len(tried))], len(asked)


def _finding(question: _Question, one: _Tried, proven: bool, family: int) -> Finding:
    rule, hold, found = question.rule, one.hold, one.found
    held = f"{question.in_words}; {GUARD}" if hold.guarded else question.in_words
    if isinstance(found, UndecidableError):
        if not hold.guarded:
            return undecided(rule, one.subject, found)
        return Finding(
            check=CHECK,
            subject=one.subject,
            verdict=Verdict.WARNED,
            observed=hold.unproven(rule, str(found)),
            rule=held,
            where=rule.where,
            next=found.then,
        )
    verdict = hold.verdict(shown=is_shown(found.worst_gain, question.margin), harmed=proven)
    seen = (
        f"{number(found.candidate)} against {number(found.baseline)}: {number(found.difference.estimate)}"
        f"{ends(found.difference, rule.confidence)}, {found.evidence}"
    )
    among = f"; harm by Holm over {family} slices" if family > 1 else ""
    limit = -question.margin if found.better_up else question.margin
    return Finding(
        check=CHECK,
        subject=one.subject,
        verdict=verdict,
        observed=hold.unproven(rule, seen) if verdict is Verdict.WARNED else seen,
        rule=f"{held}; {found.method}{among}",
        where=rule.where,
        next=_next(question, hold, verdict, found),
        interval=interval(found.difference, limit, rule.confidence, found.n),
    )


def _next(question: _Question, hold: Hold, verdict: Verdict, found: Comparison) -> str:
    if verdict is Verdict.PASSED:
        return ""
    if verdict is Verdict.REFUSED:
        return question.refusal
    if verdict is Verdict.WARNED and not hold.enough:
        return f"evaluate both models on {question.rule.min_n:,} examples of this slice or more"
    wanted = found.examples_that_decide
    if wanted is None:
        return "the difference is exactly the margin: no number of examples would decide it"
    if is_shown(found.gain, question.margin):
        return f"too few examples: with this difference it would pass at about {wanted:,} (80 % power)"
    return f"as it looks now, about {wanted:,} examples would refuse it (80 % power)"
