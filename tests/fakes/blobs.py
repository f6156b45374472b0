from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from ci_steps.errors import InputError


@dataclass(frozen=True, slots=True)
class MemoryBlobs:
    """Named bytes in memory."""

    held: dict[str, bytes] = field(default_factory=dict)

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        yield BytesIO(self.held[key])

    def put(self, key: str, content: BinaryIO) -> None:
        self.held[_inside(key)] = content.read()

    def put_if_absent(self, key: str, content: BinaryIO) -> bool:
        if key in self.held:
            return False
        self.put(key, content)
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in self.held if key.startswith(prefix)))


def _inside(key: str) -> str:
    if ".." in key.split("/") or key.startswith("/"):
        raise InputError(f"key {key!r} leads outside")
    return key
