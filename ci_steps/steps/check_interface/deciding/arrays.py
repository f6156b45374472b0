"""Arrays by their items, position by position."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ci_steps.steps.check_interface.deciding.answers import (
    NEVER,
    Answer,
    Found,
    Goal,
    Never,
    Unknown,
    best,
)
from ci_steps.steps.check_interface.forms.form import (
    AtLeast,
    AtMost,
    Contains,
    ContainsAtMost,
    Distinct,
    Form,
    Item,
    Rest,
    Signed,
)

if TYPE_CHECKING:
    from ci_steps.steps.check_interface.deciding.solver import Solver


class Wanted:
    """The conditions on an array, sorted."""

    def __init__(self, goal: Goal) -> None:  # noqa: C901 - one for each form
        self.low = 0
        self.high: int | None = None
        self.distinct = self.repeated = False
        self.at: list[tuple[int, Signed]] = []
        """What holds for the item at a place, where there is one."""
        self.from_on: list[tuple[int, Signed]] = []
        self.broken_from: list[tuple[int, Form]] = []
        """From where on one item breaks a formula."""
        self.least: list[tuple[Form, int]] = []
        self.most: list[tuple[Form, int]] = []
        for form, sign in goal:
            match form:
                case AtLeast(_, count):
                    self._long(count) if sign else self._short(count - 1)
                case AtMost(_, count):
                    self._short(count) if sign else self._long(count + 1)
                case Distinct():
                    self.distinct, self.repeated = self.distinct or sign, self.repeated or not sign
                case Item(index, part):
                    self.at.append((index, (part, sign)))
                    if not sign:
                        self._long(index + 1)
                case Rest(start, part) if sign:
                    self.from_on.append((start, (part, True)))
                case Rest(start, part):
                    self.broken_from.append((start, part))
                case Contains(part, count):
                    self.least.append((part, count)) if sign else self.most.append((part, count - 1))
                case ContainsAtMost(part, count):
                    self.most.append((part, count)) if sign else self.least.append((part, count + 1))

    def _long(self, count: int) -> None:
        self.low = max(self.low, count)

    def _short(self, count: int) -> None:
        self.high = count if self.high is None else min(self.high, count)

    @property
    def alike_from(self) -> int:
        """From where on all places are the same to every condition."""
        starts = [start for start, _ in (*self.from_on, *self.broken_from)]
        return max([index + 1 for index, _ in self.at] + starts, default=0)

    @property
    def lengths(self) -> range:
        """The lengths to be tried: a longer array could lose an item that nobody needs."""
        needed = len(self.broken_from) + sum(count for _, count in self.least) + 2 * self.repeated
        longest = max(self.low, self.alike_from + needed)
        return range(self.low, (longest if self.high is None else min(longest, self.high)) + 1)

    def places(self, length: int) -> list[Goal]:
        """Return what holds for each item, whatever is chosen."""
        at: list[set[Signed]] = [set() for _ in range(length)]
        for index, signed in self.at:
            if index < length:
                at[index].add(signed)
        for start, signed in self.from_on:
            for each in at[start:]:
                each.add(signed)
        return [frozenset(each) for each in at]


def array(goal: Goal, solver: "Solver") -> Answer:
    """Answer conditions on an array."""
    wanted = Wanted(goal)
    return best(_of_length(length, wanted, solver) for length in wanted.lengths)


def _of_length(length: int, wanted: Wanted, solver: "Solver") -> Answer:
    solver.effort.spend(1 + length)
    places = wanted.places(length)
    # What cannot be at any place, whatever is chosen, is not asked for each choice anew.
    if any(isinstance(solver.solve(each), Never) for each in dict.fromkeys(places)):
        return NEVER
    pairs: Iterable[tuple[int, int]] = combinations(range(length), 2) if wanted.repeated else [(0, 0)]
    return best(
        _filled(chosen, pair, wanted, solver) for pair in pairs for chosen in _chosen(places, wanted, solver)
    )


def _chosen(places: list[Goal], wanted: Wanted, solver: "Solver") -> Iterator[list[Goal]]:
    """Yield what holds for each item, for each choice of where something is to be found."""
    length = len(places)
    choices: list[tuple[Form, list[tuple[int, ...]], bool]] = []
    for start, form in wanted.broken_from:
        choices.append((form, [(index,) for index in range(start, length)], False))
    for form, count in wanted.least:
        choices.append((form, list(_choices(length, count, solver)), True))
    for form, count in wanted.most:
        if count < 0:
            return
        breaking = max(length - count, 0)
        choices.append((form, list(_choices(length, breaking, solver)), False))
    yield from _with(places, choices, solver)


def _choices(length: int, count: int, solver: "Solver") -> Iterator[tuple[int, ...]]:
    for each in combinations(range(length), count):
        solver.effort.spend()
        yield each


def _with(
    places: list[Goal], choices: list[tuple[Form, list[tuple[int, ...]], bool]], solver: "Solver"
) -> Iterator[list[Goal]]:
    if not choices:
        yield places
        return
    form, options, sign = choices[0]
    for option in options:
        solver.effort.spend()
        at = list(places)
        for index in option:
            at[index] |= {(form, sign)}
        yield from _with(at, choices[1:], solver)


def _filled(places: list[Goal], pair: tuple[int, int], wanted: Wanted, solver: "Solver") -> Answer:
    """Return an array with an item at each place, and the same item at the pair of them."""
    places = list(places)
    places[slice(pair[0], pair[0] + 1)] = [places[pair[0]] | places[pair[1]]] if places else []
    items: list[Any] = []
    doubt = ""
    for index, place in enumerate(places):
        if index == pair[1] and wanted.repeated:
            items.append(items[pair[0]])
            continue
        answer = solver.solve(place)
        if isinstance(answer, Found) and wanted.distinct and index:
            solver.effort.spend(index)
            taken = solver.forms.among(items)
            answer = solver.solve(place | {(taken, False)})
            if isinstance(answer, Never) and len(set(places)) > 1:
                answer = Unknown("items that must all differ leave too little choice")
        if not isinstance(answer, Found):
            return answer
        items.append(answer.value)
        doubt = doubt or answer.doubt
    return NEVER if wanted.distinct and wanted.repeated else Found(items, doubt)
