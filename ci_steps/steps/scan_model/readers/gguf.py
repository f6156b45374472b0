"""GGUF: keys, values and tensors to the file's last byte, and the chat templates that others render."""

import math

from ci_steps.steps.scan_model.content import Buffer, Problem, Shown, fills, unreadable
from ci_steps.steps.scan_model.readers.cursor import Cursor
from ci_steps.steps.scan_model.readers.place import UnreadError, stop
from ci_steps.steps.scan_model.readers.templates import of_templates

MAGIC = b"GGUF"
MOST_KEYS = 1 << 16
MOST_TENSORS = 1 << 20
MOST_ITEMS = 1 << 26
LONGEST_KEY = 1 << 16
LONGEST_TEXT = 1 << 24
_TEXT, _ARRAY = 8, 9
_FORMS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_SIZES = {
    kind: {"B": 1, "b": 1, "H": 2, "h": 2, "Q": 8, "q": 8, "d": 8}.get(f, 4) for kind, f in _FORMS.items()
}
# ggml's types: numbers in a block, and its bytes.
_TYPES = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip


def gguf(buffer: Buffer) -> Shown:
    """Return what the file holds, which begins as GGUF."""
    templates: dict[str, str] = {}
    try:
        problem = _whole(Cursor(buffer, len(MAGIC)), templates)
    except UnreadError as error:
        problem = unreadable(f"not sound GGUF: {error}")
    return of_templates("gguf", templates, (problem,) if problem else ())


def _whole(cursor: Cursor, templates: dict[str, str]) -> Problem | None:
    version = cursor.number("I")
    if version not in {2, 3}:
        raise stop(f"version {version} is unknown, or its bytes are in the other order")
    tensors, keys = cursor.number("Q"), cursor.number("Q")
    if keys > MOST_KEYS or tensors > MOST_TENSORS:
        raise stop(f"it claims {keys} keys and {tensors} tensors")
    seen: dict[str, object] = {}
    for _ in range(keys):
        name = _text(cursor, LONGEST_KEY)
        if name in seen:
            raise stop(f"key {name!a} is there twice")
        seen[name] = value = _value(cursor, cursor.number("I"))
        if "chat_template" in name and isinstance(value, str):
            templates[name] = value
    alignment = seen.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 8 <= alignment <= 1 << 16 or alignment % 8:
        raise stop("its alignment is none")
    places = sorted(_tensor(cursor) for _ in range(tensors))
    return fills(_end(cursor, places, alignment), len(cursor.buffer))


def _end(cursor: Cursor, places: list[tuple[int, int]], alignment: int) -> int:
    """Return where the last tensor ends with its padding, which llama.cpp reads as well."""
    if not places:
        return cursor.at
    begins, at = _aligned(cursor.at, alignment), 0
    for start, size in places:
        if start != at:
            raise stop(f"a hole or an overlap at byte {at} of its tensors")
        at = _aligned(start + size, alignment)
    return begins + at


def _aligned(at: int, alignment: int) -> int:
    return -(-at // alignment) * alignment


def _tensor(cursor: Cursor) -> tuple[int, int]:
    _text(cursor, LONGEST_KEY)
    dimensions = cursor.number("I")
    if dimensions > 8:
        raise stop(f"a tensor has {dimensions} dimensions")
    count = math.prod(cursor.number("Q") for _ in range(dimensions))
    kind, start = cursor.number("I"), cursor.number("Q")
    if kind not in _TYPES:
        raise stop(f"a tensor has type {kind}, which is unknown")
    block, size = _TYPES[kind]
    if count % block:
        raise stop("a tensor ends inside a block")
    return start, count // block * size


def _text(cursor: Cursor, most: int) -> str:
    size = cursor.number("Q")
    if size > most:
        raise stop(f"it claims a text of {size} bytes")
    try:
        return cursor.take(size).decode("utf-8")
    except UnicodeDecodeError:
        raise stop("a text is not UTF-8") from None


def _value(cursor: Cursor, kind: int, depth: int = 0) -> object:
    if kind == _TEXT:
        # A vocabulary may hold halves of characters: only what is rendered must be a text.
        size = cursor.number("Q")
        if size > LONGEST_TEXT:
            raise stop(f"it claims a text of {size} bytes")
        return cursor.take(size).decode("utf-8", "replace")
    if kind == _ARRAY:
        return _array(cursor, depth)
    if kind not in _FORMS:
        raise stop(f"a value has type {kind}, which is unknown")
    return cursor.number(_FORMS[kind])


def _array(cursor: Cursor, depth: int) -> object:
    kind, count = cursor.number("I"), cursor.number("Q")
    if depth > 4 or count > MOST_ITEMS:
        raise stop(f"it claims an array of {count} values")
    if kind in _SIZES:
        cursor.skip(count * _SIZES[kind])
    else:
        for _ in range(count):
            _value(cursor, kind, depth + 1)
    return None
