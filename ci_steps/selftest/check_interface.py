"""What `check-interface` must refuse, must not decide, and must let pass."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ci_steps.documents import Report
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.specimen import INTERFACE, Specimen, evaluations, golden, jsonl, model_files
from ci_steps.steps.check_interface import CheckInterface

GATE = "check-interface"
_OPEN_OBJECT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def interface_with(**parts: Any) -> bytes:
    """Return the specimen's interface.json with other parts."""
    return json.dumps(INTERFACE | parts).encode()


def taking(schema: Any) -> Mapping[str, bytes]:
    """Return a model whose requests may carry ``x``, as the schema says."""
    given = {**INTERFACE["input"], "properties": {"text": {"type": "string"}, "x": schema}}
    return model_files(**{"interface.json": interface_with(input=given)})


def answering(schema: Any) -> Mapping[str, bytes]:
    """Return a model whose answers may carry ``x``, as the schema says."""
    given = {**INTERFACE["output"], "properties": {**INTERFACE["output"]["properties"], "x": schema}}
    return model_files(**{"interface.json": interface_with(output=given)})


def with_input(schema: Any) -> Mapping[str, bytes]:
    return model_files(**{"interface.json": interface_with(input=schema)})


def with_golden(**changes: Any) -> Mapping[str, bytes]:
    """Return a model whose first golden row is changed."""
    first, *others = golden(evaluations())
    return model_files(**{"golden.jsonl": jsonl([first | changes, *others])})


def case(title: str, wanted: Verdict, kind: str, specimen: Specimen) -> Case:
    def report(folder: Path) -> Report:
        return CheckInterface().run(specimen.laid_out(folder))

    return Case(gate=GATE, check=f"{GATE}.{kind}", wanted=wanted, title=title, report=report)


def _requests(title: str, wanted: Verdict, baseline: Any, candidate: Any) -> Case:
    return case(title, wanted, "input", Specimen(files=taking(candidate), baseline=taking(baseline)))


def _answers(title: str, wanted: Verdict, baseline: Any, candidate: Any) -> Case:
    return case(title, wanted, "output", Specimen(files=answering(candidate), baseline=answering(baseline)))


_SERVED = Specimen(baseline=model_files(**{"model/predictor.py": b"# an older one\n"}))
_FILES = model_files()

_REQUESTS = (
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
        _OPEN_OBJECT,
        _OPEN_OBJECT | {"required": ["text", "n"]},
    ),
    _requests("a property is no longer required", Verdict.PASSED, _OPEN_OBJECT, {"type": "object"}),
    _requests(
        "further properties are shut out",
        Verdict.REFUSED,
        _OPEN_OBJECT,
        _OPEN_OBJECT | {"additionalProperties": False},
    ),
    _requests(
        "a new property with a type, where any was let in",
        Verdict.REFUSED,
        _OPEN_OBJECT,
        _OPEN_OBJECT | {"properties": {"text": {"type": "string"}, "n": {"type": "integer"}}},
    ),
    _requests(
        "what accepted nothing breaks nothing",
        Verdict.PASSED,
        {"minimum": 2, "maximum": 1, "type": "number"},
        {"type": "string"},
    ),
    _requests("a pattern that differs", Verdict.INCONCLUSIVE, {"pattern": "^a"}, {"pattern": "^b"}),
    _requests("a pattern that stays", Verdict.PASSED, {"pattern": "^a"}, {"pattern": "^a", "title": "A"}),
    _requests(
        "patternProperties whose neighbours differ",
        Verdict.INCONCLUSIVE,
        {"patternProperties": {"^a": {}}, "additionalProperties": True},
        {"patternProperties": {"^a": {}}, "additionalProperties": {"title": "any"}},
    ),
)

_DEFINED = {"properties": {"text": {"$ref": "#/$defs/text"}}, "required": ["text"]}
_OPEN_ANSWER = {**INTERFACE["output"], "required": []}
_FULL = {"type": "object", "minProperties": 500, "required": ["x"]}

