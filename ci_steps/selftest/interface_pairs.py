"""Pairs of interfaces with known answers: of requests and of answers, backward and forward."""

from typing import Any

from ci_steps.model.settings import InterfaceSettings, Policy
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.interfaces import OPEN_OBJECT, answering, case, taking, with_input
from ci_steps.selftest.specimen import Specimen

_AHEAD = {"type": "string", "pattern": "^(?=a)"}
_NULLABLE = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
_SHORT = {"type": "string", "maxLength": 8}
_LONG = {"type": "string", "maxLength": 9}


def _requests(title: str, wanted: Verdict, before: Any, now: Any, policy: Policy = "backward") -> Case:
    plan = {"interface": InterfaceSettings(policy=policy)}
    specimen = Specimen(files=taking(now), baseline=taking(before), plan=plan)
    return case(title, wanted, "input", specimen, rule="" if policy == "backward" else f"{policy} input")


def _answers(title: str, wanted: Verdict, before: Any, now: Any, policy: Policy = "backward") -> Case:
    plan = {"interface": InterfaceSettings(policy=policy)}
    specimen = Specimen(files=answering(now), baseline=answering(before), plan=plan)
    return case(title, wanted, "output", specimen, rule="" if policy == "backward" else f"{policy} output")


def _unnamed(title: str, wanted: Verdict, before: Any, now: Any) -> Case:
    plan = {"interface": InterfaceSettings(unknown_fields="ignore")}
    specimen = Specimen(files=with_input(now), baseline=with_input(before), plan=plan)
    return case(title, wanted, "input", specimen, rule="unknown fields ignored")


def _union(*kinds: str) -> Any:
    """Return a choice of objects that one property tells apart, as Pydantic writes it."""
    branches = [
        {
            "type": "object",
            "properties": {"kind": {"const": kind}, kind: {"type": "string"}},
            "required": ["kind", kind],
        }
        for kind in kinds
    ]
    return {"oneOf": branches, "discriminator": {"propertyName": "kind"}}


def _tree(leaf: str) -> Any:
    # The schema of the property ``x`` of a request: that is where its reference leads.
    again = {"type": "array", "items": {"$ref": "#/properties/x"}}
    return {"type": "object", "properties": {"value": {"type": leaf}, "below": again}, "required": ["value"]}


def _two(leaf: str) -> Any:
    """Return objects that hold each other, of which one holds a leaf."""
    one = {"type": "object", "properties": {"q": {"$ref": "#/$defs/q"}, "value": {"type": leaf}}}
    two = {"type": "object", "properties": {"p": {"$ref": "#/$defs/p"}}}
    both = {"p": {"$ref": "#/$defs/p"}, "q": {"$ref": "#/$defs/q"}}
    return {"type": "object", "properties": both, "$defs": {"p": one, "q": two}}


def _either_of_two(leaf: str) -> Any:
    said = _two(leaf)
    return {
        "type": "object",
        "anyOf": [{"properties": {name: each}} for name, each in said["properties"].items()],
        "$defs": said["$defs"],
    }


def _with_n(kind: str | None) -> Any:
    said = _AHEAD if kind is None else {"type": kind}
    return {**OPEN_OBJECT, "properties": {"text": {"type": "string"}, "n": said}}


def _letters(among: str) -> Any:
    return {"type": "string", "pattern": f"^[{among}]+$"}


