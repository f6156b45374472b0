from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


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
