"""What content is named by."""

import hashlib
import re
from functools import total_ordering
from pathlib import Path
from typing import Self

from ci_steps.errors import InputError

_FORM = re.compile(r"sha256:[0-9a-f]{64}")


@total_ordering
class Digest:
    """A SHA-256, written ``sha256:<64 hex>``."""

    # Not a dataclass: msgspec would write one as an object, past our hooks.
    __slots__ = ("hex",)

    hex: str

    def __init__(self, hex_: str) -> None:
        object.__setattr__(self, "hex", hex_)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a digest does not change: {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and self.hex == other.hex

    def __lt__(self, other: "Digest") -> bool:
        return self.hex < other.hex

    def __hash__(self) -> int:
        return hash(self.hex)

    def __repr__(self) -> str:
        return f"Digest({self.hex!r})"

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
