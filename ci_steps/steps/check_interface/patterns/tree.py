"""A pattern as it was read."""

from enum import Enum
from typing import TypeAlias

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.patterns.characters import Characters


class Anchor(Enum):
    """Where a text begins and ends."""

    START = "^"
    END = "$"


class Any(Value, frozen=True):
    """One of some characters."""

    chars: Characters


class Group(Value, frozen=True):
    """One of some alternatives."""

    branches: tuple["Branch", ...]
    anchored: bool
    """Whether an anchor is in one of them."""


class Times(Value, frozen=True):
    """The same, several times."""

    node: "Node"
    low: int
    high: int | None


Node: TypeAlias = Anchor | Any | Group | Times
Branch: TypeAlias = tuple[Node, ...]
