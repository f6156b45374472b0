"""Taking a goal apart into conditions on one kind of value, alternative by alternative."""

from typing import TYPE_CHECKING, TypeAlias

from ci_steps.steps.check_interface.deciding.answers import NEVER, Answer, Goal, Never, best
from ci_steps.steps.check_interface.deciding.choices import differing
from ci_steps.steps.check_interface.forms.form import (
    All,
    Always,
    Among,
    AnyOf,
    Form,
    Not,
    OfKind,
    OneOf,
    Opaque,
    Ref,
    Signed,
    kind_of,
)

if TYPE_CHECKING:
    from ci_steps.steps.check_interface.deciding.solver import Solver

Clause: TypeAlias = tuple[Signed, ...]
"""Alternatives: one of them is to hold."""


class State:
    """What is settled so far, and what is still to be chosen."""

    def __init__(self, said: set[Signed], conditions: set[Signed], clauses: list[Clause]) -> None:
        self.said = said
        self.conditions = conditions
        self.clauses = clauses

    def copy(self) -> "State":
        return State(set(self.said), set(self.conditions), list(self.clauses))


class Branching:
    """The search among values of one kind."""

    def __init__(self, solver: "Solver", kind: str) -> None:
        self._solver = solver
        self._forms = solver.forms
        self._kind = kind

    def search(self, goal: Goal) -> Answer:
        """Return the best answer that any choice among the alternatives leads to."""
        return self._searched(State(set(), set(), []), list(goal))

    def _searched(self, state: State, told: list[Signed]) -> Answer:
        self._solver.effort.spend()
        if not self._settled(state, told):
            return NEVER
        answer = self._solver.of_kind(self._kind, frozenset(state.conditions))
        if not state.clauses or isinstance(answer, Never):
            return answer
        clause = self._chosen(state)
        if clause is None:
            return self._searched(state, [])
        if not clause:
            return NEVER
        state.clauses.remove(clause)
        return best(self._searched(state.copy(), [each]) for each in clause)

    def _settled(self, state: State, told: list[Signed]) -> bool:
        """Take in what is told, and what follows; return whether it contradicts nothing."""
        while True:
            while told:
                if not self._taken_in(told.pop(), state, told):
                    return False
            pending, state.clauses = state.clauses, []
            for clause in pending:
                left = self._left_of(clause, state)
                if left is None:
                    continue
                if not left:
                    return False
                if len(left) == 1:
                    told.append(left[0])
                elif left not in state.clauses:
                    state.clauses.append(left)
            if not told:
                return True

    def _taken_in(self, signed: Signed, state: State, told: list[Signed]) -> bool:
        if signed in state.said:
            return True
        if contradicts(signed, state.said):
            return False
        state.said.add(signed)
        meaning = self._meaning(signed)
        if isinstance(meaning, bool):
            return meaning
        if meaning is None:
            state.conditions.add(signed)
        elif meaning[0] == "all":
            told.extend(meaning[1])
        else:
            state.clauses.append(meaning[1])
        return True

    def _left_of(self, clause: Clause, state: State) -> Clause | None:
        """Return the alternatives that are left, None where one of them holds already."""
        left: dict[Signed, None] = {}
        for each in clause:
            meaning = self._meaning(each)
            if each in state.said or meaning is True:
                return None
            if not contradicts(each, state.said) and meaning is not False:
                left[each] = None
        return tuple(left)

    def _chosen(self, state: State) -> Clause | None:
        """Return the clause to try next; None where some could be dropped first.

        First one whose alternatives say much, such as the branches of ``anyOf``. Of those that say one thing
        each, such as the ways to break a schema, all are tried alone: what cannot be is left out.
        """
        much = [clause for clause in state.clauses if any(self._meaning(each) is not None for each in clause)]
        if much:
            return min(much, key=len)
        if len(state.clauses) == 1:
            return state.clauses[0]
        shorter: list[Clause] = []
        for clause in state.clauses:
            if any(self._is_never(state, (form, not sign)) for form, sign in clause):
                continue  # one of them holds anyway
            left = tuple(each for each in clause if not self._is_never(state, each))
            if not left:
                return ()
            shorter.append(left)
        if shorter == state.clauses:
            return min(shorter, key=len)
        state.clauses = shorter
        return None

    def _is_never(self, state: State, signed: Signed) -> bool:
        tried = self._solver.of_kind(self._kind, frozenset(state.conditions | {signed}))
        return isinstance(tried, Never)

    def _meaning(self, signed: Signed) -> bool | tuple[str, Clause] | None:  # noqa: C901, PLR0911 - one for each form
        """Return what it comes to: settled, all of some, one of some; None for a condition."""
        form, sign = signed
        match form:
            case Always(said):
                return said is sign
            case OfKind(kinds):
                return (self._kind in kinds) is sign
            case Not(part):
                return "all", ((part, not sign),)
            case All(parts):
                return "all" if sign else "any", tuple((part, sign) for part in parts)
            case AnyOf(parts):
                return "any" if sign else "all", tuple((part, sign) for part in parts)
            case OneOf(parts):
                return "all", ((self._only_one(parts), sign),)
            case Ref():
                return "all", ((self._forms.meant(form), sign),)
            case Among(values):
                own = [value for value in values if kind_of(value) == self._kind]
                if not own:
                    return not sign
                if sign or self._kind not in {"object", "array"}:
                    return None
                return "all", tuple((differing(value, self._forms), True) for value in own)
            case Opaque():
                return None
        return None if form.kind == self._kind else sign

    def _only_one(self, parts: tuple[Form, ...]) -> Form:
        """Return exactly one of them, in other words; what is proven apart needs no word."""
        forms = self._forms
        pairs = [(one, two) for number, one in enumerate(parts) for two in parts[:number]]
        not_both = [
            forms.any((forms.no(one), forms.no(two)))
            for one, two in pairs
            if not self._solver.are_apart(one, two)
        ]
        return forms.all((forms.any(parts), *not_both))


def contradicts(signed: Signed, said: set[Signed]) -> bool:
    """Whether the opposite is said already."""
    return (signed[0], not signed[1]) in said
