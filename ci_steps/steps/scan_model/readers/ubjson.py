"""Universal Binary JSON, as XGBoost writes it: read to its end, and nothing kept but the outermost keys."""

from ci_steps.steps.scan_model.content import Buffer
from ci_steps.steps.scan_model.readers.cursor import Cursor
from ci_steps.steps.scan_model.readers.place import stop

MOST_DEPTH = 64
_NUMBERS = {b"i": "b", b"U": "B", b"I": "h", b"l": "i", b"L": "q"}
_WIDTHS = {b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8, b"d": 4, b"D": 8, b"C": 1}
_NOTHING = frozenset({b"T", b"F", b"Z"})


def keys(buffer: Buffer) -> tuple[list[str], int]:
    """Return the outermost object's keys, and where it ends."""
    cursor = Cursor(buffer, order=">")
    if cursor.take(1) != b"{":
        raise stop("it is no object")
    return _object(cursor, 0), cursor.at


def _object(cursor: Cursor, depth: int) -> list[str]:
    found: list[str] = []
    while (marker := cursor.take(1)) != b"}":
        found.append(cursor.take(_length(cursor, marker)).decode("utf-8", "replace"))
        _value(cursor, cursor.take(1), depth)
    if len(set(found)) < len(found):
        raise stop("a key is there twice")
    return found


def _length(cursor: Cursor, marker: bytes) -> int:
    if marker not in _NUMBERS:
        raise stop(f"byte {cursor.at - 1} is no length")
    size = cursor.number(_NUMBERS[marker])
    if size < 0:
        raise stop("a length is negative")
    return size


def _value(cursor: Cursor, marker: bytes, depth: int) -> None:
    if depth > MOST_DEPTH:
        raise stop(f"values in values, more than {MOST_DEPTH} deep")
    if marker in _WIDTHS:
        cursor.skip(_WIDTHS[marker])
    elif marker == b"S":
        cursor.skip(_length(cursor, cursor.take(1)))
    elif marker == b"{":
        _object(cursor, depth + 1)
    elif marker == b"[":
        _array(cursor, depth + 1)
    elif marker not in _NOTHING:
        raise stop(f"byte {cursor.at - 1} is no value")


def _array(cursor: Cursor, depth: int) -> None:
    marker = cursor.take(1)
    if marker == b"$":
        kind = cursor.take(1)
        if kind not in _WIDTHS or cursor.take(1) != b"#":
            raise stop(f"an array at byte {cursor.at} has no size")
        cursor.skip(_WIDTHS[kind] * _length(cursor, cursor.take(1)))
    elif marker == b"#":
        for _ in range(_length(cursor, cursor.take(1))):
            _value(cursor, cursor.take(1), depth)
    else:
        while marker != b"]":
            _value(cursor, marker, depth)
            marker = cursor.take(1)
