"""Where schemas stand in a schema."""

from collections.abc import Iterator
from typing import Any

Path = tuple[Any, ...]

_ONE = {
    "additionalProperties",
    "propertyNames",
    "items",
    "additionalItems",
    "contains",
    "not",
    "if",
    "then",
    "else",
}
_LISTS = {"allOf", "anyOf", "oneOf", "prefixItems", "items"}
_NAMED = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
_SAME_VALUE = {"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"}


def places(schema: Any, path: Path = ()) -> Iterator[Path]:
    """Walk the schemas in ``schema``, itself first."""
    yield path
    for step in _steps(schema):
        yield from places(at(schema, step), path + step)


def at(schema: Any, path: Path) -> Any:
    for step in path:
        schema = schema[step]
    return schema


def put(schema: Any, path: Path, part: Any) -> Any:
    """Return the schema with ``part`` at ``path``; what lies on the way is changed in place."""
    if not path:
        return part
    at(schema, path[:-1])[path[-1]] = part
    return schema


def settled(schema: Any) -> bool:
    """Whether no schema asks of a value what it asks of the same value: that would mean nothing."""
    return all(_ends(schema, at(schema, path), ()) for path in places(schema))


def _steps(schema: Any) -> Iterator[Path]:
    if not isinstance(schema, dict):
        return
    for keyword, argument in schema.items():
        if keyword in _LISTS and isinstance(argument, list):
            yield from ((keyword, index) for index in range(len(argument)))
        elif keyword in _ONE:
            yield (keyword,)
        elif keyword in _NAMED and isinstance(argument, dict):
            yield from ((keyword, name) for name in argument)


def _ends(root: Any, schema: Any, through: tuple[str, ...]) -> bool:
    if not isinstance(schema, dict):
        return True
    reference = schema.get("$ref")
    if reference is not None:
        if reference in through:
            return False
        target = at(root, tuple(reference.split("/")[1:]))
        if not _ends(root, target, (*through, reference)):
            return False
    return all(_ends(root, at(schema, step), through) for step in _steps(schema) if step[0] in _SAME_VALUE)
