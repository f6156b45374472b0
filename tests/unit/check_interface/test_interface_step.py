import json
from pathlib import Path
from typing import Any

import pytest

from ci_steps.documents import InterfaceReport
from ci_steps.errors import InputError
from ci_steps.model.settings import InterfaceSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import decoded
from ci_steps.model.witness import Witness
from ci_steps.selftest.interfaces import interface_with, taking, with_input
from ci_steps.selftest.specimen import INTERFACE, Specimen, model_files
from ci_steps.steps.check_interface import CheckInterface
from ci_steps.steps.check_interface.subset import Unnamed, compared


def report(specimen: Specimen, root: Path) -> InterfaceReport:
    return CheckInterface().run(specimen.laid_out(root))


def only(found: InterfaceReport, verdict: Verdict) -> list[Finding]:
    return [finding for finding in found.findings if finding.verdict is verdict]


def test_a_break_names_the_pointer_the_request_and_the_file_that_holds_it(tmp_path: Path) -> None:
    served, wanted = taking({"type": ["string", "number"]}), taking({"type": "string"})

    found = report(Specimen(files=wanted, baseline=served), tmp_path)

    [broken] = only(found, Verdict.REFUSED)
    assert broken.subject == "input /properties/x/type"
    assert broken.observed == (
        "the baseline accepts golden row t0 with x = 0, the candidate does not: the candidate takes only text"
    )
    assert broken.next
    assert found.witnesses == (broken.witness,) == ("witnesses/1-request.json",)


def test_a_witness_is_a_real_request_with_the_breaking_value_in_it(tmp_path: Path) -> None:
    served, wanted = taking({"type": ["string", "number"]}), taking({"type": "string"})

    report(Specimen(files=wanted, baseline=served), tmp_path)

    witness = decoded((tmp_path / "witnesses/1-request.json").read_bytes(), Witness, where="witness")
    assert (witness.kind, witness.accepted_by, witness.rejected_by) == ("request", "baseline", "candidate")
    assert witness.value == {"text": "bad t0", "x": 0}
    assert witness.pointer == "/properties/x/type"


def test_an_interface_that_says_a_thing_twice_is_refused(tmp_path: Path) -> None:
    said = model_files()["interface.json"].replace(
        b'"required": ["text"]', b'"required": ["text"], "required": []'
    )

    found = report(Specimen(files=model_files(**{"interface.json": said}), baseline=model_files()), tmp_path)

    [broken] = only(found, Verdict.REFUSED)
    assert (broken.check, broken.observed) == (
        "check-interface.schema",
        "interface.json: key 'required' is there twice",
    )


def test_what_a_schema_of_thousands_of_words_says_is_told_in_short(tmp_path: Path) -> None:
    words = {"type": "string", "enum": [f"word {n}" for n in range(5000)]}
    files = with_input({"type": "object", "properties": {"text": words}, "required": ["text"]})

    found = report(Specimen(files=files, baseline={**files, "x": b""}), tmp_path)

    assert all(len(finding.observed) < 1000 for finding in found.findings)


def test_a_renamed_answer_is_refused_with_an_answer_as_witness(tmp_path: Path) -> None:
    output: dict[str, Any] = {"type": "object", "properties": {"sentiment": {}}, "required": ["sentiment"]}
    output["additionalProperties"] = False
    renamed = interface_with(output=output, prediction="/sentiment", score=None)
    rows = [{"id": "t0", "request": {"text": "good"}, "answer": {"sentiment": "positive"}}]
    files = model_files(**{"interface.json": renamed, "golden.jsonl": json.dumps(rows[0]).encode()})

    found = report(Specimen(files=files, baseline=model_files()), tmp_path)

    assert [f.subject for f in only(found, Verdict.REFUSED)] == ["output /required", "output /required"]
    witness = decoded((tmp_path / "witnesses/1-answer.json").read_bytes(), Witness, where="witness")
    assert (witness.kind, witness.accepted_by, witness.rejected_by) == ("answer", "candidate", "baseline")


def test_a_new_property_with_a_type_says_that_it_breaks_by_the_letter(tmp_path: Path) -> None:
    open_before = {"type": "object", "properties": {"text": {"type": "string"}}}
    typed = {"type": "object", "properties": {"text": {"type": "string"}, "lang": {"enum": ["nl", "en"]}}}

    found = report(Specimen(files=with_input(typed), baseline=with_input(open_before)), tmp_path)

    [broken] = only(found, Verdict.REFUSED)
    assert broken.subject == "input /properties/lang/enum"
    assert "by the letter the other side leaves further properties open" in broken.observed
    assert "interface.unknown_fields: ignore passes over that" in broken.observed


def test_nobody_who_ignores_unknown_fields_is_told_to_ignore_them() -> None:
    required = {"type": "object", "required": ["score"]}
    typed = {"type": "object", "properties": {"score": {"type": "number"}}}

    found = compared(required, typed, unnamed=Unnamed(inner_has_none=True))

    assert found.differences
    assert not any("unknown_fields" in each.because for each in found.differences)


