"""The values that two schemas speak of, and those next to them: where they would differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.interfaces.texts import matching

_LENGTHS = {"minLength", "maxLength"}
_NUMBERS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}


@dataclass(frozen=True, slots=True)
class Pool:
    numbers: tuple[Any, ...]
    texts: tuple[str, ...]
    names: tuple[str, ...]
    values: tuple[Any, ...]

    @classmethod
    def of(cls, schemas: tuple[Any, Any], rng: Random) -> "Pool":
        found: dict[str, list[Any]] = {
            "numbers": [0, 1, -1, 0.5],
            "texts": ["", "a", "zz"],
            "names": ["zz"],
            "values": [],
        }
        for keyword, argument in (pair for schema in schemas for pair in _keywords(schema)):
            for where, value in _values(keyword, argument, rng):
                found[where].append(value)
        return cls(*(tuple(found[where]) for where in ("numbers", "texts", "names", "values")))

    def anything(self, rng: Random, depth: int = 2) -> Any:
        kind = rng.randrange(9 if depth else 6)
        if kind < 2:
            return rng.choice(self.numbers)
        if kind < 4:
            return rng.choice(self.texts)
        if kind == 4:
            return rng.choice([None, True, False, [], {}])
        if kind == 5:
            return rng.choice(self.values or (None,))
        if kind == 6:
            return [self.anything(rng, depth - 1) for _ in range(rng.randrange(4))]
        names = {rng.choice(self.names) for _ in range(rng.randrange(4))}
        return {name: self.anything(rng, depth - 1) for name in sorted(names)}


def _keywords(schema: Any) -> Iterator[tuple[str, Any]]:
    """Walk everything, also what is no schema: a value too many does no harm."""
    if isinstance(schema, dict):
        yield from schema.items()
        for part in schema.values():
            yield from _keywords(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _keywords(part)


def _values(keyword: str, argument: Any, rng: Random) -> Iterator[tuple[str, Any]]:
    match keyword, argument:
        case str(), int() | float() if keyword in _NUMBERS:
            yield from (("numbers", argument + step) for step in (0, 1, -1, 0.5, -0.5, argument))
        case str(), int() if keyword in _LENGTHS:
            for length in (argument - 1, argument, argument + 1):
                yield "texts", "abcdefgh"[: max(length, 0)].ljust(length, "x")
        case "pattern", str():
            yield from ((where, matching(argument, rng)) for where in ("texts", "names") * 3)
        case "patternProperties", dict():
            yield from (("names", matching(name, rng)) for name in argument)
        case "properties" | "dependentRequired" | "required", dict() | list():
            yield from (("names", name) for name in argument)
        case "const", _:
            yield from _of_value(argument)
        case "enum", list():
            for value in argument:
                yield from _of_value(value)


def _of_value(value: Any) -> Iterator[tuple[str, Any]]:
    yield "values", value
    if isinstance(value, str):
        yield "names", value
        yield "texts", value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield "numbers", value
