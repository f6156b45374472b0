"""What a library prints while it works, kept from the terminal that the run is shown on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import IO, Any


class _Kept:
    """A stream that keeps what one thread writes; others write on, as the table that is redrawn meanwhile."""

    def __init__(self, stream: IO[str], lines: list[str]) -> None:
        self._stream, self._lines, self._thread = stream, lines, threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() != self._thread:
            return self._stream.write(text)
        self._lines.append(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def printed() -> Iterator[list[str]]:
    """Keep from the terminal, and give, everything that this thread prints until the block ends."""
    import sys

    lines: list[str] = []
    out, err = _Kept(sys.stdout, lines), _Kept(sys.stderr, lines)
    with redirect_stdout(out), redirect_stderr(err):
        yield lines
