"""Properties that a schema does not name, where the settings say that they do not count."""

from typing import Any

from ci_steps.steps.check_interface.forms.dialects import Schema
from ci_steps.steps.check_interface.forms.document import Document
from ci_steps.steps.check_interface.forms.form import Form, Further
from ci_steps.steps.check_interface.forms.making import Forms

_IN_PLACE = ("allOf", "anyOf", "oneOf")
_IN_PLACE_TOO = ("if", "then", "else")


def closing(schema: Any, document: Document, forms: Forms) -> Form:
    """Return that an object has no other properties than the schema names, whichever branch names them.

    A schema that names none is no record: it lets in what it lets in. One that says what further properties
    are like (``additionalProperties`` with a schema) names them all by that.
    """
    names: set[str] = set()
    patterns: set[str] = set()
    waiting, seen = [schema], set()
    while waiting:
        each = waiting.pop()
        if not isinstance(each, dict) or id(each) in seen:
            continue
        seen.add(id(each))
        for word in ("additionalProperties", "unevaluatedProperties"):
            if isinstance(each.get(word), dict) and each[word]:
                return forms.true
        names |= each.get("properties", {}).keys() | set(each.get("required", ()))
        patterns |= each.get("patternProperties", {}).keys()
        waiting += [inner for word in _IN_PLACE for inner in each.get(word, ())]
        waiting += [each[word] for word in _IN_PLACE_TOO if word in each]
        waiting += each.get("dependentSchemas", {}).values()
        if isinstance(each.get("$ref"), str):
            waiting.append(document.target(each["$ref"]))
    if not names and not patterns:
        return forms.true
    return forms.of(Further, frozenset(names), frozenset(patterns), forms.false)


def opened(schema: Any) -> Any:
    """Return the schema without its bans on further properties, where lifting them lets in more.

    Not under ``not``, ``if`` and ``oneOf``: there it could also let in less.
    """
    if not isinstance(schema, dict):
        return schema
    new: Schema = {}
    for word, said in schema.items():
        if word in {"additionalProperties", "unevaluatedProperties"} and said is False:
            continue
        if word in {"$defs", "definitions", "properties", "patternProperties", "dependentSchemas"}:
            new[word] = {name: opened(each) for name, each in said.items()}
        elif word in {"allOf", "anyOf", "prefixItems"} or (word == "items" and isinstance(said, list)):
            new[word] = [opened(each) for each in said]
        elif word in {"items", "additionalItems", "additionalProperties", "then", "else"}:
            new[word] = opened(said)
        else:
            new[word] = said
    return new