_BACKWARD = (
    _requests(
        "a number is no longer taken", Verdict.REFUSED, {"type": ["string", "number"]}, {"type": "string"}
    ),
    _requests("a type more is taken", Verdict.PASSED, {"type": "string"}, {"type": ["string", "null"]}),
    _requests("only whole numbers are taken", Verdict.REFUSED, {"type": "number"}, {"type": "integer"}),
    _requests("whole numbers were taken", Verdict.PASSED, {"type": "integer"}, {"type": "number"}),
    _requests("the minimum is raised", Verdict.REFUSED, {"minimum": 0}, {"minimum": 1}),
    _requests("the minimum is lowered", Verdict.PASSED, {"minimum": 1}, {"minimum": 0}),
    _requests("the maximum is lowered", Verdict.REFUSED, {"maximum": 1}, {"maximum": 0}),
    _requests("the maximum is raised", Verdict.PASSED, {"maximum": 0}, {"maximum": 1}),
    _requests(
        "numbers that no small prime divides are gone",
        Verdict.REFUSED,
        {"type": "integer", "minimum": 1000, "maximum": 100_000},
        {"anyOf": [{"multipleOf": prime} for prime in (2, 3, 5, 7, 11, 13, 17)]},
    ),
    _requests(
        "one number, which is whole",
        Verdict.PASSED,
        {"type": "number", "minimum": 3, "maximum": 3},
        {"type": "integer"},
    ),
    _requests("a letter is gone", Verdict.REFUSED, _letters("b-d"), _letters("a-c")),
    _requests("letters more", Verdict.PASSED, _letters("b-c"), _letters("a-d")),
    _requests("a choice is gone", Verdict.REFUSED, {"enum": ["nl", "en"]}, {"enum": ["nl"]}),
    _requests("a choice is new", Verdict.PASSED, {"enum": ["nl"]}, {"enum": ["nl", "en"]}),
    _requests("true is not 1", Verdict.REFUSED, {"const": True}, {"const": 1}),
    _requests("1.0 is an integer", Verdict.PASSED, {"const": 1.0}, {"type": "integer"}),
    _requests("more numbers than choices", Verdict.REFUSED, {"type": "integer"}, {"enum": [0, 1]}),
    _requests("all booleans are listed", Verdict.PASSED, {"type": "boolean"}, {"enum": [True, False]}),
    _requests(
        "items are narrowed",
        Verdict.REFUSED,
        {"type": "array", "items": {"type": ["string", "number"]}},
        {"type": "array", "items": {"type": "string"}},
    ),
    _requests(
        "a property is required anew",
        Verdict.REFUSED,
        OPEN_OBJECT,
        OPEN_OBJECT | {"required": ["text", "n"]},
    ),
    _requests("a property is no longer required", Verdict.PASSED, OPEN_OBJECT, {"type": "object"}),
    _requests(
        "further properties are shut out",
        Verdict.REFUSED,
        OPEN_OBJECT,
        OPEN_OBJECT | {"additionalProperties": False},
    ),
    _requests(
        "a new property with a type, where any was let in",
        Verdict.REFUSED,
        OPEN_OBJECT,
        OPEN_OBJECT | {"properties": {"text": {"type": "string"}, "n": {"type": "integer"}}},
    ),
    _requests(
        "what accepted nothing breaks nothing",
        Verdict.PASSED,
        {"minimum": 2, "maximum": 1, "type": "number"},
        {"type": "string"},
    ),
    _requests("a pattern that was narrower", Verdict.PASSED, {"pattern": "^ab"}, {"pattern": "^a"}),
    _requests("a pattern that is narrower", Verdict.REFUSED, {"pattern": "^a"}, {"pattern": "^ab"}),
    _requests("a pattern said in other words", Verdict.PASSED, {"pattern": "^(a+)+$"}, {"pattern": "^a+$"}),
    _requests("a longer text is no longer taken", Verdict.REFUSED, {"maxLength": 9}, {"maxLength": 8}),
    _requests("a multiple of two is whole", Verdict.PASSED, {"multipleOf": 2}, {"multipleOf": 1}),
    _requests("one item more is needed", Verdict.REFUSED, {"type": "array"}, {"minItems": 1}),
    _requests("a union that grew", Verdict.PASSED, _union("a", "b"), _union("b", "c", "a")),
    _requests("a union that shrank", Verdict.REFUSED, _union("a", "b"), _union("b")),
    _requests("a tree of wider leaves", Verdict.PASSED, _tree("integer"), _tree("number")),
    _requests("a tree of narrower leaves", Verdict.REFUSED, _tree("number"), _tree("integer")),
    _requests("null is no longer taken", Verdict.REFUSED, _NULLABLE, {"type": "integer"}),
    _requests("null is taken", Verdict.PASSED, {"type": "integer"}, _NULLABLE),
    _requests(
        "what is required beside another",
        Verdict.REFUSED,
        {"type": "object"},
        {"dependentRequired": {"a": ["b"]}},
    ),
    _requests("what is excluded anew", Verdict.REFUSED, {"type": "string"}, {"not": {"const": "no"}}),
    _requests(
        "a pattern that looks ahead, and differs",
        Verdict.INCONCLUSIVE,
        {"pattern": "^a"},
        {"pattern": "(?=a)"},
    ),
    _requests("one that looks ahead, and stays", Verdict.PASSED, _AHEAD, {**_AHEAD, "title": "A"}),
    _requests("three tenths are three times one", Verdict.PASSED, {"enum": [0.3]}, {"multipleOf": 0.1}),
    _requests("steps of a half", Verdict.REFUSED, {"multipleOf": 0.25}, {"multipleOf": 0.5}),
    _requests("fewer properties", Verdict.REFUSED, {"maxProperties": 3}, {"maxProperties": 2}),
    _requests(
        "a number, beside a text that looks ahead",
        Verdict.REFUSED,
        {"anyOf": [_AHEAD, {"type": "number"}]},
        {"type": "null"},
    ),
    case(
        "two that refer to each other, and both changed",
        Verdict.REFUSED,
        "input",
        Specimen(files=with_input(_either_of_two("string")), baseline=with_input(_two("number"))),
    ),
    _requests("steps of two cents", Verdict.PASSED, {"multipleOf": 0.02}, {"multipleOf": 0.01}),
    _requests("steps of a cent", Verdict.REFUSED, {"multipleOf": 0.01}, {"multipleOf": 0.02}),
    _answers("an answer may be null now", Verdict.REFUSED, {"type": "string"}, {"type": ["string", "null"]}),
    _answers(
        "an answer is narrower than promised",
        Verdict.PASSED,
        {"type": ["string", "null"]},
        {"type": "string"},
    ),
    _answers("an answer has a new choice", Verdict.REFUSED, {"enum": ["a"]}, {"enum": ["a", "b"]}),
    _answers("an answer of another format", Verdict.PASSED, {"format": "date"}, {"format": "time"}),
    _answers("an answer may not look ahead", Verdict.INCONCLUSIVE, _AHEAD, {"type": "string"}),
)