def test_golden_rows_that_break_their_own_interface_say_why_before_which(tmp_path: Path) -> None:
    wanting = {"type": "object", "properties": {"text": {}, "lang": {}}, "required": ["text", "lang"]}
    served = Specimen(files=with_input(wanting), baseline=model_files())

    own, baseline = (f for f in report(served, tmp_path).blocking if f.check == "check-interface.golden")

    assert own.observed.startswith("all ")
    assert own.observed.endswith(
        " golden rows break the model's own interface.json: request: 'lang' is a required property "
        "(first: row t0)"
    )
    assert own.where == "interface.json"
    assert baseline.observed.startswith("the candidate refuses all ")
    assert baseline.observed.endswith("'lang' is a required property (first: row t0)")


def test_a_side_that_takes_everything_is_one_refusal_with_its_cause(tmp_path: Path) -> None:
    files = model_files(**{"interface.json": interface_with(output=True)})

    [broken] = only(report(Specimen(files=files, baseline=model_files()), tmp_path), Verdict.REFUSED)

    assert (broken.check, broken.subject) == ("check-interface.output", "output")
    assert broken.observed.startswith("the candidate's output takes everything, and so breaks what the ")
    assert broken.witness == "witnesses/1-answer.json"


def test_a_reference_that_leads_nowhere_advises_one_waiver_of_golden_rows(tmp_path: Path) -> None:
    lost = {"properties": {"text": {"$ref": "#/$defs/text"}}, "required": ["text"]}

    found = report(Specimen(files=with_input(lost), baseline=model_files()), tmp_path)

    assert sum("waive check-interface.golden" in finding.next for finding in found.blocking) <= 1


def test_what_was_decided_equal_is_one_passed_finding_a_direction(tmp_path: Path) -> None:
    found = report(Specimen(baseline=model_files(**{"model/predictor.py": b"# older\n"})), tmp_path)

    assert found.verdict is Verdict.PASSED
    assert [f.check for f in found.findings if f.subject in {"input", "output"}] == [
        "check-interface.input",
        "check-interface.output",
    ]


def test_the_same_model_on_both_sides_is_said_to_be_the_same(tmp_path: Path) -> None:
    found = report(Specimen(baseline=model_files()), tmp_path)

    assert found.verdict is Verdict.PASSED
    assert sum("the same model on both sides" in f.observed for f in found.findings) == 2


def test_a_first_release_is_inconclusive_by_the_baseline_alone(tmp_path: Path) -> None:
    found = report(Specimen(plan={"interface": InterfaceSettings(where="release.yaml:14")}), tmp_path)

    assert [(f.check, f.where) for f in found.blocking] == [("check-interface.baseline", "release.yaml:14")]
    assert found.verdict is Verdict.INCONCLUSIVE


def test_witnesses_of_an_earlier_try_are_gone(tmp_path: Path) -> None:
    report(Specimen(files=taking({"type": "string"}), baseline=taking(True)), tmp_path)
    assert list((tmp_path / "witnesses").iterdir())

    found = report(Specimen(baseline=model_files()), tmp_path)

    assert found.witnesses == ()
    assert not list((tmp_path / "witnesses").iterdir())


def test_a_file_that_was_changed_after_it_came_is_bad_input(tmp_path: Path) -> None:
    run = Specimen().laid_out(tmp_path)
    (tmp_path / "model/interface.json").write_bytes(b"{}")

    with pytest.raises(InputError, match="is not what was fetched"):
        CheckInterface().run(run)


@pytest.mark.parametrize(
    ("interface", "said"),
    [
        (b"not json", "malformed"),
        (json.dumps({"input": {}, "output": {}}).encode(), "prediction"),
        (json.dumps(INTERFACE | {"scores": "/score"}).encode(), "scores"),
        (interface_with(prediction="label"), "not a JSON pointer"),
        (interface_with(score="/a~2"), "not a JSON pointer"),
        (interface_with(input={"required": "text"}), "not a JSON schema"),
        (interface_with(input={"pattern": "(a"}), "not a JSON schema"),
        (interface_with(input=5), "not a JSON schema"),
        (interface_with(output={"properties": {"label": {}}, "additionalProperties": False}), "'/score'"),
        (b'{"input": ' + b'{"items": ' * 3000 + b"{}" + b"}" * 3000 + b"}", "deep"),
    ],
)
def test_an_interface_that_cannot_be_used_is_refused_and_says_why(
    interface: bytes, said: str, tmp_path: Path
) -> None:
    found = report(Specimen(files=model_files(**{"interface.json": interface})), tmp_path)

    [refused] = found.findings
    assert (refused.check, refused.verdict) == ("check-interface.schema", Verdict.REFUSED)
    assert said in refused.observed
    assert found.not_checked


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.org/schema.json"},
        {"$ref": "#"},
    ],
)
def test_a_schema_that_cannot_be_applied_is_inconclusive_and_nothing_is_fetched(
    schema: dict[str, Any], tmp_path: Path
) -> None:
    found = report(Specimen(files=with_input(schema)), tmp_path)

    assert [f.verdict for f in found.findings if f.check == "check-interface.schema"][
        -1
    ] is Verdict.INCONCLUSIVE


def test_required_objects_within_objects_are_compared_in_no_time() -> None:
    def nested(leaf: dict[str, Any]) -> dict[str, Any]:
        schema = leaf
        for _ in range(30):
            schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
        return schema

    [broken] = compared(nested({"type": "number"}), nested({"type": "integer"})).differences

    assert broken.pointer == "/properties/a" * 30 + "/type"
