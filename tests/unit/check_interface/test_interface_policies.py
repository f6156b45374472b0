"""Which way compatibility is asked for, and what becomes of properties that nobody names."""

from pathlib import Path
from typing import Any

import pytest

from ci_steps.documents import InterfaceReport
from ci_steps.model.settings import InterfaceSettings, Policy
from ci_steps.model.verdict import Verdict
from ci_steps.model.wire import decoded
from ci_steps.model.witness import Witness
from ci_steps.selftest.interfaces import answering, taking
from ci_steps.selftest.specimen import Specimen, model_files
from ci_steps.steps.check_interface import CheckInterface
from ci_steps.steps.check_interface.subset import Break, Unnamed, compared
from ci_steps.steps.integration_test.witnesses import can_be_sent

_SHORT, _LONG = {"type": "string", "maxLength": 3}, {"type": "string", "maxLength": 4}
_A = {"type": "object", "properties": {"a": {"type": "string"}}}
_A_AND_B = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
_OURS = Unnamed(inner_has_none=True)
_READ = Unnamed(inner_has_none=True, outer_ignores=True)


def report(root: Path, files: Any, baseline: Any, policy: Policy, **more: Any) -> InterfaceReport:
    settings = InterfaceSettings(policy=policy, where="release.yaml:9", **more)
    return CheckInterface().run(
        Specimen(files=files, baseline=baseline, plan={"interface": settings}).laid_out(root)
    )


@pytest.mark.parametrize(
    ("policy", "before", "now", "refused"),
    [
        ("backward", _LONG, _SHORT, ["backward"]),
        ("backward", _SHORT, _LONG, []),
        ("forward", _LONG, _SHORT, []),
        ("forward", _SHORT, _LONG, ["forward"]),
        ("full", _LONG, _SHORT, ["backward"]),
        ("full", _SHORT, _LONG, ["forward"]),
        ("full", _SHORT, _SHORT, []),
    ],
)
def test_a_policy_asks_for_its_own_direction_of_requests(
    policy: Policy, before: Any, now: Any, refused: list[str], tmp_path: Path
) -> None:
    found = report(tmp_path, taking(now), taking(before), policy)

    broken = [f for f in found.findings if f.verdict is Verdict.REFUSED]
    assert [f.rule.partition(":")[0] for f in broken] == refused
    assert {f.check for f in broken} <= {"check-interface.input"}


@pytest.mark.parametrize(
    ("policy", "before", "now", "refused"),
    [
        ("backward", _LONG, _SHORT, []),
        ("backward", _SHORT, _LONG, ["backward"]),
        ("forward", _LONG, _SHORT, ["forward"]),
        ("forward", _SHORT, _LONG, []),
        ("full", _SHORT, _LONG, ["backward"]),
        ("full", _LONG, _SHORT, ["forward"]),
    ],
)
def test_a_policy_asks_for_its_own_direction_of_answers(
    policy: Policy, before: Any, now: Any, refused: list[str], tmp_path: Path
) -> None:
    found = report(tmp_path, answering(now), answering(before), policy)

    broken = [f for f in found.findings if f.verdict is Verdict.REFUSED]
    assert [f.rule.partition(":")[0] for f in broken] == refused
    assert {f.check for f in broken} <= {"check-interface.output"}


def test_the_same_model_keeps_to_every_policy(tmp_path: Path) -> None:
    found = report(tmp_path, model_files(), model_files(), "full")

    assert found.verdict is Verdict.PASSED
    assert sum("the same model on both sides" in f.observed for f in found.findings) == 4


@pytest.mark.parametrize(
    ("before", "now", "policy", "sent"),
    [(_LONG, _SHORT, "backward", True), (_SHORT, _LONG, "forward", False)],
)
def test_only_a_request_of_todays_callers_is_sent_as_one(
    before: Any, now: Any, policy: Policy, *, sent: bool, tmp_path: Path
) -> None:
    found = report(tmp_path, taking(now), taking(before), "full")

    [name] = found.witnesses
    witness = decoded((tmp_path / name).read_bytes(), Witness, where=name)
    assert witness.policy == policy
    assert can_be_sent(witness) is sent


def test_formats_and_unnamed_properties_are_said_not_to_be_checked(tmp_path: Path) -> None:
    dated = taking({"type": "string", "format": "date-time"})

    found = report(tmp_path, dated, taking({"type": "string"}), "backward", unknown_fields="ignore")

    assert found.not_checked == (
        "format date-time: a note in JSON schema, no text is held to it",
        "properties that a schema does not name (interface.unknown_fields: ignore)",
    )


def test_an_optional_property_more_breaks_by_the_letter_and_not_where_unnamed_ones_do_not_count() -> None:
    assert [each.pointer for each in compared(_A, _A_AND_B).differences] == ["/properties/b/type"]
    assert not compared(_A, _A_AND_B, unnamed=_OURS).differences


def test_a_property_that_was_named_still_counts() -> None:
    other = {"type": "object", "properties": {"b": {"type": "string"}}}

    [broken] = compared(_A_AND_B, other, unnamed=_OURS).differences

    assert isinstance(broken, Break)
    assert isinstance(broken.value["b"], int)


def test_a_server_that_shuts_out_what_it_named_breaks_its_callers() -> None:
    closed = {**_A, "additionalProperties": False}

    assert compared(_A_AND_B, closed, unnamed=_OURS).differences
    assert not compared(_A, closed, unnamed=_OURS).differences


def test_an_answer_with_a_property_more_is_read_by_whoever_passes_over_it() -> None:
    closed = {**_A, "additionalProperties": False}

    assert compared(_A_AND_B, closed, unnamed=Unnamed()).differences
    assert not compared(_A_AND_B, closed, unnamed=_READ).differences


def test_the_values_of_a_dictionary_are_named_by_their_schema() -> None:
    numbers = {"type": "object", "additionalProperties": {"type": "number"}}
    whole = {"type": "object", "additionalProperties": {"type": "integer"}}

    assert compared(numbers, whole, unnamed=_OURS).differences
    assert not compared(whole, numbers, unnamed=_OURS).differences


def test_what_one_branch_names_counts_in_all_of_them() -> None:
    inner = {"allOf": [_A, {"properties": {"b": {"type": "integer"}}}]}

    assert compared(inner, {"properties": {"b": {"maximum": 3}}}, unnamed=_OURS).differences
    assert not compared(inner, {"properties": {"c": {"maximum": 3}}}, unnamed=_OURS).differences


def test_an_object_that_names_nothing_is_not_taken_for_an_empty_one() -> None:
    assert compared({"type": "object"}, {"type": "object", "maxProperties": 0}, unnamed=_OURS).differences