_REST = (
    case("a sound interface", Verdict.PASSED, "schema", _SERVED),
    case(
        "no interface.json",
        Verdict.REFUSED,
        "schema",
        replace(_SERVED, files=model_files(**{"interface.json": None})),
    ),
    case(
        "an input that is no JSON schema",
        Verdict.REFUSED,
        "schema",
        replace(_SERVED, files=with_input({"type": "strng"})),
    ),
    case(
        "a prediction that no answer can hold",
        Verdict.REFUSED,
        "schema",
        replace(_SERVED, files=model_files(**{"interface.json": interface_with(output=False)})),
    ),
    case(
        "an input that takes everything",
        Verdict.INCONCLUSIVE,
        "schema",
        replace(_SERVED, files=with_input({"description": "whatever"})),
    ),
    case(
        "a schema of another dialect",
        Verdict.INCONCLUSIVE,
        "schema",
        replace(_SERVED, files=with_input({"$schema": "http://json-schema.org/draft-04/schema#"})),
    ),
    case(
        "a reference that leads nowhere",
        Verdict.INCONCLUSIVE,
        "schema",
        replace(_SERVED, files=with_input(_DEFINED)),
    ),
    case(
        "a reference into changed definitions",
        Verdict.INCONCLUSIVE,
        "input",
        Specimen(
            files=with_input(_DEFINED | {"$defs": {"text": {"type": ["string", "null"]}}}),
            baseline=with_input(_DEFINED | {"$defs": {"text": {"type": "string"}}}),
        ),
    ),
    case(
        "a narrower property in objects that nobody can make an example of",
        Verdict.INCONCLUSIVE,
        "input",
        Specimen(
            files=with_input(_FULL | {"properties": {"x": {"type": "string"}}}),
            baseline=with_input(_FULL | {"properties": {"x": {"type": ["string", "number"]}}}),
        ),
    ),
    case("golden rows that keep to the interface", Verdict.PASSED, "golden", _SERVED),
    case(
        "a golden request that its own model does not take",
        Verdict.REFUSED,
        "golden",
        Specimen(files=with_golden(request={})),
    ),
    case(
        "a golden answer that its own model did not promise",
        Verdict.REFUSED,
        "golden",
        Specimen(files=with_golden(answer={"score": 1})),
    ),
    case(
        "a golden answer without a prediction",
        Verdict.REFUSED,
        "golden",
        Specimen(
            files=model_files(
                **{
                    "interface.json": interface_with(output=_OPEN_ANSWER),
                    "golden.jsonl": jsonl(
                        [{"id": "t0", "request": {"text": "good"}, "answer": {"score": 1}}]
                    ),
                }
            )
        ),
    ),
    case(
        "a golden row that cannot be read",
        Verdict.REFUSED,
        "golden",
        Specimen(files=model_files(**{"golden.jsonl": b"{"})),
    ),
    case(
        "no golden rows",
        Verdict.INCONCLUSIVE,
        "golden",
        Specimen(files=model_files(**{"golden.jsonl": b"\n"})),
    ),
    case(
        "a golden request of the baseline that is not taken any more",
        Verdict.REFUSED,
        "golden",
        Specimen(
            files=taking(True),
            baseline=model_files(
                **{
                    "interface.json": interface_with(input=_OPEN_OBJECT),
                    "golden.jsonl": jsonl(
                        [
                            {
                                "id": "t0",
                                "request": {"text": "good", "y": 1},
                                "answer": {"label": "positive", "score": 1},
                            }
                        ]
                    ),
                }
            ),
        ),
    ),
    case("a baseline that came whole", Verdict.PASSED, "baseline", _SERVED),
    case("a first release", Verdict.INCONCLUSIVE, "baseline", Specimen()),
    case(
        "a baseline without an interface",
        Verdict.INCONCLUSIVE,
        "baseline",
        Specimen(baseline=model_files(**{"interface.json": None})),
    ),
    case(
        "a baseline without golden rows",
        Verdict.INCONCLUSIVE,
        "baseline",
        Specimen(baseline=model_files(**{"golden.jsonl": None})),
    ),
    case(
        "a baseline whose interface is no JSON schema",
        Verdict.INCONCLUSIVE,
        "baseline",
        Specimen(baseline=with_input({"type": "strng"})),
    ),
    case(
        "a baseline whose interface is of another dialect",
        Verdict.INCONCLUSIVE,
        "baseline",
        Specimen(baseline=with_input({"$schema": "http://json-schema.org/draft-04/schema#"})),
    ),
    case("the same model on both sides takes the same", Verdict.PASSED, "input", Specimen(baseline=_FILES)),
    case(
        "the same model on both sides answers the same", Verdict.PASSED, "output", Specimen(baseline=_FILES)
    ),
    _answers("an answer may be null now", Verdict.REFUSED, {"type": "string"}, {"type": ["string", "null"]}),
    _answers(
        "an answer is narrower than promised",
        Verdict.PASSED,
        {"type": ["string", "null"]},
        {"type": "string"},
    ),
    _answers("an answer has a new choice", Verdict.REFUSED, {"enum": ["a"]}, {"enum": ["a", "b"]}),
    _answers("an answer of another format", Verdict.INCONCLUSIVE, {"format": "date"}, {"format": "time"}),
    case(
        "a promised property is missing",
        Verdict.REFUSED,
        "output",
        Specimen(
            files=model_files(
                **{"interface.json": interface_with(output=INTERFACE["output"] | {"required": ["label"]})}
            ),
            baseline=_FILES,
        ),
    ),
)

_SOUND = replace(case("a sound model", Verdict.PASSED, "schema", _SERVED), check=GATE)

CASES: tuple[Case, ...] = (*_REQUESTS, *_REST, _SOUND)
