"""Texts by length and pattern."""

from typing import TYPE_CHECKING

from ci_steps.steps.check_interface.deciding.answers import NEVER, Answer, Found, Goal, Unknown
from ci_steps.steps.check_interface.effort import OutOfEffortError
from ci_steps.steps.check_interface.forms.form import Among, AtLeast, AtMost, Matches
from ci_steps.steps.check_interface.patterns import (
    PatternError,
    Term,
    besides,
    both,
    other_than,
    parsed,
    words,
)

if TYPE_CHECKING:
    from ci_steps.steps.check_interface.deciding.solver import Solver

_LIKELY = ("text", "a", "", "extra", "0", "A", "2026-01-31", "a b")
_SHARE = 20_000


class Wanted:
    """The conditions on a text, sorted."""

    def __init__(self, goal: Goal) -> None:
        self.low = 0
        self.high: int | None = None
        self.terms: list[Term] = []
        self.doubt = ""
        for form, sign in goal:
            match form:
                case AtLeast(_, count):
                    self._long(count) if sign else self._short(count - 1)
                case AtMost(_, count):
                    self._short(count) if sign else self._long(count + 1)
                case Among(values):
                    self.terms.append(besides(value for value in values if isinstance(value, str)))
                case Matches(pattern):
                    self._pattern(pattern, sign=sign)

    def _long(self, count: int) -> None:
        self.low = max(self.low, count)

    def _short(self, count: int) -> None:
        self.high = count if self.high is None else min(self.high, count)

    def _pattern(self, pattern: str, *, sign: bool) -> None:
        try:
            term = parsed(pattern)
        except PatternError as error:
            self.doubt = f"pattern {pattern!r} is not followed: {error}"
        else:
            self.terms.append(term if sign else other_than(term))


def text(goal: Goal, solver: "Solver") -> Answer:
    """Answer conditions on a text."""
    wanted = Wanted(goal)
    if wanted.high is not None and wanted.low > wanted.high:
        return NEVER
    for likely in _LIKELY:
        if solver.keeps(likely, goal):
            return Found(likely)
    # A part of the effort only, so that one hard pattern does not use up what the others need.
    part = solver.effort.part(_SHARE)
    before = part.steps
    try:
        found = next(words(both(wanted.terms), part, low=wanted.low, high=wanted.high), None)
    except OutOfEffortError:
        return Unknown(f"there are more texts {_patterns(goal)} than could be looked through")
    finally:
        solver.effort.steps -= before - max(part.steps, 0)
    return NEVER if found is None else Found(found, wanted.doubt)


def _patterns(goal: Goal) -> str:
    shown = sorted({repr(form.pattern) for form, _ in goal if isinstance(form, Matches)})
    return f"of {' and '.join(shown)}" if shown else "of these lengths"
