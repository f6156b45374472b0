"""Where a file lies: what a reader may know beside its bytes, and how much of it may be unpacked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from ci_steps.steps.scan_model.content import Content, Problem, Shown, unreadable

MOST_DEPTH = 4
MOST_MEMBERS = 100_000
MOST_BYTES = 2 << 30
MOST_TIMES = 200
ALWAYS_BYTES = 64 << 20
"""Small enough to unpack, whatever the ratio: an array of zeros is honest."""


class UnreadError(Exception):
    """A reader cannot, or must not, go on; the problem says which."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.observed)
        self.problem = problem


def stop(observed: str, then: str = "") -> UnreadError:
    """Return the error of a file that nobody could read to its end."""
    return UnreadError(unreadable(observed, then))


@dataclass(slots=True)
class Budget:
    """What may still be unpacked out of one file of the model, at all depths together."""

    left: int
    members: int = MOST_MEMBERS

    @classmethod
    def of(cls, size: int) -> Self:
        return cls(max(ALWAYS_BYTES, size, min(MOST_BYTES, MOST_TIMES * size)))

    def spend(self, size: int) -> None:
        if is_over(size, self.left):
            raise stop(f"it unpacks to more than {MOST_TIMES} times its size or {MOST_BYTES >> 30} GiB")
        self.left -= size

    def open(self, count: int) -> None:
        if is_over(count, self.members):
            raise stop(f"it holds more than {MOST_MEMBERS} members")
        self.members -= count


def is_over(wanted: int, left: int) -> bool:
    return wanted > left


@dataclass(frozen=True, slots=True)
class Place:
    """A file of the model, or a member of an archive in it."""

    path: str
    """Where the file itself lies in the model, whatever it holds."""
    name: str
    """Its own name: the path, or the member's name."""
    sizes: Mapping[str, int]
    """Every file of the model."""
    budget: Budget
    read: Callable[[Content, "Place"], Shown]
    depth: int = 0

    def member(self, name: str) -> "Place":
        if is_over(self.depth + 1, MOST_DEPTH):
            raise stop(f"archives in archives, more than {MOST_DEPTH} deep")
        return replace(self, name=name, depth=self.depth + 1)


def together(kind: str, parts: Mapping[str, Shown], problems: tuple[Problem, ...] = ()) -> Shown:
    """Return what an archive holds, from what its members hold; each problem names its member."""
    told = tuple(
        replace(problem, observed=f"{name}: {problem.observed}")
        for name, part in parts.items()
        for problem in part.problems
    )
    runs = [f"an archive with {part.runs} in it, {name}" for name, part in parts.items() if part.runs]
    return Shown(
        kind,
        globals=frozenset().union(*(part.globals for part in parts.values())),
        aside=frozenset().union(*(part.aside for part in parts.values())),
        problems=(*problems, *told),
        runs=runs[0] if runs else "",
        pickled=any(part.pickled for part in parts.values()),
        notes=tuple(f"{name}: {note}" for name, part in parts.items() for note in part.notes),
    )
