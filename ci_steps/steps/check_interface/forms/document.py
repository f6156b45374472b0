"""A schema as a whole: where its references lead, and which of its parts say the same as another's."""

from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from ci_steps.steps.check_interface.forms.dialects import (
    HOLDS_SCHEMA,
    HOLDS_SCHEMA_LIST,
    HOLDS_SCHEMAS_BY_NAME,
    Schema,
    dialect_of,
    in_new_words,
    subschemas,
)
from ci_steps.steps.check_interface.forms.form import key
from ci_steps.steps.check_interface.pointers import INDEX, names_in

ANNOTATIONS = frozenset(
    {
        *("title", "description", "examples", "default", "$comment", "deprecated", "readOnly", "writeOnly"),
        *(
            "$schema",
            "$defs",
            "definitions",
            "format",
            "contentEncoding",
            "contentMediaType",
            "contentSchema",
        ),
        "discriminator",  # OpenAPI's, which Pydantic writes beside oneOf
    }
)
"""Words that reject nothing. A definition says something where a reference leads to it."""


class Document:
    """One side's schema."""

    def __init__(self, schema: Any) -> None:
        self.dialect = dialect_of(schema)
        self._raw = schema
        self.root = in_new_words(schema, self.dialect)
        self._targets: dict[str, Any] = {}

    def target(self, ref: str) -> Any | None:
        """Return the schema that a reference leads to, None where it leads out of here."""
        if ref not in self._targets:
            self._targets[ref] = None if self._has_other_bases else self._looked_up(ref)
        return self._targets[ref]

    def pointer(self, ref: str) -> str | None:
        """Return the JSON pointer of what a reference names, None for an anchor."""
        inside = unquote(ref.removeprefix(self._id).removeprefix("#"))
        return inside if not inside or inside.startswith("/") else None

    @property
    def lost(self) -> list[str]:
        """The references that lead out of here."""
        return sorted({ref for ref in _references(self._raw) if self.target(ref) is None})

    @property
    def circles(self) -> bool:
        """Whether some reference leads back to itself by references and combinations alone."""
        return any(self._comes_back(ref) for ref in set(_references(self._raw)))

    def text(self, schema: Any) -> Hashable:
        """Return the same for two schemas, of any document, only where they say the same.

        Annotations apart, and with the text of every definition that they lead to, by its name.
        """
        reached: dict[str, Hashable] = {}
        waiting = [schema]
        while waiting:
            for ref in _references(waiting.pop()):
                if ref not in reached:
                    target = self.target(ref)
                    reached[ref] = key(asserted(target)) if target is not None else ("alien", id(self))
                    waiting.append(target)
        return (key(asserted(schema)), frozenset(reached.items()))

    def _comes_back(self, start: str) -> bool:
        waiting, reached = [start], set()
        while waiting:
            ref = waiting.pop()
            for following in _references_in_place(self.target(ref)):
                if following == start:
                    return True
                if following not in reached:
                    reached.add(following)
                    waiting.append(following)
        return False

    def _looked_up(self, ref: str) -> Any | None:
        pointer = self.pointer(ref)
        if ref.partition("#")[0] not in {"", self._id}:
            return None
        found = self._anchors.get(unquote(ref.partition("#")[2])) if pointer is None else self._at(pointer)
        return None if found is None else in_new_words(found, self.dialect)

    def _at(self, pointer: str) -> Any | None:
        part = self._raw
        for name in names_in(pointer):
            if isinstance(part, dict) and name in part:
                part = part[name]
            elif isinstance(part, list) and INDEX.fullmatch(name) and int(name) < len(part):
                part = part[int(name)]
            else:
                return None
        return part if isinstance(part, (dict, bool)) else None

    @cached_property
    def _id(self) -> str:
        said = self._raw.get("$id", "") if isinstance(self._raw, dict) else ""
        return str(said).partition("#")[0]

    @cached_property
    def _anchors(self) -> dict[str, Any]:
        inside = all_in(self._raw)
        return {each[word]: each for each in inside for word in ("$anchor", "$dynamicAnchor") if word in each}

    @cached_property
    def _has_other_bases(self) -> bool:
        """Whether a part has an ``$id`` of its own: references in it lead elsewhere than they seem to."""
        return any("$id" in each for each in all_in(self._raw) if each is not self._raw)


def _references_in_place(schema: Any) -> Iterator[str]:
    """Yield the references that apply to the same value as the schema."""
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, dict):
            continue
        if isinstance(each.get("$ref"), str):
            yield each["$ref"]
        waiting += [inner for word in ("allOf", "anyOf", "oneOf") for inner in each.get(word, ())]
        waiting += [each[word] for word in ("not", "if", "then", "else") if word in each]
        waiting += each.get("dependentSchemas", {}).values()


def asserted(schema: Any) -> Any:
    """Return the schema without annotations; a property that is called ``title`` is none."""
    if not isinstance(schema, dict):
        return schema
    return {word: _asserted_by(word, said) for word, said in schema.items() if word not in ANNOTATIONS}


def _asserted_by(word: str, said: Any) -> Any:
    if word in HOLDS_SCHEMAS_BY_NAME and isinstance(said, dict):
        return {name: asserted(each) for name, each in said.items()}
    if word in HOLDS_SCHEMA_LIST and isinstance(said, list):
        return [asserted(each) for each in said]
    return asserted(said) if word in HOLDS_SCHEMA else said


def formats_in(schema: Any) -> frozenset[str]:
    """Return the formats that are named anywhere in a schema."""
    return frozenset(each["format"] for each in all_in(schema) if isinstance(each.get("format"), str))


def patterns_in(schema: Any) -> frozenset[str]:
    """Return the patterns that stand anywhere in a schema."""
    found: set[str] = set()
    for each in all_in(schema):
        found |= {each["pattern"]} if isinstance(each.get("pattern"), str) else set()
        by_pattern = each.get("patternProperties")
        found |= by_pattern.keys() if isinstance(by_pattern, dict) else set()
    return frozenset(found)


def properties_named(schema: Any) -> frozenset[str]:
    """Return the names of all properties, at any place of a schema."""
    return frozenset(name for each in all_in(schema) for name in each.get("properties", {}))


def all_in(schema: Any) -> Iterator[Schema]:
    """Yield the schema and every schema in it, booleans apart."""
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += [inside for _, _, inside in subschemas(each)]


def _references(schema: Any) -> Iterator[str]:
    for each in all_in(schema):
        if isinstance(each.get("$ref"), str):
            yield each["$ref"]
