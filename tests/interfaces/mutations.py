"""One schema made from another: the same said otherwise, or a little changed."""

import copy
from collections.abc import Callable
from typing import Any

from tests.interfaces.places import at, places, put
from tests.interfaces.random_schemas import NAMES, Maker

Change = Callable[[Any, Maker], Any]
"""Makes a schema from the one at a place; None where it cannot."""
_HEAD = ("$schema", "$defs", "definitions")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}
_TURNED = {**_EXCLUSIVE, **{other: one for one, other in _EXCLUSIVE.items()}}


def said_otherwise(schema: Any, maker: Maker) -> Any:
    """Return a schema of the same meaning."""
    schema = copy.deepcopy(schema)
    for _ in range(maker.rng.randint(1, 3)):
        schema = _anywhere(schema, maker, _SAME)
    return _renamed(schema, maker) if maker.some(0.5) else schema


def altered(schema: Any, maker: Maker) -> Any:
    """Return a schema that accepts more, or less, or both, or that says the same."""
    schema = copy.deepcopy(schema)
    for _ in range(maker.rng.choice([1, 1, 1, 2, 3])):
        schema = _anywhere(schema, maker, _CHANGES if maker.some(0.85) else _SAME)
    return schema


def _anywhere(schema: Any, maker: Maker, changes: tuple[Change, ...]) -> Any:
    for _ in range(8):
        path = maker.rng.choice(list(places(schema)))
        part = at(schema, path)
        head = {key: part[key] for key in _HEAD if key in part} if isinstance(part, dict) else {}
        body = {key: part[key] for key in part if key not in _HEAD} if isinstance(part, dict) else part
        new = maker.rng.choice(changes)(copy.deepcopy(body), maker)
        if new is not None and new != body:
            return put(schema, path, _with_head(head, new, maker))
    return schema


def _with_head(head: dict[str, Any], body: Any, maker: Maker) -> Any:
    if not head:
        return body
    if not isinstance(body, dict) or (maker.draft_7 and "$ref" in body):
        body = {"allOf": [body]}
    return {**head, **body}


def _renamed(schema: Any, maker: Maker) -> Any:
    """Return the schema with other names for its definitions."""
    names = (
        {name: f"{name}_{maker.rng.randrange(9)}" for name in schema.get(maker.place, {})}
        if isinstance(schema, dict)
        else {}
    )
    if not names:
        return schema
    for path in list(places(schema)):
        part = at(schema, path)
        if isinstance(part, dict) and str(part.get("$ref", "")).startswith(f"#/{maker.place}/"):
            part["$ref"] = f"#/{maker.place}/{names[part['$ref'].split('/')[-1]]}"
    schema[maker.place] = {names[name]: part for name, part in schema[maker.place].items()}
    return schema


def _annotated(schema: Any) -> Any:
    return (
        {**schema, "title": "T", "description": "d"}
        if isinstance(schema, dict) and "$ref" not in schema
        else None
    )


def _as_list(schema: Any) -> Any:
    if isinstance(schema, dict) and isinstance(schema.get("type"), list) and "anyOf" not in schema:
        kinds = schema.pop("type")
        return {**schema, "anyOf": [{"type": kind} for kind in kinds]}
    return None


def _as_constants(schema: Any) -> Any:
    if isinstance(schema, dict) and "enum" in schema and "anyOf" not in schema:
        values = schema.pop("enum")
        return {**schema, "anyOf": [{"const": value} for value in reversed(values)]}
    return None


def _whole(schema: Any) -> Any:
    if isinstance(schema, dict) and schema.get("type") == "integer" and "multipleOf" not in schema:
        return {**schema, "type": "number", "multipleOf": 1}
    return None


def _split(schema: Any) -> Any:
    """Return the keywords of an object's frame in two branches; the names stay where they close it."""
    if isinstance(schema, dict) and "required" in schema and "$ref" not in schema:
        required = schema.pop("required")
        return {"allOf": [schema, {"required": required}]}
    return None


def _reordered(schema: Any) -> Any:
    return dict(sorted(schema.items(), reverse=True)) if isinstance(schema, dict) else None


def _wrapped(keyword: str) -> Callable[[Any], Any]:
    return lambda schema: {keyword: [schema]}


def _twice_not(schema: Any) -> Any:
    return {"not": {"not": schema}}


def _with_nothing(schema: Any) -> Any:
    return {"anyOf": [False, schema]}


def _heedless(change: Callable[[Any], Any]) -> Change:
    return lambda schema, _maker: change(schema)


_SAME = tuple(
    map(
        _heedless,
        (
            *(_annotated, _annotated, _as_list, _as_constants, _whole, _split, _reordered),
            *(_wrapped("anyOf"), _wrapped("allOf"), _wrapped("oneOf"), _twice_not, _with_nothing),
        ),
    )
)


