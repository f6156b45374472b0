"""One way through a schema: references followed, alternatives chosen, the rest put together."""

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

_ALL = ("null", "boolean", "integer", "number", "string", "array", "object")


@dataclass(slots=True)
class Flat:
    """What a value is drawn after. Nothing here has to be right: the library looks at each value."""

    kinds: tuple[str, ...] | None = None
    values: list[Any] | None = None
    required: list[str] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    patterns: dict[str, Any] = field(default_factory=dict)
    others: Any = True
    brings: dict[str, list[str]] = field(default_factory=dict)
    least: int = 0
    most: int | None = None
    positions: list[Any] = field(default_factory=list)
    items: Any = True
    contains: Any = None
    pattern: str | None = None
    shortest: int = 0
    longest: int | None = None
    bounds: list[tuple[str, Any]] = field(default_factory=list)
    step: Any = None

    def within(self, number: Any) -> bool:
        holds = {
            "minimum": lambda bound: number >= bound,
            "maximum": lambda bound: number <= bound,
            "exclusiveMinimum": lambda bound: number > bound,
            "exclusiveMaximum": lambda bound: number < bound,
        }
        return all(holds[keyword](bound) for keyword, bound in self.bounds)


def flattened(schema: Any, root: Any, rng: Random) -> Flat:
    flat = Flat()
    _take(schema, root, rng, flat, 12)
    if flat.kinds is None and rng.random() < 0.8:
        flat.kinds = _spoken_of(flat)
    return flat


def _spoken_of(flat: Flat) -> tuple[str, ...] | None:
    kinds = []
    if flat.required or flat.properties or flat.patterns or flat.brings:
        kinds.append("object")
    if flat.positions or flat.items is not True or flat.contains is not None:
        kinds.append("array")
    if flat.pattern is not None or flat.shortest or flat.longest is not None:
        kinds.append("string")
    if flat.bounds or flat.step:
        kinds.append("number")
    return tuple(kinds) or None


def _take(schema: Any, root: Any, rng: Random, flat: Flat, depth: int) -> None:
    if not isinstance(schema, dict) or depth == 0:
        return
    if "$ref" in schema:
        _take(_target(schema["$ref"], root), root, rng, flat, depth - 1)
    for part in schema.get("allOf", ()):
        _take(part, root, rng, flat, depth - 1)
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            _take(rng.choice(schema[keyword]), root, rng, flat, depth - 1)
    if "if" in schema:
        chosen = [schema["if"], schema.get("then")] if rng.random() < 0.5 else [schema.get("else")]
        for part in chosen:
            _take(part, root, rng, flat, depth - 1)
    for keyword, argument in schema.items():
        _keyword(keyword, argument, flat, rng)
    if "not" in schema and flat.kinds is None:
        flat.kinds = _not_of(schema["not"], rng)


def _not_of(schema: Any, rng: Random) -> tuple[str, ...] | None:
    """Return the types that are left where a type is forbidden."""
    forbidden = schema.get("type") if isinstance(schema, dict) else None
    if forbidden is None or rng.random() < 0.3:
        return None
    named = {forbidden} if isinstance(forbidden, str) else set(forbidden)
    return tuple(kind for kind in _ALL if kind not in named)


def _keyword(keyword: str, argument: Any, flat: Flat, rng: Random) -> None:  # noqa: C901, PLR0912
    match keyword:
        case "type":
            kinds = (argument,) if isinstance(argument, str) else tuple(argument)
            flat.kinds = kinds if flat.kinds is None else _both(flat.kinds, kinds)
        case "const" | "enum":
            values = [argument] if keyword == "const" else list(argument)
            flat.values = (
                values if flat.values is None else [value for value in values if value in flat.values]
            )
        case "required":
            flat.required += argument
        case "properties" | "patternProperties":
            into = flat.properties if keyword == "properties" else flat.patterns
            for name, part in argument.items():
                into[name] = {"allOf": [into[name], part]} if name in into else part
        case "additionalProperties":
            flat.others = argument
        case "propertyNames":
            if isinstance(argument, dict) and "enum" in argument:
                for name in argument["enum"]:
                    if isinstance(name, str):
                        flat.properties.setdefault(name, True)
            elif isinstance(argument, dict) and "pattern" in argument:
                flat.patterns.setdefault(argument["pattern"], True)
        case "dependentRequired" | "dependencies":
            flat.brings.update({name: part for name, part in argument.items() if isinstance(part, list)})
        case "minProperties" | "minItems":
            flat.least = max(flat.least, argument)
        case "maxItems":
            flat.most = argument if flat.most is None else min(flat.most, argument)
        case "prefixItems":
            flat.positions = argument
        case "items" if isinstance(argument, list):
            flat.positions = argument
        case "items" | "additionalItems":
            flat.items = argument if flat.items is True else {"allOf": [flat.items, argument]}
        case "contains":
            flat.contains = argument
            flat.least = max(flat.least, 1)
        case "pattern":
            flat.pattern = argument if flat.pattern is None or rng.random() < 0.5 else flat.pattern
        case "minLength":
            flat.shortest = max(flat.shortest, argument)
        case "maxLength":
            flat.longest = argument if flat.longest is None else min(flat.longest, argument)
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            flat.bounds.append((keyword, argument))
        case "multipleOf":
            flat.step = argument if flat.step is None else max(flat.step, argument)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    if "integer" in one and "number" in other:
        other = (*other, "integer")
    if "integer" in other and "number" in one:
        one = (*one, "integer")
    return tuple(kind for kind in one if kind in other)


def _target(reference: str, root: Any) -> Any:
    if not reference.startswith("#/"):
        return root if reference == "#" else _anchored(reference.removeprefix("#"), root)
    found = root
    for part in reference[2:].split("/"):
        name = re.sub("~1", "/", part).replace("~0", "~")
        found = found[int(name)] if isinstance(found, list) else found[name]
    return found


def _anchored(name: str, within: Any) -> Any:
    parts = within.values() if isinstance(within, dict) else within if isinstance(within, list) else ()
    if isinstance(within, dict) and within.get("$anchor") == name:
        return within
    return next((hit for part in parts if (hit := _anchored(name, part)) is not None), None)
