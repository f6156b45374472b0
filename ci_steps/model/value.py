"""The base of small values that many short processes need."""

from msgspec import Struct


class Value(Struct, frozen=True):
    """A frozen value with named fields, as a dataclass is, but defined in a twentieth of the time.

    A frozen dataclass with slots takes 0.6 ms to define; a step that runs by itself meets dozens of them.
    """
