"""One rule, held against the evaluations: its slices are there, its limits, its comparison."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding
from ci_steps.steps.check_metrics.limits import within_limits
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError
from ci_steps.steps.check_metrics.rows import Rows
from ci_steps.steps.check_metrics.slices import names_of, no_slices, whole
from ci_steps.steps.check_metrics.versus import versus


@dataclass(frozen=True, slots=True)
class Opponent:
    """Who a candidate is compared with."""

    sides: Sides | UndecidableError | None
    """Both sides; why they cannot be compared; or None where they are the same model."""
    seed: int


@dataclass(frozen=True, slots=True)
class Grounds:
    """What rules are held against: the candidate's evaluations, and those of whom they compare it with."""

    candidate: Rows
    seed: int
    opponents: Mapping[str, Opponent]


def findings_of(rule: MetricRule, grounds: Grounds) -> Iterator[Finding]:
    """Hold the evaluations against one rule, overall or for each value of its slices."""
    opponent = grounds.opponents[rule.versus] if rule.versus is not None else None
    sides = opponent.sides if opponent else None
    theirs = (sides.baseline,) if isinstance(sides, Sides) else ()
    names = names_of(rule, grounds.candidate, *theirs)
    if rule.slices and not names:
        yield no_slices(rule)
        return
    yield from (whole(rule, name, grounds.candidate, "the candidate") for name in names)
    yield from within_limits(rule, grounds.candidate, grounds.seed)
    if opponent is not None:
        yield from versus(rule, opponent.sides, opponent.seed)
