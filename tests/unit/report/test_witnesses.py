"""A witness is shown with what each side says of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from ci_steps.documents import InterfaceReport
from ci_steps.model.verdict import Verdict
from ci_steps.model.wire import pretty
from ci_steps.model.witness import Witness
from ci_steps.report.witnesses import deepest
from ci_steps.selftest.specimen import INTERFACE
from tests.fakes.runs import Write, files_of, finding, finished, put

WITNESS = Witness(
    kind="request",
    value={"text": "x" * 21},
    accepted_by="baseline",
    rejected_by="candidate",
    because="the candidate takes at most 20 characters",
    pointer="/properties/text/maxLength",
)


def broken(tmp_path: Path, witness: Witness = WITNESS) -> Any:
    """Leave a run whose interface lost long texts, and the witness of it."""
    narrow = json.loads(json.dumps(INTERFACE))
    narrow["input"]["properties"]["text"]["maxLength"] = 20
    run = finished(tmp_path, files_of() | {"interface.json": json.dumps(narrow).encode()})
    run.write_bytes("witnesses/1-request.json", pretty(witness))
    found = finding("check-interface.input", Verdict.REFUSED)
    put(run, InterfaceReport(findings=(found,), witnesses=("witnesses/1-request.json",)))
    return run


def test_both_sides_of_a_witness_stand_side_by_side(tmp_path: Path, written: Write) -> None:
    page = written(broken(tmp_path))

    sides = page.partition('<div class="sides">')[2].partition("</figure>")[0]
    baseline, _, candidate = sides.partition("the candidate does not")
    assert "✔ the baseline accepts it" in baseline
    assert "the candidate takes at most 20 characters" in candidate
    assert "&quot;maxLength&quot;: 20" in candidate
    assert "maxLength" not in baseline


def test_a_witness_without_the_models_files_is_shown_all_the_same(tmp_path: Path, written: Write) -> None:
    run = broken(tmp_path)
    (run.root / "model" / "interface.json").unlink()

    page = written(run)

    assert "x" * 21 in page
    assert "the candidate does not" in page


def test_a_file_that_changed_since_it_was_fetched_is_not_shown(tmp_path: Path, written: Write) -> None:
    run = broken(tmp_path)
    (run.root / "model" / "interface.json").write_text('{"input": {"hunter2": true}}')

    assert "hunter2" not in written(run)


@pytest.mark.parametrize(
    ("pointer", "reached"),
    [
        ("", ""),
        ("/anyOf/1/type", "/anyOf/1"),
        ("/anyOf/7", "/anyOf"),
        ("/anyOf/x", "/anyOf"),
        ("/a~1b/c", "/a~1b"),
        ("/gone/deeper", ""),
    ],
)
def test_a_pointer_is_followed_as_far_as_it_leads(pointer: str, reached: str) -> None:
    schema = {"anyOf": [{}, {"type": "string"}], "a/b": {"c": 1}}

    assert deepest(schema, pointer)[0] == reached
