"""A blob on its way to a registry."""

import hashlib
import os
from collections.abc import Callable, Iterator
from io import BufferedReader

from ci_steps.model.digest import Digest

_BUFFER = 1 << 20


class Body:
    """A file on its way, counted while it is read; whether its bytes are right the registry finds out."""

    def __init__(self, file: BufferedReader, on_bytes: Callable[[int], None]) -> None:
        self._file, self._on_bytes = file, on_bytes
        self.name = file.name
        self._size = os.fstat(file.fileno()).st_size
        self.rewind()

    def rewind(self) -> None:
        self._file.seek(0)
        self._sent = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(_BUFFER):
            yield piece

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._sent += len(piece)
        self._on_bytes(self._sent)
        return piece

    def chunks(self, size: int) -> Iterator[tuple[int, bytes]]:
        """Yield the whole file as pieces of ``size``, each with where it starts."""
        start = 0
        while piece := self.read(size):
            yield start, piece
            start += len(piece)

    def differs_from(self, digest: Digest) -> bool:
        """Whether the file has other bytes; it is read once more, for a registry has refused what came."""
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest() != digest.hex
