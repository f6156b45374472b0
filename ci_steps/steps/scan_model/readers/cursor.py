"""Reading little numbers and texts one after the other, never past the end."""

import struct
from dataclasses import dataclass

from ci_steps.steps.scan_model.content import Buffer
from ci_steps.steps.scan_model.readers.place import stop


@dataclass(slots=True)
class Cursor:
    """A place in a file that moves on; what is not there stops the reader."""

    buffer: Buffer
    at: int = 0
    order: str = "<"

    def take(self, size: int) -> bytes:
        self.skip(size)
        return self.buffer[self.at - size : self.at]

    def skip(self, size: int) -> None:
        if is_past(self.at + size, len(self.buffer)):
            raise stop(f"it ends before byte {self.at + size}")
        self.at += size

    def number(self, form: str) -> int:
        """Return one number of a form that :mod:`struct` knows."""
        found: int = struct.unpack(self.order + form, self.take(struct.calcsize(form)))[0]
        return found


def is_past(at: int, size: int) -> bool:
    return at > size
