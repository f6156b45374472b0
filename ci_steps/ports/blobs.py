from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from ci_steps.model.value import Value


class Blobs(Protocol):
    """Named bytes, in a folder or a bucket. Keys are paths with forward slashes."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Read ``key`` from its start; :class:`KeyError` where there is none."""

    def put(self, key: str, content: BinaryIO) -> None:
        """Put ``content`` under ``key``, whole or not at all, over what was there."""

    def put_if_absent(self, key: str, content: BinaryIO) -> bool:
        """Put ``content`` where nothing is, whole or not at all; false where something was already."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Every key that starts with ``prefix``, sorted."""


class Version(Value, frozen=True):
    """What was under a key, and a mark that other content does not have."""

    mark: str
    content: bytes


class Listed(Value, frozen=True):
    """What a listing says of a key."""

    key: str
    mark: str
    """That of the version under it."""
    at: float
    """When it was written, in seconds since 1970, by the clock there."""


class VersionedBlobs(Protocol):
    """Small blobs that are changed only by those who know what is there."""

    def version(self, key: str) -> Version | None:
        """Return what is under ``key`` now; None where nothing is."""

    def replace(self, key: str, version: str | None, content: bytes) -> str | None:
        """Put ``content`` where exactly the version of this mark is, or nothing where it is None.

        Gives the new mark, or None where something else was there, and then nothing changed.
        """


class StoreBlobs(Blobs, VersionedBlobs, Protocol):
    """Where models and what is known of them lie."""

    @property
    def page(self) -> int:
        """How many keys one look brings."""

    def listed(self, prefix: str) -> Iterator[Listed]:
        """Every key that starts with ``prefix``, in no order, with its mark."""

    def folders(self, prefix: str) -> Iterator[str]:
        """Each name between ``prefix``, which ends with a slash, and the next slash of any key, once."""
