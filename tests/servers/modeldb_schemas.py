"""ModelDB's published messages as JSON schemas: what a request and an answer of its REST API may hold."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

_DEFINITIONS = json.loads(Path(__file__).with_name("modeldb_definitions.json").read_text(encoding="utf-8"))
# proto3's JSON form: 64-bit numbers are strings of digits, and are read as numbers too.
_LONG = {"anyOf": [{"type": "string", "pattern": r"^-?\d+$"}, {"type": "integer"}]}
_PLAIN: dict[str, Any] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer"},
    "int64": _LONG,
    "uint64": _LONG,
    "float": {"type": "number"},
    "Value": True,
}
API = "/api/v1/modeldb"
"""Where ModelDB's proxy serves what the definitions call /v1."""


class Method:
    """One method: how it is asked for, and the messages of its request and answer."""

    def __init__(self, name: str, http: str, message: str) -> None:
        self.name, self.message = name, message
        self.verb, _, path = http.partition(" ")
        template = re.escape(path.replace("/v1/", f"{API}/", 1)).replace(r"\{", "{").replace(r"\}", "}")
        self._path = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

    def named(self, verb: str, path: str) -> dict[str, str] | None:
        """Return what the path names, where it is this method's."""
        found = self._path.fullmatch(path) if verb == self.verb else None
        return found.groupdict() if found else None


METHODS = tuple(Method(name, *how) for name, how in _DEFINITIONS["methods"].items())


def mistake(content: object, message: str) -> str:
    """Return what is wrong with ``content`` as a message; empty: nothing."""
    error = best_match(_validator(message).iter_errors(content))
    return f"{message} at {error.json_path}: {error.message[:200]}" if error else ""


def typed(query: dict[str, list[str]], message: str) -> dict[str, Any]:
    """Return a query as the JSON of its message: what is repeated there is a list."""
    fields = _DEFINITIONS["messages"][message]
    return {key: every if fields.get(key, "").endswith("*") else every[-1] for key, every in query.items()}


@cache
def _validator(message: str) -> Draft202012Validator:
    definitions = {name: {"enum": values} for name, values in _DEFINITIONS["enums"].items()}
    definitions |= {name: _schema(name, fields) for name, fields in _DEFINITIONS["messages"].items()}
    return Draft202012Validator({"$ref": f"#/$defs/{message}", "$defs": definitions})


def _schema(name: str, fields: dict[str, str]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field: _type(kind) for field, kind in fields.items()},
        "additionalProperties": False,
    }
    if one_of := _DEFINITIONS["oneofs"].get(name):
        both = [[left, right] for at, left in enumerate(one_of) for right in one_of[at + 1 :]]
        schema["not"] = {"anyOf": [{"required": pair} for pair in both]}
    return schema


def _type(kind: str) -> Any:
    if kind.endswith("*"):
        return {"type": "array", "items": _type(kind[:-1])}
    if kind.startswith("{"):
        return {"type": "object", "additionalProperties": _type(kind[1:-1])}
    return _PLAIN.get(kind, {"$ref": f"#/$defs/{kind}"})
