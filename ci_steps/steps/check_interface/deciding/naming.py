"""Names of properties: which rules a name falls under, and names for every set of rules."""

from collections.abc import Callable, Collection, Iterator
from itertools import count, product
from typing import TYPE_CHECKING

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.deciding.answers import Answer, Found, Goal, Never, Unknown
from ci_steps.steps.check_interface.deciding.evaluating import every, matches, opposite
from ci_steps.steps.check_interface.forms.form import (
    Form,
    Further,
    Matches,
    Named,
    OfKind,
    Property,
    Signed,
)

if TYPE_CHECKING:
    from ci_steps.steps.check_interface.deciding.solver import Solver

_MOST_PATTERNS = 6


class Need(Value, frozen=True):
    """A property that must be there under some name."""

    where: Named | Further | None
    """The rule that its name must fall under; None: any name."""
    name: Goal
    value: Goal


class Naming:
    """The rules of one object about properties by their names."""

    def __init__(
        self,
        rules: list[Property | Named | Further],
        needs: list[Need],
        names: set[Signed],
        solver: "Solver",
    ) -> None:
        self._rules = rules
        self._names = frozenset(names)
        self._solver = solver
        patterns: set[str] = set()
        for rule in (*rules, *(need.where for need in needs)):
            if isinstance(rule, Named):
                patterns.add(rule.pattern)
            elif isinstance(rule, Further):
                patterns |= rule.patterns
        self._patterns = sorted(patterns)
        self._used: dict[Goal, int] = {}

    def goal(self, name: str) -> tuple[Goal, str]:
        """Return what the rules say about a property, and what could not be asked."""
        goal: set[Signed] = set()
        doubt = ""
        for rule in self._rules:
            under = self.is_under(name, rule)
            if under:
                goal.add((rule.form, True))
            elif under is None:
                doubt = "a pattern for names is not followed"
        return frozenset(goal), doubt

    def is_under(self, name: str, rule: Property | Named | Further) -> bool | None:
        if isinstance(rule, Property):
            return name == rule.name
        if isinstance(rule, Named):
            return self._matches(name, rule.pattern)
        if name in rule.names:
            return False
        return every(opposite(self._matches(name, pattern)) for pattern in rule.patterns)

    def keeps(self, name: str) -> bool | None:
        """Whether a property may have this name."""
        return self._solver.keeps(name, self._names)

    def fits(self, name: str, need: Need) -> bool | None:
        """Whether the name is one that is needed."""
        under = True if need.where is None else self.is_under(name, need.where)
        return every((under, self._solver.keeps(name, need.name)))

    def fresh(self, need: Need, taken: Collection[str]) -> Iterator[str | Answer]:
        """Yield a name that is not taken for each set of patterns that it could match; or what is unknown."""
        for goal in self._sorts(need):
            if goal is None:
                yield Unknown(f"more than {_MOST_PATTERNS} patterns for names")
                continue
            found = self._name(goal, taken)
            if isinstance(found, Found) and not found.doubt:
                yield found.value
            elif not isinstance(found, Never):
                yield Unknown(found.doubt if isinstance(found, Found) else found.why)

    def more(
        self, taken: Collection[str], need: Need, can_be: Callable[[str], bool]
    ) -> Iterator[str | Answer]:
        """Yield all names that are not taken; ``can_be`` tells which sets of patterns are worth it."""
        used = set(taken)
        for goal in self._sorts(need):
            while goal is not None:
                self._solver.effort.spend()
                found = self._name(goal, used)
                if isinstance(found, Never):
                    break
                if isinstance(found, Unknown) or found.doubt:
                    yield Unknown(found.why if isinstance(found, Unknown) else found.doubt)
                    break
                used.add(found.value)
                if not can_be(found.value):
                    break
                yield found.value
            if goal is None:
                yield Unknown(f"more than {_MOST_PATTERNS} patterns for names")

    def _sorts(self, need: Need) -> Iterator[Goal | None]:
        """Yield what a name keeps to, for each set of patterns that it could match."""
        if len(self._patterns) > _MOST_PATTERNS:
            yield None
            return
        forms = self._solver.forms
        text: Signed = (forms.of(OfKind, frozenset({"string"})), True)
        for bits in product((False, True), repeat=len(self._patterns)):
            signed = dict(zip(self._patterns, bits, strict=True))
            if isinstance(need.where, Named) and not signed[need.where.pattern]:
                continue
            if isinstance(need.where, Further) and any(signed[each] for each in need.where.patterns):
                continue
            said = {(forms.of(Matches, each), bit) for each, bit in signed.items()}
            yield frozenset({text, *said, *need.name, *self._names})

    def _name(self, goal: Goal, taken: Collection[str]) -> Answer:
        for number in count(self._used.get(goal, 0)):
            likely = f"extra{number or ''}"
            self._solver.effort.spend()
            if likely in taken:
                continue
            # Names that were given out are not tried again.
            self._used[goal] = number
            if self._solver.keeps(likely, goal):
                return Found(likely)
            break
        names: Form = self._solver.forms.among(sorted(taken))
        return self._solver.solve(goal | {(names, False)})

    def _matches(self, name: str, pattern: str) -> bool | None:
        return matches(name, pattern, self._solver.effort)
