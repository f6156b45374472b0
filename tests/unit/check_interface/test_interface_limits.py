"""Schemas made to be hard: the gate ends, and says what it did not finish."""

from pathlib import Path
from typing import Any

import pytest

from ci_steps.model.verdict import Verdict
from ci_steps.selftest.interfaces import taking, with_input
from ci_steps.selftest.specimen import Specimen
from ci_steps.steps.check_interface import CheckInterface
from ci_steps.steps.check_interface.subset import Break, Open, compared


@pytest.mark.parametrize("item", ["9" * 5000, "first", "-1", "01"])
def test_a_reference_to_an_item_that_has_no_such_number_leads_nowhere(item: str, tmp_path: Path) -> None:
    far = {"$ref": f"#/allOf/{item}", "allOf": [{"type": "object"}]}
    specimen = Specimen(files=with_input(far), baseline=with_input({"type": "object"}))

    found = CheckInterface().run(specimen.laid_out(tmp_path))

    assert found.verdict is Verdict.INCONCLUSIVE


def nested(depth: int, leaf: Any) -> Any:
    for _ in range(depth):
        leaf = {"type": "object", "properties": {"a": leaf}, "required": ["a"]}
    return leaf


def union(branches: int, properties: int) -> Any:
    def branch(number: int) -> Any:
        own = {f"p{number}_{each}": {"type": "string"} for each in range(properties)}
        return {
            "type": "object",
            "properties": {"kind": {"const": number}, **own},
            "required": ["kind"],
            "additionalProperties": False,
        }

    return {"oneOf": [branch(number) for number in range(branches)]}


def pigeons(holes: int) -> Any:
    """Return a schema that nothing keeps to, as proofs by cases alone see only after all of them."""
    somewhere = [{"anyOf": [{"required": [f"{p} in {h}"]} for h in range(holes)]} for p in range(holes + 1)]
    alone = [
        {"not": {"required": [f"{one} in {hole}", f"{two} in {hole}"]}}
        for hole in range(holes)
        for one in range(holes + 1)
        for two in range(one)
    ]
    return {"type": "object", "allOf": [*somewhere, *alone]}


def test_objects_in_objects_are_compared_in_no_time() -> None:
    [broken] = compared(nested(40, {"type": "number"}), nested(40, {"type": "integer"})).differences

    assert broken.pointer == "/properties/a" * 40 + "/type"


def test_a_union_of_many_branches_that_grow_is_compatible() -> None:
    assert not compared(union(20, 6), union(22, 7)).differences


def test_a_branch_more_than_is_taken_is_a_break() -> None:
    [broken] = compared(union(12, 4), union(11, 4)).differences

    assert isinstance(broken, Break)
    assert broken.value["kind"] == 11


def test_a_thousand_properties_and_one_more_are_compatible() -> None:
    properties = {f"p{number}": {"type": "string", "maxLength": 9} for number in range(1000)}
    inner = {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }
    outer = {**inner, "properties": {**properties, "more": {"type": "null"}}}

    assert not compared(inner, outer).differences


def test_ten_thousand_choices_are_compared_one_by_one() -> None:
    inner, outer = {"enum": list(range(10_000))}, {"enum": list(range(1, 10_000))}

    assert not compared(outer, inner).differences
    [broken] = compared(inner, outer).differences
    assert isinstance(broken, Break)
    assert broken.value == 0


def test_after_many_breaks_the_rest_is_said_not_to_have_been_looked_at() -> None:
    inner = {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(50)}}
    outer = {"type": "object", "properties": {f"p{number}": {"type": "null"} for number in range(50)}}

    *breaks, rest = compared(inner, outer).differences

    assert len(breaks) == 20
    assert isinstance(rest, Open)
    assert "not looked at" in rest.because


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        (pigeons(7), {"type": "string"}),
        ({"type": "string", "pattern": "^(a|b)*a(a|b){30}$"}, {"pattern": "^(a|b)*a(b|a){29}(a|b)$|^c"}),
        ({"type": "array", "minItems": 10**7}, {"items": {"type": "string"}}),
        ({"type": "object", "minProperties": 10**6}, {"type": "object", "maxProperties": 10**6}),
        (nested(300, {"type": "number"}), nested(300, {"type": "integer"})),
    ],
    ids=["pigeons", "an automaton of a million states", "a long array", "a large object", "very deep"],
)
def test_what_is_more_work_than_is_done_is_open(inner: Any, outer: Any) -> None:
    found = compared(inner, outer).differences

    assert found
    assert all(isinstance(each, Open) for each in found)


def test_a_pattern_that_hangs_others_hangs_nothing_here(tmp_path: Any) -> None:
    evil = {"type": "string", "pattern": "^(a+)+$"}
    served = taking({**evil, "maxLength": 100_000})
    row = b'{"id": "t0", "request": {"text": "b", "x": "%s!"}, "answer": {"label": "positive", "score": 1}}'
    files = {**taking(evil), "golden.jsonl": row % (b"a" * 5_000)}

    found = CheckInterface().run(Specimen(files=files, baseline=served).laid_out(tmp_path))

    verdicts = {f.check: f.verdict for f in found.findings if not f.subject or f.subject == "input"}
    assert verdicts["check-interface.golden"] is Verdict.REFUSED  # its own request breaks its own schema
    assert verdicts["check-interface.input"] is Verdict.PASSED


def test_a_schema_that_is_nested_beyond_all_bounds_ends_in_a_finding(tmp_path: Any) -> None:
    deep = with_input(nested(150, {"type": "number"}))

    found = CheckInterface().run(
        Specimen(files=deep, baseline=with_input({"type": "null"})).laid_out(tmp_path)
    )

    assert found.verdict is not Verdict.PASSED
