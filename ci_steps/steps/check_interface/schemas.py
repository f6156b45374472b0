"""What a JSON schema (2020-12) says: the keywords that are decided, and those only compared."""

import math
from collections.abc import Hashable
from typing import Any, Self, TypeAlias

from ci_steps.model.value import Value

Schema: TypeAlias = dict[str, Any]


DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS = ("string", "number", "boolean", "object", "array", "null")
NOTHING: Schema = {"enum": []}

DECIDED = frozenset(
    {
        *("type", "enum", "const", "minimum", "maximum"),
        *("properties", "required", "additionalProperties", "items"),
    }
)
ANNOTATIONS = frozenset(
    {
        *("title", "description", "examples", "default", "$comment", "deprecated", "readOnly", "writeOnly"),
        "$schema",  # the step compares nothing that declares another dialect
    }
)
DEFINITIONS = frozenset({"$defs", "definitions"})
SILENT = ANNOTATIONS | DEFINITIONS
"""Keywords that reject nothing by themselves."""

ENTANGLED = frozenset(
    {"patternProperties", "prefixItems", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef"}
)
"""Keywords whose meaning depends on their neighbours, or that change the meaning of a decided one."""

_HOLDS_SCHEMA = frozenset(
    {
        *("items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"),
        *("unevaluatedProperties", "unevaluatedItems"),
    }
)
_HOLDS_SCHEMAS_BY_NAME = DEFINITIONS | {"properties", "patternProperties", "dependentSchemas"}
_HOLDS_SCHEMA_LIST = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})


def keywords(schema: Any) -> Schema:
    """Return the schema as keywords: ``true`` says nothing, ``false`` is a choice of nothing."""
    if isinstance(schema, bool):
        return {} if schema else NOTHING
    return schema  # type: ignore[no-any-return]  # a schema that is no boolean is an object


def key(value: Any) -> Hashable:
    """Return the same for the same JSON value, and only then: 1 is 1.0, but true is not 1.

    >>> key([1, {"a": None}]) == key([1.0, {"a": None}]), key(True) == key(1)
    (True, False)
    """
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", *map(key, value))
    if isinstance(value, dict):
        return ("object", frozenset((name, key(child)) for name, child in value.items()))
    return value  # type: ignore[no-any-return]  # a string, a number or None


def asserted(schema: Any) -> Any:
    """Return the schema without annotations; a property that is called ``title`` is none."""
    if isinstance(schema, bool):
        return schema
    return {word: asserted_by(word, said) for word, said in schema.items() if word not in ANNOTATIONS}


def asserted_by(word: str, said: Any) -> Any:
    """Return what a keyword says, without the annotations in it."""
    if word in _HOLDS_SCHEMA:
        return asserted(said)
    if word in _HOLDS_SCHEMAS_BY_NAME:
        return {name: asserted(child) for name, child in said.items()}
    if word in _HOLDS_SCHEMA_LIST:
        return [asserted(child) for child in said]
    return said


def kinds(schema: Schema) -> frozenset[str]:
    """Return the kinds of value that ``type`` lets in; ``integer`` is a ``number`` that is whole."""
    return frozenset("number" if name == "integer" else name for name in _types(schema))


def choices(schema: Schema) -> list[Any] | None:
    """Return what ``const`` or ``enum`` lists, or None where neither is there."""
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def properties(schema: Schema) -> Schema:
    return schema.get("properties", {})  # type: ignore[no-any-return]


def required(schema: Schema) -> frozenset[str]:
    return frozenset(schema.get("required", ()))


def further(schema: Schema) -> Any:
    """Return the schema of a property that has none of its own.

    Beside ``patternProperties`` that is anything, as ``items`` beside ``prefixItems``: such a reading lets in
    too much, never too little, so that "accepts nothing" and "these are all" stay proofs.
    """
    return True if "patternProperties" in schema else schema.get("additionalProperties", True)


def child(schema: Schema, name: str) -> Any:
    """Return the schema of the property ``name``."""
    own = properties(schema)
    return own[name] if name in own else further(schema)


def items(schema: Schema) -> Any:
    """Return the schema of an array's items."""
    return True if "prefixItems" in schema else schema.get("items", True)


class Range(Value, frozen=True):
    """The numbers that a schema lets in."""

    low: float | None
    high: float | None
    whole: bool

    @classmethod
    def of(cls, schema: Schema) -> Self:
        whole = "number" not in _types(schema)
        numbers = cls(schema.get("minimum"), schema.get("maximum"), whole)
        return numbers.wholes if whole else numbers

    @property
    def wholes(self) -> Self:
        """The whole ones among them: from 0.5 on is from 1 on."""
        low = None if self.low is None else math.ceil(self.low)
        high = None if self.high is None else math.floor(self.high)
        return type(self)(low, high, whole=True)

    def goes_under(self, other: "Range") -> bool:
        """Whether one of them is under the other's minimum."""
        return not self.empty and other.low is not None and (self.low is None or self.low < other.low)

    def goes_over(self, other: "Range") -> bool:
        """Whether one of them is over the other's maximum."""
        return not self.empty and other.high is not None and (self.high is None or self.high > other.high)

    @property
    def near(self) -> list[float]:
        """Its ends and what is close to them, also outside: where a number that is not whole can be found."""
        low, high = self.low, self.high
        ends = [end for end in (low, high) if end is not None] or [0]
        middle = [] if low is None or high is None else [low + (high - low) / 2]
        return [end + step for end in ends for step in (0.5, -0.5, 0)] + middle

    def up_to(self, end: float) -> Self:
        """Return those that are not over ``end``."""
        return self._bounded(self.low, end if self.high is None else min(self.high, end))

    def down_to(self, end: float) -> Self:
        """Return those that are not under ``end``."""
        return self._bounded(end if self.low is None else max(self.low, end), self.high)

    def _bounded(self, low: float | None, high: float | None) -> Self:
        bounded = type(self)(low, high, self.whole)
        return bounded.wholes if self.whole else bounded

    @property
    def empty(self) -> bool:
        return self.low is not None and self.high is not None and self.low > self.high

    @property
    def fractions(self) -> bool:
        """Whether one of them is not whole."""
        if self.whole or self.empty:
            return False
        return self.low is None or self.low != self.high or self.low != math.floor(self.low)


def _types(schema: Schema) -> tuple[str, ...]:
    said = schema.get("type", KINDS)
    return (said,) if isinstance(said, str) else tuple(said)