def _step(schema: Any, maker: Maker) -> Any:
    """Move a bound or a count."""
    rng = maker.rng
    there = [key for key in (*_COUNTS, *_BOUNDS) if isinstance(schema, dict) and key in schema]
    if not there:
        return None
    key = rng.choice(there)
    by = rng.choice([1, -1])
    return {**schema, key: max(0, schema[key] + by) if key in _COUNTS else schema[key] + by}


def _turned(schema: Any, maker: Maker) -> Any:
    """Take the border in, or out."""
    there = [key for key in _TURNED if isinstance(schema, dict) and key in schema]
    if not there:
        return None
    key = maker.rng.choice(there)
    return {_TURNED.get(name, name) if name == key else name: value for name, value in schema.items()}


def _dropped(schema: Any, maker: Maker) -> Any:
    there = [key for key in schema if key != "$ref"] if isinstance(schema, dict) else []
    if not there:
        return None
    schema.pop(maker.rng.choice(there))
    return schema


def _added(schema: Any, maker: Maker) -> Any:
    """Take over keywords of another schema, of the same type where there is one."""
    if not isinstance(schema, dict) or "$ref" in schema:
        return None
    kinds = {
        "object": maker.object,
        "array": maker.array,
        "string": maker.text,
        "integer": maker.integer,
        "number": maker.number,
    }
    kind = schema.get("type")
    other = kinds[kind](1) if isinstance(kind, str) and kind in kinds else maker.values(1)
    new = [key for key in other if key not in schema]
    return {**schema, **{key: other[key] for key in maker.rng.sample(new, 1)}} if new else None


def _retyped(schema: Any, maker: Maker) -> Any:
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind is None:
        return None
    if kind in ("integer", "number") and maker.some(0.5):
        return {**schema, "type": "number" if kind == "integer" else "integer"}
    kinds = [kind] if isinstance(kind, str) else list(kind)
    if len(kinds) > 1 and maker.some(0.5):
        kinds.pop(maker.rng.randrange(len(kinds)))
    else:
        kinds.append(
            maker.rng.choice(
                [name for name in ("null", "string", "boolean") if name not in kinds] or ["null"]
            )
        )
    return {**schema, "type": list(dict.fromkeys(kinds))}


def _enumerated(schema: Any, maker: Maker) -> Any:
    values = schema.get("enum") if isinstance(schema, dict) else None
    if not values:
        return None
    if maker.some(0.5) and len(values) > 1:
        values.pop(maker.rng.randrange(len(values)))
    elif (new := maker.rng.choice(["d", "a", "ab", "abc"])) not in values:
        values.append(new)
    return {**schema, "enum": values}


def _propertied(schema: Any, maker: Maker) -> Any:
    """Add, drop, require or free a property; open or close the object."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return None
    rng, name = maker.rng, maker.rng.choice(NAMES)
    properties, required = schema.get("properties", {}), schema.get("required", [])
    match rng.randrange(5):
        case 0:
            return {**schema, "properties": {**properties, name: maker.schema(1, inside=False)}}
        case 1 if properties:
            properties.pop(rng.choice(sorted(properties)))
            return {**schema, "properties": properties}
        case 2 if name not in required:
            return {**schema, "required": [*required, name]}
        case 3 if required:
            return {**schema, "required": required[1:]}
        case _:
            opened = {key: value for key, value in schema.items() if key != "additionalProperties"}
            return opened if "additionalProperties" in schema else {**schema, "additionalProperties": False}


def _joined(keyword: str) -> Change:
    return lambda schema, maker: {keyword: [schema, maker.schema(1, inside=False)]}


def _replaced(_schema: Any, maker: Maker) -> Any:
    return maker.schema(1, inside=False)


def _alternatives(schema: Any, maker: Maker) -> Any:
    """Add or drop an alternative."""
    there = [key for key in ("anyOf", "oneOf", "allOf") if isinstance(schema, dict) and key in schema]
    if not there:
        return None
    key = maker.rng.choice(there)
    parts = schema[key]
    if maker.some(0.5) and len(parts) > 1:
        parts.pop(maker.rng.randrange(len(parts)))
    else:
        parts.append(maker.schema(1, inside=False))
    return {**schema, key: parts}


_CHANGES = (
    *(_step, _step, _turned, _dropped, _dropped, _added, _added, _retyped, _enumerated, _enumerated),
    *(_propertied, _propertied, _propertied, _joined("anyOf"), _joined("allOf"), _joined("oneOf")),
    *(_replaced, _alternatives, _alternatives),
)
