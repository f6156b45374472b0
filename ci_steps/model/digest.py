"""What content is named by."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ci_steps.errors import InputError

_FORM = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256, written ``sha256:<64 hex>``."""

    hex: str

    @classmethod
    def parse(cls, text: str) -> Self:
        if not _FORM.fullmatch(text):
            raise InputError(f"{text!r} is not a digest", hint="write it like sha256:<64 hex digits>")
        return cls(text.removeprefix("sha256:"))

    @classmethod
    def of(cls, content: bytes) -> Self:
        return cls(hashlib.sha256(content).hexdigest())

    @classmethod
    def of_file(cls, path: Path) -> Self:
        with path.open("rb") as file:
            return cls(hashlib.file_digest(file, "sha256").hexdigest())

    @property
    def short(self) -> str:
        """The twelve characters that people read."""
        return self.hex[:12]

    def __str__(self) -> str:
        return f"sha256:{self.hex}"
