"""Ids of many rows, in a few bytes each."""

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

_WIDEST = 64
"""Bytes of an id. Where one is longer all are kept as Python's strings: one width holds for all of them."""


class Ids(Sequence[str]):
    """Ids as one array: of bytes, whose order in UTF-8 is that of their characters, or of strings."""

    __slots__ = ("array",)

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array

    @classmethod
    def of(cls, ids: Sequence[str]) -> "Ids":
        text = "".join(ids)
        # An array of bytes forgets the zeros that an id ends with.
        if "\0" in text or max(map(len, ids), default=0) > _WIDEST:
            return cls(_strings(ids))
        return cls(np.array(ids if text.isascii() else [id_.encode() for id_ in ids], dtype=np.bytes_))

    @classmethod
    def joined(cls, parts: Sequence["Ids"]) -> "Ids":
        return cls(np.concatenate(_alike([part.array for part in parts])))

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Iterator[str]:
        return map(_text, self.array.tolist())

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> "Ids": ...
    def __getitem__(self, place: int | slice) -> "str | Ids":
        return Ids(self.array[place]) if isinstance(place, slice) else _text(self.array[place])

    def chosen(self, index: NDArray[np.int64]) -> "Ids":
        return Ids(self.array[index])

    def order(self) -> NDArray[np.int64] | None:
        """Return the order in which they ascend; equal ones in the order they are in. None: they do so."""
        if (self.array[:-1] < self.array[1:]).all():
            return None
        return np.argsort(self.array, kind="stable")

    def repeated(self, order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where in this order an id is that of the one before: both their places, row by row."""
        ordered = self.array[order]
        again = np.flatnonzero(ordered[:-1] == ordered[1:])
        return order[again], order[again + 1]

    def shared(self, other: "Ids") -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the places, here and there, of the ids that are in both. In both each stands once."""
        ours, theirs = _alike([self.array, other.array])
        if np.array_equal(ours, theirs):
            both = np.arange(len(ours))
            return both, both
        # Sides that are sorted are two runs, which this sort merges.
        first, second = Ids(both := np.concatenate([ours, theirs])).repeated(np.argsort(both, kind="stable"))
        return first, second - len(ours)

    def places(self, wanted: Sequence[str]) -> list[int | None]:
        """Return where each of these ids is, and None for one that is not there. Ours must ascend."""
        if not len(self) or not wanted:
            return [None] * len(wanted)
        ours, asked = _alike([self.array, Ids.of(wanted).array])
        found = np.minimum(np.searchsorted(ours, asked), len(ours) - 1)
        return [
            place if is_it else None
            for place, is_it in zip(found.tolist(), (ours[found] == asked).tolist(), strict=True)
        ]


def _alike(arrays: Sequence[NDArray[Any]]) -> Sequence[NDArray[Any]]:
    """Return the arrays as they are, or all of strings where one is: bytes and strings do not compare."""
    if len({array.dtype.kind for array in arrays}) == 1:
        return arrays
    return [array if array.dtype == object else _strings(list(Ids(array))) for array in arrays]


def _strings(ids: Sequence[str]) -> NDArray[Any]:
    array = np.empty(len(ids), dtype=object)
    array[:] = ids
    return array


def _text(id_: str | bytes) -> str:
    return id_.decode() if isinstance(id_, bytes) else id_
