"""What ``unevaluatedProperties`` and ``unevaluatedItems`` leave alone, where no value changes that."""

from typing import Any

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.forms.dialects import Schema
from ci_steps.steps.check_interface.forms.document import Document

_DEPENDS = ("anyOf", "oneOf", "if", "dependentSchemas", "$dynamicRef")


class Evaluated(Value, frozen=True):
    """The properties and items that are looked at by the keywords beside it."""

    names: frozenset[str]
    patterns: frozenset[str]
    every_property: bool
    items: int
    """How many, from the first on."""
    every_item: bool
    items_by_value: bool
    """Whether ``contains`` looks at those that keep to it."""


def evaluated_by(schema: Schema, document: Document) -> Evaluated | None:
    """Return what the neighbours of an ``unevaluated`` keyword look at; None where it depends."""
    said = _in_place(schema, document)
    if said is None:
        return None
    return Evaluated(
        names=frozenset(name for each in said for name in each.get("properties", {})),
        patterns=frozenset(name for each in said for name in each.get("patternProperties", {})),
        every_property=any(
            "additionalProperties" in each or "unevaluatedProperties" in each for each in said
        ),
        items=max((len(each.get("prefixItems", ())) for each in said), default=0),
        every_item=any("items" in each or "unevaluatedItems" in each for each in said),
        items_by_value=any("contains" in each for each in said),
    )


def _in_place(schema: Schema, document: Document) -> list[Schema] | None:
    """Return the schema and those that apply with it to the same value, whatever that is."""
    own = ("unevaluatedProperties", "unevaluatedItems")
    waiting: list[Any] = [{word: said for word, said in schema.items() if word not in own}]
    found: list[Schema] = []
    refs: set[str] = set()
    while waiting:
        each = waiting.pop()
        if not isinstance(each, dict):
            continue
        if any(word in each for word in _DEPENDS):
            return None
        found.append(each)
        waiting += each.get("allOf", [])
        ref = each.get("$ref")
        if ref is not None and ref not in refs:
            refs.add(ref)
            target = document.target(ref)
            if target is None:
                return None
            waiting.append(target)
    return found
