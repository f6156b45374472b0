"""What a file's bytes are compared with."""

import hashlib
from typing import Protocol

from ci_steps.model.sourced import SourceFile


class Hasher(Protocol):
    """What hashlib and its like give."""

    def update(self, block: memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


def hashers_of(file: SourceFile) -> dict[str, Hasher]:
    """Return what is computed of a file: its SHA-256, and where that is not known what else vouches."""
    hashers: dict[str, Hasher] = {"sha256": hashlib.sha256()}
    if "sha256" in file.checksums:
        return hashers
    if "md5" in file.checksums:
        hashers["md5"] = hashlib.md5(usedforsecurity=False)
    elif "crc32c" in file.checksums:
        hashers["crc32c"] = _Crc32c()
    return hashers


def is_vouched(file: SourceFile) -> bool:
    """Whether the source said what the bytes must add up to."""
    return not file.checksums.keys().isdisjoint({"sha256", "md5", "crc32c"})


def differing(file: SourceFile, hashers: dict[str, Hasher]) -> str:
    """Return the first kind of checksum that is not as the source said, and what it is; empty: none."""
    for kind, hasher in hashers.items():
        known = file.checksums.get(kind)
        if known is not None and known.lower() != hasher.hexdigest():
            return f"{kind} {hasher.hexdigest()}"
    return ""


class _Crc32c:
    def __init__(self) -> None:
        import google_crc32c

        self._extend = google_crc32c.extend
        self._crc = 0

    def update(self, block: memoryview) -> None:
        self._crc = self._extend(self._crc, bytes(block))

    def hexdigest(self) -> str:
        return f"{self._crc:08x}"
