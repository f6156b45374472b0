"""Where two JSON values differ, by type."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ci_steps.steps.golden.whole import NOWHERE, Whole, is_index, parts

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in an answer, what should be there and what is."""

    pointer: str
    expected: str
    observed: str
    off: float = math.inf
    """How far two numbers are apart; infinite where it is no matter of more or less."""
    share: float = math.inf
    """The same, as a share of the greater one: what puts the worst first."""

    @property
    def in_words(self) -> str:
        place = f"at {self.pointer}: " if self.pointer else ""
        apart = "" if math.isinf(self.off) else f" (off by {self.off:.3g}, relative {self.share:.2g})"
        return f"{place}expected {self.expected}, observed {self.observed}{apart}"


@dataclass(frozen=True, slots=True)
class Alike:
    """What counts as the same answer.

    Numbers may differ by ``relative`` of the greater one or by ``absolute``, but for whole ones: those that
    both are written whole, and those that the interface promises whole, however they are written. A class
    1000001 is not nearly a class 1000002. Everything else must be equal, and true is not 1.
    """

    relative: float
    absolute: float = 0
    whole: Whole = NOWHERE

    def differences(self, expected: Any, observed: Any, pointer: str = "") -> Iterator[Difference]:
        """Yield every place where two JSON values differ."""
        kinds = _kind(expected), _kind(observed)
        if kinds == ("object", "object"):
            yield from self._by_key(expected, observed, pointer)
        elif kinds == ("array", "array"):
            yield from self._in_order(expected, observed, pointer)
        elif kinds == ("number", "number"):
            if not self._near(expected, observed, pointer):
                yield _apart(expected, observed, pointer)
        elif kinds[0] != kinds[1] or expected != observed:
            yield Difference(pointer, shown(expected), shown(observed))

    def _by_key(
        self, expected: dict[str, Any], observed: dict[str, Any], pointer: str
    ) -> Iterator[Difference]:
        for key in sorted(expected.keys() | observed.keys()):
            place = f"{pointer}/{_escaped(key)}"
            if key not in observed:
                yield Difference(place, shown(expected[key]), "nothing")
            elif key not in expected:
                yield Difference(place, "nothing", shown(observed[key]))
            else:
                yield from self.differences(expected[key], observed[key], place)

    def _in_order(self, expected: list[Any], observed: list[Any], pointer: str) -> Iterator[Difference]:
        if len(expected) != len(observed):
            yield Difference(pointer, f"{len(expected)} items", f"{len(observed)} items")
            return
        for index, (one, other) in enumerate(zip(expected, observed, strict=True)):
            yield from self.differences(one, other, f"{pointer}/{index}")

    def _near(self, one: float, other: float, pointer: str) -> bool:
        if one == other:
            return True
        if isinstance(one, int) and isinstance(other, int):
            return False
        if self.whole.at(pointer):
            return False
        try:
            return math.isclose(one, other, rel_tol=self.relative, abs_tol=self.absolute)
        except OverflowError:  # a whole number that no double holds
            return False


def at(value: Any, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) leads to; :class:`KeyError` where it leads nowhere.

    >>> at({"answers": [{"a/b": 7}]}, "/answers/0/a~1b")
    7
    """
    for part in parts(pointer):
        if isinstance(value, dict):
            value = value[part]
        elif isinstance(value, list) and is_index(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(pointer)
    return value


def shown(value: Any) -> str:
    """Return a value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _apart(expected: float, observed: float, pointer: str) -> Difference:
    try:
        off = float(abs(expected - observed))
        share = off / max(abs(expected), abs(observed))
    except OverflowError:
        off = share = math.inf
    return Difference(pointer, shown(expected), shown(observed), off, share)


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
