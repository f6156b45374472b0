"""An archive as a stream: made while it is read, so that no image is ever whole in memory."""

import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from ci_steps.archive.layout import Descriptor, Image, end_after, header, padding
from ci_steps.errors import OutsideError

_BUFFER = 1 << 20
Pieces = Callable[[Descriptor], Iterator[bytes]]


def archive_of(image: Image, pieces: Pieces, *, on_bytes: Callable[[int], None] = lambda _: None) -> BinaryIO:
    """Return the archive of ``image`` as a stream; ``pieces`` gives a layer, and raises if it is another one.

    The zeros at the end come after everything that can be wrong: who reads up to the end has it right.
    """
    stream = _Stream(_members(image, pieces), image.archive_size, on_bytes)
    return cast(BinaryIO, io.BufferedReader(stream, _BUFFER))


def _members(image: Image, pieces: Pieces) -> Iterator[bytes]:
    written = 0
    for name, content in image.documents:
        member = header(name, len(content)) + content + bytes(padding(len(content)))
        written += len(member)
        yield member
    for layer in image.blobs:
        yield header(layer.path, layer.size)
        yield from _sized(layer, pieces(layer))
        yield bytes(padding(layer.size))
        written += len(header(layer.path, layer.size)) + layer.size + padding(layer.size)
    yield bytes(end_after(written))


def _sized(layer: Descriptor, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Give ``pieces``, which must be as many bytes as the header before them said."""
    came = 0
    for piece in pieces:
        came += len(piece)
        if came > layer.size:
            break
        yield piece
    if came != layer.size:
        than = "more than " if came > layer.size else f"{came:,} instead of "
        raise OutsideError(f"{layer.digest} has {than}{layer.size:,} bytes", hint="push that image again")


class _Stream(io.RawIOBase):
    """Bytes out of pieces. One that broke off never looks like one that ended."""

    def __init__(self, pieces: Iterator[bytes], size: int, on_bytes: Callable[[int], None]) -> None:
        self._pieces, self._size, self._on_bytes = pieces, size, on_bytes
        self._given = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                if self._given != self._size:
                    raise OutsideError("the image broke off while it was read")
                return 0
            self._rest = memoryview(piece)
        given = min(len(buffer), len(self._rest))
        buffer[:given] = self._rest[:given]
        self._rest = self._rest[given:]
        self._given += given
        self._on_bytes(self._given)
        return given
