"""What `check-interface` must refuse, must not decide, and must let pass."""

from dataclasses import replace

from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.interface_pairs import COMPARED
from ci_steps.selftest.interfaces import (
    GATE,
    OPEN_OBJECT,
    case,
    interface_with,
    taking,
    with_golden,
    with_input,
)
from ci_steps.selftest.specimen import INTERFACE, Specimen, jsonl, model_files
from ci_steps.selftest.spoilt_services import listing

_SERVED = Specimen(baseline=model_files(**{"model/predictor.py": b"# an older one\n"}))


def _baseline(title: str, wanted: Verdict, specimen: Specimen) -> Case:
    """Return a case of what the comparison needs: with nothing to compare with, it is inconclusive."""
    return case(f"a baseline {title}", wanted, "baseline", specimen, rule="input")


_DEFINED = {"properties": {"text": {"$ref": "#/$defs/text"}}, "required": ["text"]}
_AHEAD = {
    "type": "object",
    "properties": {"text": {"type": "string", "pattern": "^(?=[a-z])"}},
    "required": ["text"],
}
_DRAFT_4 = {**INTERFACE["input"], "$schema": "http://json-schema.org/draft-04/schema#"}
_DRAFT_7 = {**INTERFACE["input"], "$schema": "http://json-schema.org/draft-07/schema#"}


def _through(last: object) -> dict[str, object]:
    """Return a schema that is a definition of a definition."""
    return {"$ref": "#/$defs/one", "$defs": {"one": {"$ref": "#/$defs/two"}, "two": last}}


_OPEN_ANSWER = {**INTERFACE["output"], "required": []}

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
        replace(_SERVED, files=with_input(_DRAFT_4)),
    ),
    case(
        "a reference that leads nowhere",
        Verdict.INCONCLUSIVE,
        "schema",
        replace(_SERVED, files=with_input(_DEFINED)),
    ),
    case(
        "two definitions that refer to each other and to nothing else",
        Verdict.INCONCLUSIVE,
        "schema",
        replace(_SERVED, files=with_input(_through({"$ref": "#/$defs/one"}))),
    ),
    case(
        "a definition of a definition",
        Verdict.PASSED,
        "schema",
        replace(_SERVED, files=with_input(_through(INTERFACE["input"]))),
    ),
    case(
        "a definition whose references lead elsewhere",
        Verdict.INCONCLUSIVE,
        "input",
        replace(_SERVED, files=with_input(_through(INTERFACE["input"] | {"$id": "https://example.org/one"}))),
    ),
    case(
        "golden rows whose prediction is in a list",
        Verdict.PASSED,
        "golden",
        listing("/labels/0"),
    ),
    case(
        "a schema that refers to itself and nothing else",
        Verdict.INCONCLUSIVE,
        "schema",
        replace(_SERVED, files=with_input({"$ref": "#"})),
    ),
    case(
        "a pattern that nobody can read",
        Verdict.REFUSED,
        "schema",
        replace(_SERVED, files=taking({"pattern": "(a"})),
    ),
    case(
        "an input that takes nothing",
        Verdict.REFUSED,
        "schema",
        replace(_SERVED, files=with_input({"type": "string", "enum": [1]})),
    ),
    case("a schema of draft 7", Verdict.PASSED, "schema", replace(_SERVED, files=with_input(_DRAFT_7))),
    case(
        "golden requests whose pattern looks ahead",
        Verdict.INCONCLUSIVE,
        "golden",
        Specimen(files=with_input(_AHEAD), baseline=with_input(_AHEAD)),
    ),
    case(
        "golden requests of the baseline, to a pattern that looks ahead",
        Verdict.INCONCLUSIVE,
        "golden",
        Specimen(files=with_input(_AHEAD), baseline=model_files()),
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
                    "interface.json": interface_with(input=OPEN_OBJECT),
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
    _baseline("that came whole", Verdict.PASSED, _SERVED),
    _baseline("of a first release", Verdict.INCONCLUSIVE, Specimen()),
    _baseline(
        "without an interface",
        Verdict.INCONCLUSIVE,
        Specimen(baseline=model_files(**{"interface.json": None})),
    ),
    _baseline(
        "without golden rows", Verdict.INCONCLUSIVE, Specimen(baseline=model_files(**{"golden.jsonl": None}))
    ),
    _baseline(
        "whose interface is no JSON schema",
        Verdict.INCONCLUSIVE,
        Specimen(baseline=with_input({"type": "strng"})),
    ),
    _baseline(
        "whose interface is of another dialect",
        Verdict.INCONCLUSIVE,
        Specimen(baseline=with_input({"$schema": "http://json-schema.org/draft-04/schema#"})),
    ),
    _baseline(
        "whose golden requests break its own schema",
        Verdict.INCONCLUSIVE,
        Specimen(files=with_input(OPEN_OBJECT), baseline=with_golden(request={"text": "good", "y": 1})),
    ),
    case(
        "the same model on both sides takes the same",
        Verdict.PASSED,
        "input",
        Specimen(baseline=model_files()),
    ),
    case(
        "the same model on both sides answers the same",
        Verdict.PASSED,
        "output",
        Specimen(baseline=model_files()),
    ),
    case(
        "a promised property is missing",
        Verdict.REFUSED,
        "output",
        Specimen(
            files=model_files(
                **{"interface.json": interface_with(output=INTERFACE["output"] | {"required": ["label"]})}
            ),
            baseline=model_files(),
        ),
    ),
)

_SOUND = replace(case("a sound model", Verdict.PASSED, "schema", _SERVED), check=GATE)

CASES: tuple[Case, ...] = (*COMPARED, *_REST, _SOUND)
