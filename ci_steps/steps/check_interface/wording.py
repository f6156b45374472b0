"""Sentences about what a schema does not accept."""

import json
from typing import Any

from ci_steps.steps.check_interface.forms.form import Required
from ci_steps.steps.check_interface.parts import Part
from ci_steps.steps.check_interface.pointers import names_in

_FEW = 5
_TYPES = {
    "string": "text",
    "integer": "whole numbers",
    "number": "numbers",
    "boolean": "true and false",
    "object": "objects",
    "array": "arrays",
    "null": "null",
}
_WORDS = {
    "minimum": "no number under {said}",
    "exclusiveMinimum": "no number that is not over {said}",
    "maximum": "no number over {said}",
    "exclusiveMaximum": "no number that is not under {said}",
    "multipleOf": "multiples of {said} only",
    "minLength": "no text shorter than {said}",
    "maxLength": "no text longer than {said}",
    "pattern": "only text that matches {said}",
    "minItems": "no array with fewer than {said} items",
    "maxItems": "no array with more than {said} items",
    "uniqueItems": "no array with the same item twice",
    "minProperties": "no object with fewer than {said} properties",
    "maxProperties": "no object with more than {said} properties",
    "contains": "no array without an item of a certain kind",
    "minContains": "no array with fewer than {said} items of a certain kind",
    "maxContains": "no array with more than {said} items of a certain kind",
    "propertyNames": "not every name for a property",
    "dependentRequired": "no object without what is required beside a property of it",
    "dependentSchemas": "no object that breaks what holds beside a property of it",
    "anyOf": "nothing that keeps to none of the alternatives",
    "oneOf": "only what keeps to exactly one of the alternatives",
    "not": "nothing that keeps to what it excludes",
    "then": "nothing that keeps to the condition and not to what then holds",
    "else": "nothing that keeps neither to the condition nor to what holds else",
}


def rule_of(part: Part) -> str:
    """Return what a part of a schema lets through, as the end of a sentence: "no number under 1"."""
    if part.said is False:
        return _nothing(names_in(part.pointer))
    if part.keyword == "type":
        types = part.said if isinstance(part.said, list) else [part.said]
        return f"only {' or '.join(_TYPES[each] for each in types)}"
    if part.keyword == "required" and isinstance(part.said, Required):
        return f"no object without {part.said.name!r}"
    if part.keyword in {"enum", "const"}:
        values = part.said if part.keyword == "enum" else [part.said]
        return f"only {_listed(values)}" if values else "nothing here"
    return _WORDS.get(part.keyword, "less here").format(said=_short(part.said))


def _nothing(path: list[str]) -> str:
    if path[-1:] in (["additionalProperties"], ["unevaluatedProperties"]):
        return "no property but those that it names"
    if path[-1:] in (["items"], ["additionalItems"], ["unevaluatedItems"]):
        return "no item more than it names"
    if path[-2:-1] == ["properties"]:
        return f"no property {path[-1]!r}"
    return "nothing here"


def _listed(values: list[Any]) -> str:
    shown = [_short(value) for value in values[:_FEW]]
    return " or ".join([*shown, "…"] if len(values) > _FEW else shown)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:80]}…"
