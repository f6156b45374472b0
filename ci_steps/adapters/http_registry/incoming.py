"""A blob on its way from a registry."""

import hashlib
from collections.abc import Callable, Iterator

import requests

from ci_steps.adapters.http_registry.connection import Again, Connection
from ci_steps.errors import OutsideError
from ci_steps.model.digest import Digest

_BUFFER = 1 << 20


class Incoming:
    """Pieces of a blob, hashed while they come; where they break off, they are asked for from there on."""

    def __init__(self, at: Connection, digest: Digest, asked: Callable[[int], requests.Response]) -> None:
        self._at, self._digest, self._asked = at, digest, asked
        self._came = 0
        self._sha256 = hashlib.sha256()
        self._response: requests.Response | None = None
        self._pieces: Iterator[bytes] = iter(())

    def __iter__(self) -> Iterator[bytes]:
        try:
            while piece := self._at.retried(self._next):
                self._sha256.update(piece)
                self._came += len(piece)
                yield piece
        finally:
            self._close()
        if self._sha256.hexdigest() != self._digest.hex:  # too late to ask again: it was given out
            raise OutsideError(
                f"registry {self._at.host} gives other bytes than {self._digest} for that blob"
            )

    def _next(self) -> bytes:
        try:
            if self._response is None:
                self._response = self._asked(self._came)
                self._pieces = self._response.iter_content(_BUFFER)
                if self._response.status_code != 206:
                    self._skip(self._came)
            return next(self._pieces, b"")
        except requests.exceptions.RequestException as error:
            self._close()
            raise Again(f"broke off while giving {self._digest}") from error

    def _skip(self, count: int) -> None:
        """Pass over what came before, where the registry starts from the beginning again."""
        while count > 0:
            piece = next(self._pieces, b"")
            if not piece:
                break
            if len(piece) > count:
                rest, following = piece[count:], self._pieces
                self._pieces = (each for part in ((rest,), following) for each in part)
            count -= len(piece)

    def _close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
