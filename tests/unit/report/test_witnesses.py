"""A witness is shown with what each side says of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as replaced

from ci_steps.documents import IntegrationReport, InterfaceReport, Rollout
from ci_steps.model.sent import Made, Sent
from ci_steps.model.verdict import Verdict
from ci_steps.model.wire import pretty
from ci_steps.model.witness import Witness
from ci_steps.report.witnesses import deepest
from ci_steps.selftest.specimen import INTERFACE
from tests.fakes.runs import files_of, finding, finished, put, written
from tests.fakes.told_runs import refused

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


def test_both_sides_of_a_witness_stand_side_by_side(tmp_path: Path) -> None:
    page = written(broken(tmp_path))

    sides = page.partition('<div class="sides">')[2].partition("</figure>")[0]
    baseline, _, candidate = sides.partition("the candidate does not")
    assert "✔ the baseline accepts it" in baseline
    assert "the candidate takes at most 20 characters" in candidate
    assert "&quot;maxLength&quot;: 20" in candidate
    assert "maxLength" not in baseline


def test_what_a_witness_met_stands_side_by_side_with_what_is_live(tmp_path: Path) -> None:
    run = finished(tmp_path, files_of())
    met = Sent(
        witness="witnesses/1-request.json",
        request={"text": "<b>"},
        live=Made(status=200, answer={"label": "positive"}),
        candidate=Made(status=422, why="status 422: too long", broken="status 422: too long"),
    )
    run.write_bytes("integration-test/1-request.json", pretty(met))
    found = finding("integration-test.witness", Verdict.REFUSED)
    put(run, IntegrationReport(findings=(replaced(found, witness="integration-test/1-request.json"),)))

    page = written(run)

    live, _, candidate = page.partition("sent for real")[2].partition(
        "✘ candidate: does not answer as promised"
    )
    assert "✔ live: answers" in live
    assert "&quot;label&quot;: &quot;positive&quot;" in live
    assert "&lt;b&gt;" in live
    assert "status 422: too long" in candidate


def test_what_each_side_really_answered_stands_below_what_its_schema_says(tmp_path: Path) -> None:
    page = written(refused(tmp_path))

    interface = page.partition('<details id="check-interface"')[2].partition("<details id=")[0]
    live, _, candidate = interface.partition("the baseline accepts it")[2].partition("the candidate does not")
    assert "✔ sent to the live image: answers" in live
    assert "&quot;negative&quot;" in live
    assert "✘ sent to the candidate&#x27;s image: does not answer as promised" in candidate
    assert "status 422" in candidate


def test_a_witness_that_was_never_sent_says_nothing_of_answers(tmp_path: Path) -> None:
    assert "sent to the live image" not in written(broken(tmp_path))


def test_an_outcome_that_cannot_be_read_is_no_answer(tmp_path: Path) -> None:
    run = refused(tmp_path)
    run.write_bytes("integration-test/1-request.json", b"{")

    interface = written(run).partition('<details id="check-interface"')[2].partition("<details id=")[0]

    assert "the baseline accepts it" in interface
    assert "sent to the live image" not in interface


def test_golden_rows_through_the_live_address_stand_by_the_rollout(tmp_path: Path) -> None:
    run = finished(tmp_path, files_of())
    answered = finding("rollout.parity", Verdict.REFUSED)
    rollout = Rollout(
        result="rolled-back", release=None, before=None, findings=(answered,), not_checked=("the rest",)
    )
    put(run, rollout)

    section = written(run).partition('id="rollout"')[2].partition("</section>")[0]

    assert "✘ refused" in section
    assert answered.observed in section
    assert "the rest" in section


def test_a_witness_without_the_models_files_is_shown_all_the_same(tmp_path: Path) -> None:
    run = broken(tmp_path)
    (run.root / "model" / "interface.json").unlink()

    page = written(run)

    assert "x" * 21 in page
    assert "the candidate does not" in page


def test_a_file_that_changed_since_it_was_fetched_is_not_shown(tmp_path: Path) -> None:
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
