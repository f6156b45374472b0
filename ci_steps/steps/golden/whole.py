"""Where an answer's numbers are whole, by the output schema of its interface."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_BESIDE = ("allOf", "anyOf", "oneOf")
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
"""No list has more items than that, and Python reads no number of more than 4,300 digits."""


@dataclass(frozen=True, slots=True)
class Whole:
    """An output schema, asked for the places where it promises an integer.

    JSON has one kind of number, so that 1 and 1.0 are the same; whether 1000001 is nearly 1000002.0 only
    the schema can tell. Where it says both integer and number, or nothing, a place is not whole.
    """

    schema: Any

    def at(self, pointer: str) -> bool:
        """Whether the number at ``pointer`` is promised to be whole."""
        found = self._applied([self.schema])
        for part in parts(pointer):
            found = self._applied([inner for outer in found for inner in _inside(outer, part)])
        types = {name for schema in found for name in _listed(schema.get("type"))}
        return "integer" in types and "number" not in types

    def _applied(self, schemas: list[Any]) -> list[Mapping[str, Any]]:
        """Return schemas and those that are applied to the same value, by reference or beside each other."""
        found: dict[int, Mapping[str, Any]] = {}
        left = list(schemas)
        while left:
            schema = left.pop()
            if not isinstance(schema, dict) or id(schema) in found:
                continue  # a boolean, or a recursive schema that comes back to where it was
            found[id(schema)] = schema
            left += [one for name in _BESIDE for one in _listed(schema.get(name))]
            reference = schema.get("$ref")
            if isinstance(reference, str) and reference.startswith("#"):
                left.append(self._referred(reference))
        return list(found.values())

    def _referred(self, reference: str) -> Any:
        found = self.schema
        for part in parts(reference.removeprefix("#")):
            if isinstance(found, list):
                found = found[int(part)] if is_index(part) and int(part) < len(found) else None
            else:
                found = found.get(part) if isinstance(found, dict) else None
        return found


NOWHERE = Whole(True)


def parts(pointer: str) -> list[str]:
    """Return the parts of a JSON pointer (RFC 6901).

    >>> parts("/answers/0/a~1b")
    ['answers', '0', 'a/b']
    """
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def is_index(part: str) -> bool:
    """Whether a part of a pointer can be the number of an item."""
    return _INDEX.fullmatch(part) is not None


def _inside(schema: Mapping[str, Any], part: str) -> Iterator[Any]:
    named = schema.get("properties")
    patterns = schema.get("patternProperties")
    if isinstance(named, dict) and part in named:
        yield named[part]
    else:
        yield schema.get("additionalProperties")
        yield from patterns.values() if isinstance(patterns, dict) else ()
    if is_index(part):
        items = schema.get("items")
        old = isinstance(items, list)  # draft 7: a list of schemas, and additionalItems for the rest
        first = _listed(items if old else schema.get("prefixItems"))
        rest = schema.get("additionalItems") if old else items
        yield first[int(part)] if int(part) < len(first) else rest


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
