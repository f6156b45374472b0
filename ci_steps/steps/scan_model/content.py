"""The bytes of one file, and what reading them showed."""

import io
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from ci_steps.model.verdict import Verdict

Buffer = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class Content:
    """The same bytes twice: to look into at any place, and as a file for libraries that want one."""

    buffer: Buffer
    file: BinaryIO

    @classmethod
    def of(cls, content: bytes) -> Self:
        return cls(content, io.BytesIO(content))

    def starts(self, *magics: bytes) -> bool:
        return self.buffer[:16].startswith(magics)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a file from passing, whatever `scan.allow` says."""

    kind: str
    verdict: Verdict
    observed: str
    rule: str
    next: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A range of another file of the model that is this one's raw numbers."""

    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a file is, by its content, and everything it would import when it is loaded."""

    format: str
    globals: frozenset[str] = frozenset()
    aside: frozenset[str] = frozenset()
    """Imported only if `pickle.load` reads what `joblib.dump` wrote."""
    problems: tuple[Problem, ...] = ()
    runs: str = ""
    """Why the file itself is code, where it is; source text may be allowed by its path."""
    source: bool = False
    """A person can read what it runs, and so allow its path in `scan.code`."""
    pickled: bool = False
    """pickle or joblib loads it, so that the lock's joblib matters."""
    notes: tuple[str, ...] = ()
    """What reading it did not show."""
    claims: tuple[Claim, ...] = ()


def unreadable(observed: str, then: str = "") -> Problem:
    return Problem(
        kind="unreadable",
        verdict=Verdict.INCONCLUSIVE,
        observed=observed,
        rule="every file is read to its end",
        next=then or "save it in a format that cannot run code (json, npz, safetensors, onnx, skops)",
    )


def trailing(observed: str) -> Problem:
    return Problem(
        kind="trailing",
        verdict=Verdict.REFUSED,
        observed=observed,
        rule="nothing hides behind the end of what is loaded",
        next="do not load this file; dump the model again and ask where this one came from",
    )


def fills(end: int, size: int, kind: str = "its last tensor") -> Problem | None:
    """Return what is wrong where what is loaded does not end with the file; None where it does."""
    if end < size:
        return trailing(f"{size - end} bytes follow {kind}")
    return unreadable(f"it ends {end - size} bytes before {kind} does") if end > size else None


def trick(observed: str) -> Problem:
    return Problem(
        kind="trick",
        verdict=Verdict.REFUSED,
        observed=observed,
        rule="a pickle does only what pickling an object makes it do",
        next="do not load this file; no pickler writes this",
    )


def polyglot(observed: str) -> Problem:
    return Problem(
        kind="polyglot",
        verdict=Verdict.REFUSED,
        observed=observed,
        rule="a file is one thing only",
        next="do not load this file; ask where it came from",
    )


def outside(observed: str) -> Problem:
    return Problem(
        kind="trick",
        verdict=Verdict.REFUSED,
        observed=observed,
        rule="a model's file reads and writes nothing outside of the model",
        next="do not load this file; no exporter writes this",
    )


@contextmanager
def opened(path: Path) -> Iterator[Content]:
    """Give the file's bytes without holding them in memory."""
    with path.open("rb") as file, mapped(file) as content:
        yield content


@contextmanager
def mapped(file: BinaryIO) -> Iterator[Content]:
    """Give an open file's bytes; an empty file cannot be mapped and is empty bytes."""
    file.seek(0, 2)
    if file.tell() == 0:
        yield Content(b"", file)
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
        yield Content(buffer, file)
