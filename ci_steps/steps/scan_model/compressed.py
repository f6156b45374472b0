"""Unwrapping what joblib and others compress, within bounds."""

import bz2
import lzma
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from ci_steps.steps.scan_model.content import Content, Problem, mapped, trailing, unreadable
from ci_steps.steps.scan_model.readers.place import Budget, UnreadError

CHUNK = 1 << 20
_LZMA_MEMORY = 512 << 20

_STREAMS: tuple[tuple[str, bytes, Callable[[], Any]], ...] = (
    ("gzip", b"\x1f\x8b", lambda: zlib.decompressobj(31)),
    ("bz2", b"BZh", bz2.BZ2Decompressor),
    ("xz", b"\xfd7zXZ", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY)),
    ("lzma", b"\x5d\x00", lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_LZMA_MEMORY)),
    ("zlib", b"\x78", lambda: zlib.decompressobj(15)),
)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """What a compressed file holds, as far as it could be unwrapped."""

    kind: str
    content: Content
    problems: tuple[Problem, ...]


@contextmanager
def unwrapped(content: Content, budget: Budget) -> Iterator[Unwrapped | None]:
    """Give what the file holds; None where it is not compressed, or only begins as if it were."""
    for kind, magic, stream in _STREAMS:
        if content.starts(magic):
            with tempfile.TemporaryFile() as sink:
                problems = tuple(_expand(stream(), content, sink, budget))
                if sink.tell() or not problems:
                    with mapped(sink) as inner:
                        yield Unwrapped(kind, inner, problems)
                    return
    yield None


def _expand(stream: Any, content: Content, sink: BinaryIO, budget: Budget) -> Iterator[Problem]:
    content.file.seek(0)
    chunk = content.file.read(CHUNK)
    while not stream.eof:
        try:
            piece = stream.decompress(chunk, CHUNK)
        except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
            yield unreadable(f"it cannot be unwrapped to its end: {error}")
            return
        sink.write(piece)
        try:
            budget.spend(len(piece))
        except UnreadError as error:
            yield error.problem
            return
        # zlib hands back what it did not take, the others keep it.
        chunk = getattr(stream, "unconsumed_tail", b"")
        if not chunk and getattr(stream, "needs_input", True) and not stream.eof:
            chunk = content.file.read(CHUNK)
            if not chunk and not piece:
                yield unreadable("it ends before its compressed stream does")
                return
    if stream.unused_data or content.file.read(1):
        yield trailing("bytes follow the end of its compressed stream")
