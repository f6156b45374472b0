"""Pickle's opcodes and their arguments, from the standard library's own table."""

import codecs
import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ci_steps.steps.scan_model.content import Buffer


class MalformedError(ValueError):
    """No unpickler gets past this place."""


class UnfollowableError(ValueError):
    """What comes next cannot be told, so nothing after it can be read; an unpickler may well read on."""


@dataclass(frozen=True, slots=True)
class Line:
    """A text argument, up to its line end."""

    text: bytes


Argument = bytes | Line | tuple[bytes, bytes] | int | None
"""Raw bytes, a line, the two lines of a global, the length of something too long to be a name, or none."""

LONGEST_NAME = 4096
_NUMBER = re.compile(rb"\s*[+-]?[\d.]")


@dataclass(frozen=True, slots=True)
class Opcode:
    """What one opcode reads from the stream, and how many values it takes and leaves."""

    name: str
    read: Callable[[Buffer, int], tuple[Any, int]] | None
    takes: int
    takes_mark: bool
    leaves: int


def _fixed(size: int) -> Callable[[Buffer, int], tuple[bytes, int]]:
    def read(buffer: Buffer, at: int) -> tuple[bytes, int]:
        end = at + size
        if end > len(buffer):
            raise MalformedError("it ends in the middle of an argument")
        return buffer[at:end], end

    return read


def _counted(width: int, *, signed: bool = False) -> Callable[[Buffer, int], tuple[bytes | int, int]]:
    def read(buffer: Buffer, at: int) -> tuple[bytes | int, int]:
        start = at + width
        size = int.from_bytes(buffer[at:start], "little", signed=signed)
        end = start + size
        if start > len(buffer) or end > len(buffer) or size < 0:
            raise MalformedError("it ends in the middle of an argument")
        return (buffer[start:end] if size <= LONGEST_NAME else size), end

    return read


def _line(buffer: Buffer, at: int) -> tuple[Line | int, int]:
    end = buffer.find(b"\n", at)
    if end < 0:
        raise MalformedError("it ends in the middle of a line")
    size = end - at
    return (Line(buffer[at:end]) if size <= LONGEST_NAME else size), end + 1


def _two_lines(buffer: Buffer, at: int) -> tuple[tuple[bytes, bytes], int]:
    first, at = _line(buffer, at)
    second, at = _line(buffer, at)
    if isinstance(first, int) or isinstance(second, int):
        raise UnfollowableError(f"a global's name is longer than {LONGEST_NAME} bytes")
    return (first.text, second.text), at


_COUNTED = {
    pickletools.TAKEN_FROM_ARGUMENT1: _counted(1),
    pickletools.TAKEN_FROM_ARGUMENT4: _counted(4, signed=True),
    pickletools.TAKEN_FROM_ARGUMENT4U: _counted(4),
    pickletools.TAKEN_FROM_ARGUMENT8U: _counted(8),
    pickletools.UP_TO_NEWLINE: _line,
}


def _opcode(known: Any) -> Opcode:
    before = known.stack_before
    marked = pickletools.markobject in before
    takes = before.index(pickletools.markobject) if marked else len(before)
    read: Callable[[Buffer, int], tuple[Any, int]] | None
    if known.arg is None:
        read = None
    elif known.name in {"GLOBAL", "INST"}:
        read = _two_lines
    else:
        read = _COUNTED.get(known.arg.n) or _fixed(known.arg.n)
    return Opcode(known.name, read, takes, marked, len(known.stack_after))


OPCODES: list[Opcode | None] = [None] * 256
for _known in pickletools.opcodes:
    OPCODES[ord(_known.code)] = _opcode(_known)


def number(line: Line) -> int | None:
    """Return the integer a text opcode holds; None where it holds another number.

    Unpicklers differ in what they take for a number, so anything that begins like one
    counts: reading on too far lists a name too much, stopping too early hides one.
    """
    try:
        return int(line.text, 0)
    except ValueError:
        pass
    try:
        return int(line.text.strip().rstrip(b"L"))
    except ValueError:
        if _NUMBER.match(line.text) or line.text.strip().lower().lstrip(b"+-")[:3] in {b"nan", b"inf"}:
            return None
        raise MalformedError("a number is not one") from None


def quoted(line: Line) -> str:
    """Return the text of protocol 0's `S`, which stands in quotes with escapes."""
    text = line.text.strip()
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in b"'\"":
        raise MalformedError("a string is not quoted")
    try:
        unescaped, _ = codecs.escape_decode(text[1:-1])
    except ValueError as error:
        raise MalformedError("a string has a broken escape") from error
    return unescaped.decode("latin-1")
