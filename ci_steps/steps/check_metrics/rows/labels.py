"""What rows are labelled with: texts, truth values, or numbers."""

from collections.abc import Sequence
from typing import Literal, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

Label = str | float | bool
Kind = Literal["text", "number", "boolean"]

EXACT = 2**53
"""Up to here every whole number is a float of its own."""


class Numbers(Sequence[float]):
    """Numbers as labels, each once and ascending, in an array: a regression has as many as it has rows."""

    __slots__ = ("array",)

    def __init__(self, array: NDArray[np.float64]) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, place: int) -> float: ...
    @overload
    def __getitem__(self, place: slice) -> "Numbers": ...
    def __getitem__(self, place: int | slice) -> "float | Numbers":
        if isinstance(place, slice):
            return Numbers(self.array[place])
        value = float(self.array[place])
        return int(value) if value.is_integer() and abs(value) <= EXACT else value


def union(some: Sequence[Label], others: Sequence[Label]) -> Sequence[Label]:
    """Return the labels of both, sorted."""
    if isinstance(some, Numbers) and isinstance(others, Numbers):
        return Numbers(np.union1d(some.array, others.array))
    both: set[Label] = {*some, *others}
    return tuple(sorted(both))


def places(some: Sequence[Label], among: Sequence[Label]) -> NDArray[np.int64]:
    """Return where each label is among those that hold them all."""
    if isinstance(some, Numbers) and isinstance(among, Numbers):
        return np.searchsorted(among.array, some.array)
    number = {label: code for code, label in enumerate(among)}
    return np.array([number[label] for label in some], dtype=np.int64)


def place_of(words: str, labels: Sequence[Label]) -> int | None:
    """Return where the label is that a person writes so: 1 is 1.0, and true is neither."""
    if isinstance(labels, Numbers):
        try:
            found = np.flatnonzero(labels.array == float(words))
        except ValueError:
            return None
        return int(found[0]) if len(found) else None
    return next((place for place, label in enumerate(labels) if in_words(label) == words), None)


def kind_of(value: object) -> Kind:
    """Return what a label is; in JSON, and here, true is not 1."""
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def in_words(value: Label) -> str:
    """Return a label or a slice's value as a person would write it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
