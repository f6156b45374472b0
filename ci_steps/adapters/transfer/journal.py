"""Which ranges of a half are there, on disk, so that the next process need not fetch them."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ENTRY = re.compile(r"(\d+) (\d+) ([0-9a-f]{64}|-)")


@dataclass(frozen=True, slots=True)
class Journal:
    """Lines ``first last sha256``; the last is `-` where a checksum of the whole file decides anyway."""

    path: Path

    def entries(self) -> Iterator[tuple[int, int, str]]:
        try:
            lines = self.path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            if found := _ENTRY.fullmatch(line):
                yield int(found[1]), int(found[2]), found[3]

    def add(self, first: int, last: int, sha256: str) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"{first} {last} {sha256 or '-'}\n".encode())
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
