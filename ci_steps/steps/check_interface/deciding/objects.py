"""Objects by their properties, name by name."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ci_steps.steps.check_interface.deciding.answers import (
    NEVER,
    Answer,
    Found,
    Goal,
    Never,
    Unknown,
    best,
    doubting,
)
from ci_steps.steps.check_interface.deciding.naming import Naming, Need
from ci_steps.steps.check_interface.forms.form import (
    AtLeast,
    AtMost,
    Further,
    Named,
    Names,
    Property,
    Required,
    Signed,
)

if TYPE_CHECKING:
    from ci_steps.steps.check_interface.deciding.solver import Solver


class Wanted:
    """The conditions on an object, sorted."""

    def __init__(self, goal: Goal) -> None:
        self.low = 0
        self.high: int | None = None
        self.required: set[str] = set()
        self.absent: set[str] = set()
        self.broken: dict[str, set[Signed]] = {}
        """What properties that must be there must break."""
        self.needs: list[Need] = []
        """Properties that must be there, under a name that is still to be chosen."""
        self.rules: list[Property | Named | Further] = []
        self.names: set[Signed] = set()
        for form, sign in goal:
            match form:
                case AtLeast(_, count):
                    self._long(count) if sign else self._short(count - 1)
                case AtMost(_, count):
                    self._short(count) if sign else self._long(count + 1)
                case Required(name):
                    (self.required if sign else self.absent).add(name)
                case Names(part) if sign:
                    self.names.add((part, True))
                case Names(part):
                    self.needs.append(Need(None, frozenset({(part, False)}), frozenset()))
                case Property(name, part) if not sign:
                    self.broken.setdefault(name, set()).add((part, False))
                case Named(_, part) | Further(_, _, part) if not sign:
                    self.needs.append(Need(form, frozenset(), frozenset({(part, False)})))
                case Property() | Named() | Further():
                    self.rules.append(form)
        self.required |= self.broken.keys()

    def _long(self, count: int) -> None:
        self.low = max(self.low, count)

    def _short(self, count: int) -> None:
        self.high = count if self.high is None else min(self.high, count)

    @property
    def mentioned(self) -> list[str]:
        """All names that a condition tells from others, in an order that is always the same."""
        names = self.required | self.absent
        for rule in (*self.rules, *(need.where for need in self.needs)):
            if isinstance(rule, Property):
                names.add(rule.name)
            elif isinstance(rule, Further):
                names |= rule.names
        return sorted(names)


def object_(goal: Goal, solver: "Solver") -> Answer:
    """Answer conditions on an object."""
    wanted = Wanted(goal)
    if wanted.required & wanted.absent or (wanted.high is not None and wanted.high < wanted.low):
        return NEVER
    return _Filling(wanted, Naming(wanted.rules, wanted.needs, wanted.names, solver), solver).answer()


class _Filling:
    def __init__(self, wanted: Wanted, naming: Naming, solver: "Solver") -> None:
        self._wanted = wanted
        self._naming = naming
        self._solver = solver

    def answer(self) -> Answer:
        given = {name: frozenset(self._wanted.broken.get(name, ())) for name in sorted(self._wanted.required)}
        # What must be there and cannot be is not asked for each choice of names anew.
        for name, more in given.items():
            answer = self._property(name, more)
            if isinstance(answer, Never):
                return NEVER
        return best(self._completed(chosen) for chosen in self._chosen(given, list(self._wanted.needs)))

    def _chosen(self, given: Mapping[str, Goal], needs: list[Need]) -> Iterator[Mapping[str, Goal] | Answer]:
        """Yield the properties that must be there, for each choice of their names."""
        if not needs:
            yield given
            return
        need, rest = needs[0], needs[1:]
        for name in dict.fromkeys((*given, *self._wanted.mentioned)):
            self._solver.effort.spend()
            fits = self._naming.fits(name, need)
            if name in self._wanted.absent or fits is False:
                continue
            if fits is None:
                yield Unknown("a pattern for names is not followed")
                continue
            more = given.get(name, frozenset()) | need.value
            if not isinstance(self._property(name, more), Never):
                yield from self._chosen({**given, name: more}, rest)
        taken = {*given, *self._wanted.mentioned}
        for fresh in self._naming.fresh(need, taken):
            if not isinstance(fresh, str):
                yield fresh
            elif not isinstance(self._property(fresh, need.value), Never):
                yield from self._chosen({**given, fresh: need.value}, rest)

    def _completed(self, chosen: Mapping[str, Goal] | Answer) -> Answer:
        if not isinstance(chosen, Mapping):
            return chosen
        made: dict[str, Any] = {}
        doubt = ""
        for name, more in chosen.items():
            answer = self._property(name, more)
            if not isinstance(answer, Found):
                return answer
            made[name] = answer.value
            doubt = doubt or answer.doubt
        if self._wanted.high is not None and len(made) > self._wanted.high:
            return NEVER
        return doubting(self._filled_up(made), doubt) if len(made) < self._wanted.low else Found(made, doubt)

    def _filled_up(self, made: dict[str, Any]) -> Answer:
        """Add properties that need not be there, until there are enough."""
        doubt = why = ""
        for name in self._others(made):
            answer = name if not isinstance(name, str) else self._property(name, frozenset())
            if isinstance(answer, Found) and isinstance(name, str):
                made[name] = answer.value
                doubt = doubt or answer.doubt
                if len(made) >= self._wanted.low:
                    return Found(made, doubt)
            elif isinstance(answer, Unknown):
                why = why or answer.why
        return Unknown(why) if why else NEVER

    def _others(self, made: Mapping[str, Any]) -> Iterator[str | Answer]:
        names = [name for name in self._wanted.mentioned if name not in made]
        yield from (name for name in names if name not in self._wanted.absent)
        free = Need(None, frozenset(), frozenset())
        yield from self._naming.more({*made, *self._wanted.mentioned}, free, self._can_be)

    def _can_be(self, name: str) -> bool:
        return not isinstance(self._property(name, frozenset()), Never)

    def _property(self, name: str, more: Goal) -> Answer:
        """Answer what is said about a property of this name, and about the name."""
        kept = self._naming.keeps(name)
        if kept is False:
            return NEVER
        goal, doubt = self._naming.goal(name)
        answer = self._solver.solve(goal | more)
        return doubting(answer, doubt or ("" if kept else "what names may be is not taken apart here"))
