"""safetensors: a header of JSON, and numbers that fill the file without holes and overlaps."""

import json
import math
from typing import Any

from ci_steps.steps.scan_model.content import Buffer, Problem, Shown, fills
from ci_steps.steps.scan_model.readers.place import UnreadError, stop

LARGEST_HEADER = 100_000_000
"""What the format's own library takes at most."""
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16,
    "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


def begins(buffer: Buffer) -> bool:
    """Whether it begins as the format does: a length that the file could have, and an object of JSON."""
    size = int.from_bytes(buffer[:8], "little")
    return len(buffer) >= 10 and 2 <= size <= LARGEST_HEADER and buffer[8:9] == b"{"


def safetensors(buffer: Buffer) -> Shown:
    """Return what the file holds, which begins as safetensors."""
    size = int.from_bytes(buffer[:8], "little")
    problem = _problem(buffer, size)
    return Shown("safetensors", problems=(problem,) if problem else ())


def is_whole(buffer: Buffer) -> bool:
    return begins(buffer) and _problem(buffer, int.from_bytes(buffer[:8], "little")) is None


def _problem(buffer: Buffer, size: int) -> Problem | None:
    try:
        return fills(8 + size + _end(_header(buffer, size)), len(buffer))
    except UnreadError as error:
        return error.problem


def _header(buffer: Buffer, size: int) -> dict[str, Any]:
    if 8 + size > len(buffer):
        raise _unsound("it ends inside its header")
    try:
        header = json.loads(buffer[8 : 8 + size], object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _unsound(f"its header is not JSON: {error}"[:200]) from error
    if not isinstance(header, dict):
        raise _unsound("its header is no object")
    return header


def _end(header: dict[str, Any]) -> int:
    """Return where the last tensor ends, behind the header."""
    notes = header.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(value, str) for value in notes.values()):
        raise _unsound("its metadata are not texts")
    at = 0
    for start, end in sorted(map(_place, header.values())):
        if start != at:
            raise _unsound(f"a hole or an overlap at byte {at} of its tensors")
        at = end
    return at


def _unsound(reason: str) -> UnreadError:
    return stop(f"not sound safetensors: {reason}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _place(entry: object) -> tuple[int, int]:
    if isinstance(entry, dict) and set(entry) == {"dtype", "shape", "data_offsets"}:
        bits, lengths, offsets = _BITS.get(str(entry["dtype"])), entry["shape"], entry["data_offsets"]
        if bits is not None and _counts(lengths) and _counts(offsets) and len(offsets) == 2:
            start, end = offsets
            if is_size(math.prod(lengths) * bits, start, end):
                return start, end
    raise _unsound("a tensor has an unknown type, or a shape that is not its size")


def is_size(bits: int, start: int, end: int) -> bool:
    return bits == 8 * (end - start)


def _counts(values: object) -> bool:
    return isinstance(values, list) and len(values) <= 64 and all(type(n) is int and n >= 0 for n in values)
