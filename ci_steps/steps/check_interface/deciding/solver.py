"""The search for a value that keeps to a goal.

After Attouche and others, "Witness Generation for JSON Schema", VLDB 2022, and Habib and others, "Finding
Data Compatibility Bugs with JSON Subschema Checks", ISSTA 2021: a goal is split by the kind of value and by
the alternatives in it, until only conditions of one kind are left; of those, a procedure for each kind makes
a value or shows that there is none, and asks for the items and properties in turn.

One schema accepts all that another does where *the one, and not the other* is never.
"""

from typing import Any

from ci_steps.steps.check_interface.deciding.answers import (
    NEVER,
    Answer,
    Found,
    Goal,
    Never,
    best,
)
from ci_steps.steps.check_interface.deciding.arrays import array
from ci_steps.steps.check_interface.deciding.branching import Branching
from ci_steps.steps.check_interface.deciding.evaluating import every, keeps_to, opposite
from ci_steps.steps.check_interface.deciding.memory import Memory
from ci_steps.steps.check_interface.deciding.numbers import number
from ci_steps.steps.check_interface.deciding.objects import object_
from ci_steps.steps.check_interface.deciding.texts import text
from ci_steps.steps.check_interface.effort import Effort
from ci_steps.steps.check_interface.forms.form import KINDS, All, Among, Form, Opaque, Ref, Signed
from ci_steps.steps.check_interface.forms.making import Forms

_OF_KIND = {"object": object_, "array": array, "string": text, "number": number}
_FEW = {"boolean": (True, False), "null": (None,)}


class Solver:
    """Answers goals, and remembers the answers."""

    def __init__(self, forms: Forms, effort: Effort) -> None:
        self.forms = forms
        self.effort = effort
        self._memory = Memory()
        self._apart: dict[frozenset[Form], bool] = {}

    def solve(self, goal: Goal) -> Answer:
        """Return a value that keeps to all of the goal, or never, or unknown."""
        self.effort.spend()
        known = self._memory.recall(goal)
        if known is not None:
            return known
        with self._memory.working_on(goal) as work:
            work.answer = self._solved(goal)
        return work.answer

    def keeps(self, value: Any, goal: Goal) -> bool | None:
        """Return whether a value keeps to all of the goal; None where nobody can tell."""
        said = (keeps_to(value, form, self.forms, self.effort) for form, _ in goal)
        return every(each if sign else opposite(each) for each, (_, sign) in zip(said, goal, strict=True))

    def are_apart(self, one: Form, two: Form) -> bool:
        """Whether it is proven that no value keeps to both."""
        pair = frozenset((one, two))
        if pair not in self._apart:
            self._apart[pair] = False  # what is asked while it is asked is not proven
            goal = frozenset(((one, True), (two, True)))
            with self._memory.aside():
                self._apart[pair] = isinstance(self.solve(goal), Never)
        return self._apart[pair]

    def of_kind(self, kind: str, conditions: Goal) -> Answer:
        """Answer a goal of conditions on one kind of value, without alternatives."""
        self.effort.spend()
        if kind in _FEW:
            return self._tried(_FEW[kind], conditions)
        listed = next((form for form, sign in conditions if sign and isinstance(form, Among)), None)
        if listed is not None:
            return self._tried(listed.values, conditions)
        opaque = next((form for form, _ in conditions if isinstance(form, Opaque)), None)
        plain = frozenset(each for each in conditions if not isinstance(each[0], Opaque))
        answer = _OF_KIND[kind](plain, self)
        if opaque is not None and isinstance(answer, Found):
            return Found(answer.value, answer.doubt or f"{opaque.keyword} is not taken apart here")
        return answer

    def _solved(self, goal: Goal) -> Answer:
        listed = self._listed(goal)
        if listed is not None:
            return self._tried(listed.values, goal)
        return best(Branching(self, kind).search(goal) for kind in KINDS)

    def _listed(self, goal: Goal) -> Among | None:
        """Return a choice of values that the goal is limited to."""
        waiting, seen = list(goal), set(goal)
        while waiting:
            form, sign = waiting.pop()
            more: tuple[Form, ...] = ()
            if sign and isinstance(form, Among):
                return form
            if sign and isinstance(form, All):
                more = form.forms
            elif sign and isinstance(form, Ref):
                more = (self.forms.meant(form),)
            fresh: list[Signed] = [(each, True) for each in more if (each, True) not in seen]
            waiting += fresh
            seen.update(fresh)
        return None

    def _tried(self, values: tuple[Any, ...], goal: Goal) -> Answer:
        """Answer a goal that only these values could keep to."""
        doubted: Answer = NEVER
        for value in values:
            said = self.keeps(value, goal)
            if said:
                return Found(value)
            if said is None:
                doubted = Found(value, "a keyword or a pattern in it is not taken apart here")
        return doubted
