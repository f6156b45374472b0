"""A signature as the JSON schemas of one request and of one answer."""

import json
from typing import Any

Schema = dict[str, Any]

# Between the years that nanoseconds in 64 bits reach, which is what MLflow makes of a time.
_YEAR = r"(1[7-9]\d\d|2[01]\d\d)"
_DAY = rf"^{_YEAR}-((0[1-9]|1[0-2])-(0[1-9]|1\d|2\d)|(0[13-9]|1[0-2])-30|(0[13578]|1[02])-31)"
_TIME = r"([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?)?$"

_NUMBERS: dict[str, Schema] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "long": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float": {"type": "number", "minimum": -3.4e38, "maximum": 3.4e38},
    "double": {"type": "number"},
}
_TEXTS: dict[str, Schema] = {
    "string": {"type": "string"},
    "binary": {
        "type": "string",
        "contentEncoding": "base64",
        "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    },
    "datetime": {"type": "string", "pattern": _DAY + _TIME},
}
_TYPES = _NUMBERS | _TEXTS
_LABELS, _SCORES = ("label", "prediction", "predictions"), ("score", "probability")
ONE = "label"
"""What an answer calls a value that has no name of its own."""


class UnservedError(ValueError):
    """A signature that has no form as one request or one answer; the text says why."""


def interface(inputs: str | None, outputs: str | None, examples: list[Any]) -> dict[str, Any]:
    """Return the content of interface.json; without a signature any request and any answer will do."""
    request = _request(_specs(inputs)) if inputs else True
    answer, found = _answer(_specs(outputs)) if outputs else (True, {})
    if isinstance(request, dict) and examples:
        request = request | {"examples": examples}
    return {"input": request, "output": answer, **found}


def names_of(inputs: str | None) -> list[str]:
    """Return the names of what goes in; none where not each has one."""
    names = [str(spec.get("name") or "") for spec in _specs_or_none(inputs)]
    return names if all(names) else []


def answer_of(outputs: str | None) -> str:
    """Return what a single value is called in an answer; empty where an answer has other or more values."""
    specs = _specs_or_none(outputs)
    return str(specs[0].get("name") or ONE) if len(specs) == 1 else ""


def _specs_or_none(text: str | None) -> list[dict[str, Any]]:
    try:
        return _specs(text) if text else []
    except UnservedError:
        return []


def _specs(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnservedError("its signature is no JSON") from error
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        raise UnservedError("its signature is not a list of columns or tensors")
    return found


def _request(specs: list[dict[str, Any]]) -> Schema:
    if all(spec.get("name") for spec in specs):
        return _object(specs)
    parts = [_type(spec) for spec in specs]
    if len(parts) == 1:
        return parts[0]
    return {"type": "array", "prefixItems": parts, "items": False, "minItems": len(parts)}


def _answer(specs: list[dict[str, Any]]) -> tuple[Schema, dict[str, str]]:
    """Return the schema of an answer, and where in it the prediction and its score are."""
    if not all(spec.get("name") for spec in specs):
        if len(specs) > 1:
            raise UnservedError("its answer has several columns without a name")
        schema = {"type": "object", "properties": {ONE: _type(specs[0])}, "required": [ONE]}
        return schema, {"prediction": f"/{ONE}"}
    schema = _object(specs)
    names = list(schema["properties"])
    labels = names if len(names) == 1 else [name for name in _LABELS if name in names]
    scores = [name for name in _SCORES if name in names]
    found = {"prediction": labels[0]} if labels else {}
    found |= {"score": scores[0]} if scores and labels else {}
    return schema, {key: "/" + name.replace("~", "~0").replace("/", "~1") for key, name in found.items()}


def _object(specs: list[dict[str, Any]]) -> Schema:
    properties, required = {}, []
    for spec in specs:
        kind, optional = _type(spec), spec.get("required") is False
        if optional and spec.get("type") not in {"integer", "long", "boolean"}:
            # What is not there is not a number or no text, which MLflow takes; a whole number cannot be so.
            properties[spec["name"]] = {"anyOf": [kind, {"type": "null"}]}
        else:
            properties[spec["name"]] = kind
            required.append(spec["name"])
    return {"type": "object", "properties": properties, "required": required}


def _type(spec: dict[str, Any]) -> Schema:
    match spec.get("type"):
        case "tensor":
            return _tensor(spec.get("tensor-spec", {}))
        case "array" | "sparkml_vector":
            return {"type": "array", "items": _type(spec.get("items", {"type": "double"}))}
        case "map":
            return {"type": "object", "additionalProperties": _type(spec["values"])}
        case "object":
            named = spec.get("properties", {})
            return _object([{"name": name, **each} for name, each in named.items()])
        case "any":
            return {}
        case str(name) if name in _TYPES:
            return dict(_TYPES[name])
    raise UnservedError(f"its signature has the type {spec.get('type')!r}, which the kit does not know")


def _tensor(spec: dict[str, Any]) -> Schema:
    shape, dtype = list(spec.get("shape", [])), str(spec.get("dtype", ""))
    if not shape or shape[0] != -1:
        raise UnservedError(f"a tensor of the shape {shape} does not begin with one row a request")
    kinds = {"f": "number", "i": "integer", "u": "integer", "b": "boolean", "s": "string", "o": "string"}
    if dtype[:1] not in kinds:
        raise UnservedError(f"a tensor holds {dtype}, which is no JSON")
    schema: Schema = {"type": kinds[dtype[:1]]}
    for size in reversed(shape[1:]):
        schema = {"type": "array", "items": schema}
        schema |= {} if size == -1 else {"minItems": size, "maxItems": size}
    return schema
