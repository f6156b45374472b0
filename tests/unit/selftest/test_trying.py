"""Cases are tried side by side, come back in their order, and leave nothing behind."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ci_steps.cli.selftest import selftest
from ci_steps.documents import MetricsReport, Report
from ci_steps.errors import OutsideError
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.table import CASES
from ci_steps.selftest.trying import tried


def said(verdict: Verdict) -> Report:
    return MetricsReport(
        findings=(Finding(check="check-metrics.floor", verdict=verdict, observed="as told", rule="none"),)
    )


def numbered(number: int) -> Case:
    return Case(
        "check-metrics", "check-metrics.floor", Verdict.PASSED, str(number), lambda _: said(Verdict.PASSED)
    )


def noting(notes: Path) -> Case:
    def report(folder: Path) -> Report:
        assert not any(folder.iterdir())
        (folder / "left").write_bytes(b"left")
        Path(tempfile.mkdtemp(), "left too").write_bytes(b"left")
        seen = {"case": str(folder), "others": tempfile.gettempdir(), "process": os.getpid()}
        notes.write_text(json.dumps(seen))
        return said(Verdict.REFUSED)

    return Case("check-metrics", "check-metrics.floor", Verdict.PASSED, "noted", report)


def failing(_: Path) -> Report:
    raise OutsideError("the gate fell over")


def test_answers_come_in_the_order_of_the_cases() -> None:
    cases = [numbered(number) for number in range(40)]

    results = list(tried(cases))

    assert [one.case for one in results] == cases
    assert all(one.right and one.seconds >= 0 for one in results)


def test_a_case_has_an_empty_folder_in_another_process_and_all_that_it_leaves_is_gone(tmp_path: Path) -> None:
    [one] = tried([noting(tmp_path / "notes")])

    seen = json.loads((tmp_path / "notes").read_bytes())
    assert one.answered is Verdict.REFUSED
    assert not one.right
    assert seen["process"] != os.getpid()
    assert seen["case"].startswith(seen["others"])
    assert not Path(seen["others"]).exists()


def test_a_gate_that_falls_over_is_no_answer() -> None:
    case = Case("check-metrics", "check-metrics.floor", Verdict.PASSED, "falls", failing)

    with pytest.raises(OutsideError, match="the gate fell over"):
        list(tried([numbered(1), case]))


def told(*arguments: str) -> Result:
    done = CliRunner().invoke(selftest, ["--gate", "admission", *arguments])
    assert done.exit_code == 0, done.output
    return done


def test_a_person_sees_how_often_each_kind_of_rule_gave_each_answer() -> None:
    own = [case.wanted for case in CASES if case.gate == "admission"]

    gate, kind, summary = told().stdout.splitlines()

    assert gate.startswith("✔ admission ")
    assert f" {len(own)} cases " in gate
    assert kind.startswith("  ✔ start ")
    for verdict in Verdict:
        assert f"{verdict.sign} {own.count(verdict)} " in kind
    assert summary.startswith(f"{len(own)} cases for 1 kind of rules of admission, in ")


def test_whoever_asks_for_more_sees_every_case_by_its_name() -> None:
    titles = [case.title for case in CASES if case.gate == "admission"]

    *lines, _ = told("--verbose").stdout.splitlines()

    assert len(lines) == len(titles)
    assert all(line.endswith(f" {title}") for line, title in zip(lines, titles, strict=True))


def test_a_machine_gets_one_object_a_case_and_nothing_else() -> None:
    own = [case for case in CASES if case.gate == "admission"]

    rows = [json.loads(line) for line in told("--json").stdout.splitlines()]

    assert [(row["case"], row["kind"]) for row in rows] == [(case.title, case.kind) for case in own]
    assert all(row["gate"] == "admission" and row["answered"] == row["wanted"] for row in rows)


def test_a_gate_that_there_is_not_is_said_with_those_there_are() -> None:
    done = CliRunner().invoke(selftest, ["--gate", "admision"])

    assert "'admision' is not a gate" in str(done.exception)
    assert "admission" in getattr(done.exception, "hint", "")
