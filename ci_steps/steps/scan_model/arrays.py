"""What joblib writes in the place of a numpy array, as far as it takes to find where the array ends."""

import math
import re
from dataclasses import dataclass
from typing import Any

from ci_steps.steps.scan_model.opcodes import UnfollowableError

MOST_ENTRIES = 256
_TYPESTR = re.compile(r"[|<>=]?([biufcmMSUVO])(\d*)")
_STATE = {"subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"}
_HAS_OBJECTS = 0x01  # NPY_ITEM_REFCOUNT, in the flags of a dtype's state


class Entries(dict[str, Any]):
    """A dict of a pickle, as far as its keys are text and few."""

    whole = True

    def put(self, key: object, value: object) -> None:
        if isinstance(key, str) and (len(self) < MOST_ENTRIES or key in self):
            self[key] = value
        else:
            self.whole = False


class Placeholder:
    """A NumpyArrayWrapper before its state is set."""


@dataclass(slots=True)
class Dtype:
    """An array's type: bytes an item, and whether the items are pickled objects instead."""

    kind: str
    itemsize: int
    objects: bool
    settled: bool = False

    @classmethod
    def of(cls, args: object) -> "Dtype | None":
        """Return the dtype that these arguments make, where it is one that joblib writes."""
        if not isinstance(args, tuple) or not args or not isinstance(args[0], str):
            return None
        found = _TYPESTR.fullmatch(args[0])
        # The third argument asks for a copy; without one the state below would change numpy's own.
        if found is None or [type(a) in (bool, int) and int(a) for a in args[1:]] != [0, 1]:
            return None
        kind, size = found[1], int(found[2] or 0)
        return cls(kind, size * 4 if kind == "U" else size, kind == "O")

    def settle(self, state: object) -> None:
        """Take the state that numpy pickles with a dtype; it may not contradict the type's own text."""
        if not isinstance(state, tuple) or not 8 <= len(state) <= 9:
            raise UnfollowableError("a dtype has a state of an unknown form")
        _, _, subarray, names, fields, itemsize, _, flags = state[:8]
        objects = self.kind == "O"
        if fields is not None:
            parts = list(fields.values()) if isinstance(fields, Entries) and fields.whole else [None]
            dtypes = [part[0] if isinstance(part, tuple) and part else None for part in parts]
            if self.kind != "V" or not all(isinstance(dtype, Dtype) for dtype in dtypes):
                raise UnfollowableError("a dtype has fields of an unknown form")
            objects = any(dtype.objects for dtype in dtypes if isinstance(dtype, Dtype))
        wanted = self.itemsize if self.kind in "SUV" else -1
        flagged = isinstance(flags, int) and bool(flags & _HAS_OBJECTS)
        if (
            subarray is not None
            or itemsize != wanted
            or flagged != objects
            or (names is None) != (not fields)
        ):
            raise UnfollowableError("a dtype's state contradicts its type")
        self.objects, self.settled = objects, True


@dataclass(frozen=True, slots=True)
class ArrayBytes:
    """What follows a placeholder: a nested pickle, or so many raw bytes after a padding."""

    objects: bool
    size: int


def array_bytes(state: object) -> ArrayBytes:
    """Return what follows a NumpyArrayWrapper with this state."""
    if not isinstance(state, Entries) or not state.whole or set(state) - _STATE:
        raise UnfollowableError("a NumpyArrayWrapper has a state of an unknown form")
    if state.get("numpy_array_alignment_bytes") != 16:
        raise UnfollowableError("its arrays are not aligned: joblib before 1.2 wrote it")
    dtype, shape = state.get("dtype"), state.get("shape")
    if not isinstance(dtype, Dtype) or not dtype.settled:
        raise UnfollowableError("an array has a dtype of an unknown form")
    if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 2**48 for n in shape):
        raise UnfollowableError("an array has a shape of an unknown form")
    size = math.prod(shape) * dtype.itemsize
    # joblib multiplies in 64 bits, where a greater product would wrap around to a small one.
    if size >= 2**62 or math.prod(n or 1 for n in shape) >= 2**62:
        raise UnfollowableError("an array is larger than any memory")
    return ArrayBytes(dtype.objects, size)
