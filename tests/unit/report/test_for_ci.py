"""What a CI server takes: findings as JUnit test cases, and the ending in one line."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from ci_steps.cli.steps import check
from ci_steps.documents import MetricsReport, Plan, Rollout, ScanReport, Stopped
from ci_steps.model.verdict import Verdict
from ci_steps.report import write_all
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen
from tests.fakes.runs import TODAY, WAIVER, finding, put
from tests.fakes.told_runs import taken_back


@pytest.fixture
def run(tmp_path: Path) -> RunDir:
    return Specimen(plan={"waivers": (WAIVER,)}).laid_out(tmp_path / "run")


def cases(run: RunDir) -> dict[str, ET.Element]:
    root = ET.parse(run.root / "findings.xml").getroot()
    return {str(case.get("name")): case for case in root.iter("testcase")}


def line(run: RunDir) -> str:
    said = (run.root / "ending.txt").read_text(encoding="utf-8")
    assert said.endswith("\n")
    assert said.count("\n") == 1
    return said.rstrip("\n")


def test_every_finding_is_a_test_case_and_its_verdict_is_how_it_ended(run: RunDir) -> None:
    found = (
        finding("check-metrics.floor", subject="accuracy"),
        finding("check-metrics.ceiling", Verdict.WARNED),
        finding("check-metrics.margin", Verdict.REFUSED, subject="f1", where="release.yaml:9"),
        finding("check-metrics.claims", Verdict.INCONCLUSIVE),
    )
    put(run, MetricsReport(findings=found))

    write_all(run, today=TODAY)

    seen = cases(run)
    kinds = {name: [child.tag for child in case] for name, case in seen.items()}
    assert kinds["check-metrics.floor accuracy"] == ["system-out"]
    assert kinds["check-metrics.ceiling"] == ["system-out"]
    assert kinds["check-metrics.margin f1"] == ["failure"]
    assert kinds["check-metrics.claims"] == ["error"]
    failure = seen["check-metrics.margin f1"].find("failure")
    assert failure is not None
    assert "where: release.yaml:9" in str(failure.text)
    suite = next(s for s in ET.parse(run.root / "findings.xml").iter("testsuite") if s.get("failures") == "1")
    assert [suite.get(k) for k in ("name", "tests", "errors")] == ["check-metrics", "4", "1"]


def test_what_is_waived_passes_and_says_who_answers_for_it(run: RunDir) -> None:
    put(run, MetricsReport(findings=(finding(WAIVER.check, Verdict.INCONCLUSIVE),)))

    write_all(run, today=TODAY)

    case = cases(run)[WAIVER.check]
    assert case.find("error") is None
    assert f"waived by {WAIVER.by} until {WAIVER.until}" in str(case.findtext("system-out"))


def test_a_report_that_looked_at_nothing_is_an_error(run: RunDir) -> None:
    put(run, ScanReport(findings=()))

    write_all(run, today=TODAY)

    assert cases(run)["scan-model"].find("error") is not None


def test_an_ending_that_is_not_live_is_a_failure(run: RunDir) -> None:
    put(run, Rollout(result="rolled-back", reason="it was not ready", release=None, before=None))

    write_all(run, today=TODAY)

    assert cases(run)["rollout"].find("failure") is not None
    assert line(run).startswith("rolled back: the service is as it was before")


def test_answers_that_differ_at_the_live_address_are_a_failure_of_their_own(tmp_path: Path) -> None:
    run = taken_back(tmp_path)

    write_all(run, today=TODAY)

    suites = {suite.get("name"): suite for suite in ET.parse(run.root / "findings.xml").iter("testsuite")}
    assert suites["rollout"].get("failures") == "2"
    failure = cases(run)["rollout.parity through 127.0.0.1:18081"].find("failure")
    assert failure is not None
    assert "3 of 120 rows differ" in str(failure.get("message"))
    first = (
        "rolled back: the service is as it was before; rollout.parity through 127.0.0.1:18081: 3 of 120 rows"
    )
    assert line(run).startswith(first)


def test_a_release_that_could_not_be_asked_is_an_error_and_the_line_says_what(run: RunDir) -> None:
    unasked = finding("rollout.parity", Verdict.INCONCLUSIVE, observed="0 of 9 rows were answered")
    put(run, Rollout(result="already-live", release=None, before=None, findings=(unasked,)))

    write_all(run, today=TODAY)

    assert cases(run)["rollout.parity"].find("error") is not None
    assert "rollout.parity 0 of 9 rows were answered" in line(run)


def test_a_document_that_cannot_be_read_is_an_error(run: RunDir) -> None:
    (run.root / "scan-model.json").write_text("{")

    write_all(run, today=TODAY)

    assert cases(run)["scan-model"].find("error") is not None
    assert "cannot be read" in line(run)


def test_characters_that_xml_does_not_know_do_not_break_the_file(run: RunDir) -> None:
    put(
        run,
        MetricsReport(findings=(finding("check-metrics.x", Verdict.REFUSED, observed="\x00\x1b[31m\ufffe"),)),
    )

    write_all(run, today=TODAY)

    assert cases(run)["check-metrics.x"].find("failure") is not None
    assert "\x1b" not in line(run)


def test_the_line_gives_the_verdict_and_the_first_reason_and_counts_the_rest(run: RunDir) -> None:
    found = [finding("check-metrics.margin", Verdict.REFUSED, subject=f"part={n}") for n in range(3)]
    put(run, MetricsReport(findings=tuple(found)))

    write_all(run, today=TODAY)

    first = "check-metrics.margin part=0: as it should be (as promised)"
    assert line(run) == f"refused: the model may not serve; {first}; and 2 more"


def test_the_line_of_a_run_that_stopped_says_where_and_why(run: RunDir) -> None:
    put(run, Stopped(step="push-image", message="the registry\ndoes not answer", code=3))

    write_all(run, today=TODAY)

    want = "stopped in push-image: something outside failed; push-image the registry does not answer"
    assert line(run) == want
    assert cases(run)["push-image"].find("error") is not None


def test_an_error_before_any_document_stands_in_the_line(tmp_path: Path) -> None:
    folder = tmp_path / "run"

    ended = CliRunner().invoke(check, ["--run-dir", str(folder)])

    assert ended.exit_code == 2
    assert line(RunDir(folder)).startswith("stopped: ")
    assert "plan.json is missing" in line(RunDir(folder))


def test_both_are_written_after_every_step(run: RunDir) -> None:
    ended = CliRunner().invoke(check, ["--run-dir", str(run.root)])

    assert ended.exit_code == 5
    assert line(run).startswith("inconclusive")
    assert {name.partition(".")[0] for name in cases(run)} >= {
        "scan-model",
        "check-metrics",
        "check-interface",
    }
    assert run.has(Plan)


def test_an_error_in_several_lines_is_one_line_of_bounded_length(run: RunDir) -> None:
    write_all(run, stopped="no\nrefused: forged " + "x" * 100_000, today=TODAY)

    assert line(run).startswith("no refused: forged")
    assert len(line(run)) <= 500
