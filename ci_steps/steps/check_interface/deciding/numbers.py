"""Numbers between bounds, and multiples."""

import math
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING

from ci_steps.steps.check_interface.deciding.answers import NEVER, Answer, Found, Goal, Unknown
from ci_steps.steps.check_interface.decimals import exact
from ci_steps.steps.check_interface.forms.form import Among, From, Multiple, To

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ci_steps.steps.check_interface.deciding.solver import Solver

_MOST = 10_000
_EXACT = 2**53


class Range:
    """The numbers between two bounds."""

    def __init__(self) -> None:
        self.low: Fraction | None = None
        self.above = False
        self.high: Fraction | None = None
        self.below = False

    def begin(self, number: float, *, above: bool) -> None:
        bound = exact(number)
        if self.low is None or (bound, above) > (self.low, self.above):
            self.low, self.above = bound, above

    def end(self, number: float, *, below: bool) -> None:
        bound = exact(number)
        if self.high is None or (bound, not below) < (self.high, not self.below):
            self.high, self.below = bound, below

    @property
    def empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.above or self.below))

    @property
    def single(self) -> bool:
        return self.low is not None and self.low == self.high


def number(goal: Goal, solver: "Solver") -> Answer:
    """Answer conditions on a number."""
    among = Range()
    steps: list[Fraction] = []
    for form, sign in goal:
        match form:
            case From(bound, above):
                among.begin(bound, above=above) if sign else among.end(bound, below=not above)
            case To(bound, below):
                among.end(bound, below=below) if sign else among.begin(bound, above=not below)
            case Multiple(step) if sign:
                steps.append(exact(step))
    if among.empty:
        return NEVER
    grid = common(steps) if steps else None
    for value in _likely(among, grid, goal):
        solver.effort.spend()
        if solver.keeps(value, goal):
            return Found(value)
    if among.single:
        return NEVER
    return _counted(among, grid, goal, solver)


def _counted(among: Range, grid: Fraction | None, goal: Goal, solver: "Solver") -> Answer:
    """Try one multiple after another: all of them, or until everything repeats."""
    if grid is None:
        return Unknown("numbers that are close together")
    steps = [exact(form.step) for form, _ in goal if isinstance(form, Multiple)]
    excluded = sum(len(form.values) for form, _ in goal if isinstance(form, Among))
    # After so many everything repeats, and each excluded value spoils at most one round.
    enough = common([grid, *steps]) / grid * (excluded + 1) + 1
    for number, multiple in enumerate(_multiples(among, grid)):
        solver.effort.spend()
        value = plain(float_of(multiple))
        if number >= enough:
            return NEVER
        if number >= _MOST or exact(value) != multiple:
            return Unknown("there are more multiples than could be tried")
        if solver.keeps(value, goal):
            return Found(value)
    return NEVER


def _multiples(among: Range, grid: Fraction) -> "Iterator[Fraction]":
    if among.low is None and among.high is not None:
        yield from (number * grid for number in count(math.floor(among.high / grid), -1))
    first = 0 if among.low is None else math.ceil(among.low / grid)
    for number in count(first):
        if among.high is not None and number * grid > among.high:
            return
        yield number * grid


def common(steps: list[Fraction]) -> Fraction:
    """Return the least number that is a multiple of all of them.

    >>> common([Fraction(1), Fraction(3, 2)])
    Fraction(3, 1)
    """
    finest = math.lcm(*(step.denominator for step in steps))
    return Fraction(math.lcm(*(int(step * finest) for step in steps)), finest)


def _likely(among: Range, grid: Fraction | None, goal: Goal) -> "Iterator[float]":
    """Yield numbers at the bounds and close to them; and where nothing bounds them, the small ones."""
    ends = [end for end in (among.low, among.high) if end is not None] or [Fraction(0)]
    for end in ends:
        # One more than a number past 2**53 is the same number, once it is a float.
        reach = 1 if abs(end) < _EXACT else abs(end) / 2**20
        near = (0, 1, -1, 0.5, -0.5, 2, -2, 0.25, -0.25)
        yield from (plain(float_of(end + reach * Fraction(each))) for each in near)
        further = (Fraction(math.floor(end)), end - 1, end + 1, end / 2, end * 2, Fraction(-1))
        yield from map(float_of, further)
    if among.low is not None and among.high is not None:
        width = among.high - among.low
        inside = [among.low + width * part / 16 for part in range(1, 16)]
        yield from (plain(float_of(each)) for each in (*inside, among.low + width / 3))
    if grid is not None:
        starts = sorted({math.floor(end / grid) * grid for end in ends})
        yield from (plain(float_of(start + grid * each)) for start in starts for each in (0, 1, -1, 2, 3))
    for form, _ in goal:
        if isinstance(form, Multiple):
            yield from (plain(float_of(exact(form.step) * each)) for each in (1, 0, -1, 2, 3))


def float_of(number: Fraction) -> float:
    """Return the number, whole where it is; else the nearest float, and at most the largest."""
    if number.denominator == 1:
        return int(number)
    try:
        return float(number)
    except OverflowError:
        return math.copysign(1e308, number)


def plain(number: float) -> float:
    """Return 1 for 1.0, which is the same number and reads better."""
    return (
        int(number)
        if not isinstance(number, int) and abs(number) < _EXACT and number == number // 1
        else number
    )
