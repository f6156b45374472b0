"""Notes that several write at once: none is lost, and one that cannot be read counts as not there."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from ci_steps.errors import OutsideError
from ci_steps.ports import StoreBlobs

T = TypeVar("T")
_TRIES = 40


@dataclass(frozen=True, slots=True)
class Note(Generic[T]):
    """One key that holds a ``T``."""

    blobs: StoreBlobs
    key: str
    kind: type[T]
    empty: T

    def read(self) -> tuple[T, str | None]:
        """Return what is noted, and the mark of it; nothing noted is the empty one."""
        there = self.blobs.version(self.key)
        if there is None:
            return self.empty, None
        try:
            return msgspec.json.decode(there.content, type=self.kind), there.mark
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self.empty, there.mark

    def change(self, changed: Callable[[T], T]) -> tuple[T, str]:
        """Note what ``changed`` makes of it, however many others do the same; return it and its mark."""
        for number in range(_TRIES):
            if number:
                time.sleep(random.uniform(0, 0.02 * min(number, 10)))  # noqa: S311  (to meet less often)
            was, mark = self.read()
            now = changed(was)
            if now == was and mark is not None:
                return now, mark
            written = self.put(now, mark)
            if written is not None:
                return now, written
        raise OutsideError(f"{self.key} is written by others all the time")

    def put(self, now: T, mark: str | None) -> str | None:
        """Note it where still the version of this mark is; None where it is not."""
        return self.blobs.replace(self.key, mark, msgspec.json.encode(now))