_FORWARD = (
    _requests("more is taken, and a rollback takes it back", Verdict.REFUSED, _SHORT, _LONG, "forward"),
    _requests("less is taken, which the baseline takes, too", Verdict.PASSED, _LONG, _SHORT, "forward"),
    _requests("a pattern that the baseline has", Verdict.INCONCLUSIVE, _AHEAD, {"type": "string"}, "forward"),
    _answers("fewer answers are promised than a rollback gives", Verdict.REFUSED, _LONG, _SHORT, "forward"),
    _answers("more answers are promised", Verdict.PASSED, _SHORT, _LONG, "forward"),
    _answers("a pattern that the candidate has", Verdict.INCONCLUSIVE, {"type": "string"}, _AHEAD, "forward"),
    _requests("what forward refuses, full does, too", Verdict.REFUSED, _SHORT, _LONG, "full"),
    _requests("what backward refuses, full does, too", Verdict.REFUSED, _LONG, _SHORT, "full"),
    _requests("the same in other words", Verdict.PASSED, _SHORT, {**_SHORT, "minLength": 0}, "full"),
    _requests(
        "a look ahead, both ways", Verdict.INCONCLUSIVE, _AHEAD, {**_AHEAD, "pattern": "(?=b)"}, "full"
    ),
)

_UNNAMED = (
    _unnamed("a new property with a type", Verdict.PASSED, OPEN_OBJECT, _with_n("integer")),
    _unnamed("a named property changes its type", Verdict.REFUSED, _with_n("string"), _with_n("null")),
    _unnamed(
        "a property that was named is shut out",
        Verdict.REFUSED,
        _with_n("string"),
        {**OPEN_OBJECT, "additionalProperties": False},
    ),
    _unnamed(
        "an object that names nothing",
        Verdict.REFUSED,
        {**OPEN_OBJECT, "properties": {"n": {"type": "object"}}},
        {**OPEN_OBJECT, "properties": {"n": {"maxProperties": 0}}},
    ),
    _unnamed("a named property that looks ahead", Verdict.INCONCLUSIVE, _with_n("string"), _with_n(None)),
)

COMPARED: tuple[Case, ...] = (*_BACKWARD, *_FORWARD, *_UNNAMED)
