"""Protocol Buffers' wire format, as far as it takes to look into every message."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ci_steps.steps.scan_model.content import Buffer

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_DEPTH = 64
MOST_FIELDS = 4_000_000
"""Of one message; numbers are packed into one field by every exporter."""
LONGEST_TEXT = 1 << 20


class WireError(ValueError):
    """The bytes are no message of this kind."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: where its value lies, or the number that it is."""

    number: int
    wire: int
    start: int
    end: int
    value: int = 0


def fields(buffer: Buffer, start: int, end: int, known: Mapping[int, frozenset[int]]) -> Iterator[Field]:
    """Give a message's fields in their order; a field that is not known, or of another type, is an error."""
    at, count = start, 0
    while at < end:
        count += 1
        if count > MOST_FIELDS:
            raise WireError(f"a message has more than {MOST_FIELDS} fields")
        key, at = varint(buffer, at, end)
        number, wire = key >> 3, key & 7
        if wire not in known.get(number, ()):
            raise WireError(f"field {number} of type {wire} is unknown")
        value = 0
        begins = at
        if wire == VARINT:
            value, at = varint(buffer, at, end)
        elif wire == BYTES:
            size, begins = varint(buffer, at, end)
            at = begins + size
        else:
            at += 8 if wire == FIXED64 else 4
        if is_cut(at, end):
            raise WireError("it ends in the middle of a field")
        yield Field(number, wire, begins, at, value)


def is_cut(at: int, end: int) -> bool:
    return at > end


def varint(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """Return the number at ``at`` and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            break
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise WireError("it ends in the middle of a number")


def text(buffer: Buffer, field: Field) -> str:
    """Return a text field; one that is no text, or longer than any name, is an error."""
    if field.end - field.start > LONGEST_TEXT:
        raise WireError("a text is longer than 1 MiB")
    try:
        return buffer[field.start : field.end].decode("utf-8")
    except UnicodeDecodeError as error:
        raise WireError("a text is not UTF-8") from error


def shape(text_: str) -> Mapping[int, frozenset[int]]:
    """Read ``"1:0 2:2 7:0,2"`` as field numbers and the wire types that each may have."""
    pairs = (part.split(":") for part in text_.split())
    return {int(number): frozenset(map(int, wires.split(","))) for number, wires in pairs}
