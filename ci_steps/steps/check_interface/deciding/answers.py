"""What can be said of a goal: some formulas that are to hold of one value."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.forms.form import Signed

Goal: TypeAlias = frozenset[Signed]


class Found(Value, frozen=True):
    """A value that keeps to the goal; ``doubt`` says what could not be asked of it."""

    value: Any
    doubt: str = ""


class Unknown(Value, frozen=True):
    """Nobody can tell."""

    why: str


class Never(Value, frozen=True):
    """It is proven that there is no such value."""


Answer: TypeAlias = Found | Unknown | Never
NEVER = Never()


def is_sure(answer: Answer | None) -> bool:
    return isinstance(answer, Found) and not answer.doubt


def best(answers: Iterable[Answer]) -> Answer:
    """Return a value without doubt where one of the answers has it; never only where all of them say so."""
    kept: Answer = NEVER
    for answer in answers:
        if is_sure(answer):
            return answer
        if isinstance(kept, Never) or (isinstance(kept, Unknown) and isinstance(answer, Found)):
            kept = answer
    return kept


def doubting(answer: Answer, doubt: str) -> Answer:
    """Return the answer with a doubt more."""
    return Found(answer.value, answer.doubt or doubt) if isinstance(answer, Found) else answer
