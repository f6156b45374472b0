"""The dialects that are decided, and draft 7 in the words of 2020-12."""

from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DRAFT_7 = "http://json-schema.org/draft-07/schema"

HOLDS_SCHEMA = frozenset(
    {
        *("items", "additionalItems", "additionalProperties", "propertyNames", "contains", "contentSchema"),
        *("not", "if", "then", "else", "unevaluatedProperties", "unevaluatedItems"),
    }
)
HOLDS_SCHEMAS_BY_NAME = frozenset(
    {"$defs", "definitions", "properties", "patternProperties", "dependentSchemas", "dependencies"}
)
HOLDS_SCHEMA_LIST = frozenset({"allOf", "anyOf", "oneOf", "prefixItems", "items"})

_LATER = frozenset(
    {
        *(
            "prefixItems",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedProperties",
            "unevaluatedItems",
        ),
        *("minContains", "maxContains", "$anchor", "$dynamicRef", "$dynamicAnchor", "$defs"),
    }
)
"""Words that draft 7 does not know, and so passes over."""


def dialect_of(schema: Any) -> str:
    """Return the dialect that the schema declares, 2020-12 where it declares none."""
    declared = schema.get("$schema", DIALECT) if isinstance(schema, dict) else DIALECT
    return (
        str(declared)
        .rstrip("#")
        .replace("https://json-schema.org/draft-07/", "http://json-schema.org/draft-07/")
    )


def foreign_dialect(schema: Any) -> str | None:
    """Return the dialect that the schema declares where it is none that is decided here."""
    return None if dialect_of(schema) in {DIALECT, DRAFT_7} else str(schema["$schema"])


def in_new_words(schema: Any, dialect: str) -> Any:
    """Return a schema of either dialect in the words of 2020-12."""
    return _translated(schema) if dialect == DRAFT_7 else schema


def subschemas(schema: Schema) -> list[tuple[str, str | int | None, Any]]:
    """Return the schemas that a schema holds, each with its keyword and its name or number under that."""
    found: list[tuple[str, str | int | None, Any]] = []
    for word, said in schema.items():
        if word in HOLDS_SCHEMAS_BY_NAME and isinstance(said, dict):
            found += [(word, name, each) for name, each in said.items() if not isinstance(each, list)]
        elif word in HOLDS_SCHEMA_LIST and isinstance(said, list):
            found += [(word, number, each) for number, each in enumerate(said)]
        elif word in HOLDS_SCHEMA:
            found.append((word, None, said))
    return found


def _translated(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:  # what stands beside it is passed over, definitions apart
        kept = {word: schema[word] for word in ("$ref", "definitions", "$id") if word in schema}
        return {word: _inside(word, said) for word, said in kept.items()}
    new = {
        word: _inside(word, said)
        for word, said in schema.items()
        if word not in _LATER | {"items", "additionalItems", "dependencies"}
    }
    items = schema.get("items", True)
    if isinstance(items, list):
        new["prefixItems"] = [_translated(each) for each in items]
        new["items"] = _translated(schema.get("additionalItems", True))
    elif "items" in schema:
        new["items"] = _translated(items)
    if "$defs" in schema:  # no keyword to it, but a reference may lead there all the same
        new["$defs"] = _inside("definitions", schema["$defs"])
    for name, said in schema.get("dependencies", {}).items():
        if isinstance(said, list):
            new.setdefault("dependentRequired", {})[name] = said
        else:
            new.setdefault("dependentSchemas", {})[name] = _translated(said)
    return new


def _inside(word: str, said: Any) -> Any:
    if word in HOLDS_SCHEMAS_BY_NAME and isinstance(said, dict):
        return {name: _translated(each) for name, each in said.items()}
    if word in HOLDS_SCHEMA_LIST and isinstance(said, list):
        return [_translated(each) for each in said]
    return _translated(said) if word in HOLDS_SCHEMA else said
