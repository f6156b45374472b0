"""Where two JSON values differ."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in an answer, what should be there and what is."""

    pointer: str
    expected: str
    observed: str

    @property
    def in_words(self) -> str:
        place = f"at {self.pointer}: " if self.pointer else ""
        return f"{place}expected {self.expected}, observed {self.observed}"


def differences(expected: Any, observed: Any, tolerance: float, pointer: str = "") -> Iterator[Difference]:
    """Yield every place where two JSON values differ.

    Numbers may differ by ``tolerance`` of the greater one, unless both are whole: a class 1000001 is not
    nearly a class 1000002. Everything else must be equal, and true is not 1.
    """
    kinds = _kind(expected), _kind(observed)
    if kinds == ("object", "object"):
        for key in sorted(expected.keys() | observed.keys()):
            place = f"{pointer}/{_escaped(key)}"
            if key not in observed:
                yield Difference(place, shown(expected[key]), "nothing")
            elif key not in expected:
                yield Difference(place, "nothing", shown(observed[key]))
            else:
                yield from differences(expected[key], observed[key], tolerance, place)
    elif kinds == ("array", "array") and len(expected) == len(observed):
        for index, (one, other) in enumerate(zip(expected, observed, strict=True)):
            yield from differences(one, other, tolerance, f"{pointer}/{index}")
    elif kinds == ("array", "array"):
        yield Difference(pointer, f"{len(expected)} items", f"{len(observed)} items")
    elif kinds[0] != kinds[1] or not (
        _near(expected, observed, tolerance) if kinds[0] == "number" else expected == observed
    ):
        yield Difference(pointer, shown(expected), shown(observed))


def at(value: Any, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) leads to; :class:`KeyError` where it leads nowhere.

    >>> at({"answers": [{"a/b": 7}]}, "/answers/0/a~1b")
    7
    """
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise KeyError(pointer)
    return value


def shown(value: Any) -> str:
    """Return a value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _near(one: float, other: float, tolerance: float) -> bool:
    if one == other:
        return True
    if isinstance(one, int) and isinstance(other, int):
        return False
    try:
        return math.isclose(one, other, rel_tol=tolerance)
    except OverflowError:  # a whole number that no double holds
        return False


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
