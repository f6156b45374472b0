from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class Environments(Protocol):
    """Python packages, from hashed lock files only."""

    def python(self, lock: bytes, *, version: str, extra: bytes = b"") -> Path:
        """Return the interpreter of an environment with exactly ``lock``'s packages, made once and cached.

        ``extra`` is a second hashed lock; its packages that ``lock`` does not name are added.
        """

    def layout(self, locks: Mapping[str, bytes], *, version: str, platform: str, into: Path) -> None:
        """Lay out the wheels of ``locks``, by name, for that interpreter and platform, in an empty ``into``.

        Wheels only, hash-checked; nothing is executed. Locks that disagree are an input error.
        """

    def compiler(self, *, version: str) -> str:
        """Return the full version of the Python that would compile for ``version``; empty: there is none."""

    def compile(self, folder: Path, *, version: str, prefix: str) -> str:
        """Byte-compile ``folder`` as it will lie at ``prefix``, and return the full version that did it."""
