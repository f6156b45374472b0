from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from threading import Lock
from typing import BinaryIO

from ci_steps.errors import InputError
from ci_steps.ports import Listed, Version


@dataclass(frozen=True, slots=True)
class MemoryBlobs:
    """Named bytes in memory."""

    held: dict[str, bytes] = field(default_factory=dict)
    _writing: Lock = field(default_factory=Lock)

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        yield BytesIO(self.held[key])

    def put(self, key: str, content: BinaryIO) -> None:
        self.held[_inside(key)] = content.read()

    def put_if_absent(self, key: str, content: BinaryIO) -> bool:
        return self.replace(key, None, content.read()) is not None

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in self.held if key.startswith(prefix)))

    @property
    def page(self) -> int:
        return 1000

    def listed(self, prefix: str) -> Iterator[Listed]:
        for number, key in enumerate(list(self.held)):
            if key.startswith(prefix):
                yield Listed(key, sha256(self.held[key]).hexdigest(), float(number))

    def folders(self, prefix: str) -> Iterator[str]:
        below = (key.removeprefix(prefix) for key in list(self.held) if key.startswith(prefix))
        return iter(dict.fromkeys(rest.partition("/")[0] for rest in below if "/" in rest))

    def version(self, key: str) -> Version | None:
        content = self.held.get(key)
        return None if content is None else Version(sha256(content).hexdigest(), content)

    def replace(self, key: str, version: str | None, content: bytes) -> str | None:
        with self._writing:
            there = self.version(_inside(key))
            if (there.mark if there else None) != version:
                return None
            self.held[key] = content
            return sha256(content).hexdigest()


def _inside(key: str) -> str:
    if ".." in key.split("/") or key.startswith("/"):
        raise InputError(f"key {key!r} leads outside")
    return key
