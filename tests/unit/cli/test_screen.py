"""Numbers as people read them, and lines of a log."""

import pytest

from ci_steps.cli.screen import PlainLines, amount, share
from ci_steps.cli.table import LiveTable
from ci_steps.documents import MetricsReport
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.pipeline import Ran


@pytest.mark.parametrize(
    ("number", "unit", "told"),
    [(46_023, "bytes", "46.0 kB"), (316_135_751, "bytes", "316.1 MB"), (1_000, "rows", "1,000 rows")],
)
def test_an_amount_is_told_in_a_unit_that_shows_it(number: int, unit: str, told: str) -> None:
    assert amount(number, unit) == told


def test_a_share_of_a_small_file_is_not_nought_of_nought() -> None:
    assert share(9_423, 46_023, "bytes") == "9.4 kB of 46.0 kB"


@pytest.mark.parametrize(("where", "told"), [("", "a.b seen"), ("r.yaml:3", "a.b [r.yaml:3] seen")])
def test_a_finding_that_stands_nowhere_shows_no_empty_brackets(
    where: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding(check="a.b", verdict=Verdict.REFUSED, observed="seen", rule="the rule", where=where)
    document = MetricsReport(findings=(finding,))

    PlainLines().ended(Ran("check-metrics", document, stops=(finding,)))

    assert f"refused {told} (the rule)" in capsys.readouterr().out


def found(verdict: Verdict, observed: str = "seen") -> Finding:
    return Finding(check="a.b", verdict=verdict, observed=observed, rule="the rule")


def test_what_stops_a_step_is_told_once_and_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    stops = (found(Verdict.REFUSED, "this is wrong"), found(Verdict.INCONCLUSIVE, "this is open"))
    document = MetricsReport(findings=(*stops, found(Verdict.PASSED), found(Verdict.PASSED)))
    ran = Ran("check-metrics", document, stops=stops)

    PlainLines().ended(ran)
    said = capsys.readouterr().out

    assert "check-metrics: refused - 1 refused, 1 inconclusive, 2 passed\n" in said
    assert said.count("this is wrong") == said.count("this is open") == 1


@pytest.mark.parametrize("verdict", [Verdict.PASSED, Verdict.REFUSED])
def test_what_was_not_looked_at_is_counted_in_the_line(
    verdict: Verdict, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = (found(verdict), found(verdict))
    document = MetricsReport(findings=findings, not_checked=("slice length: no rule looks at it",))
    stops = () if verdict is Verdict.PASSED else findings

    PlainLines().ended(Ran("check-metrics", document, stops=stops))

    assert capsys.readouterr().out.splitlines()[0].endswith("; 1 not checked")


def test_a_step_that_was_interrupted_is_not_left_spinning(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        with LiveTable(("plan", "load-test")) as table:
            table.began("load-test")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert "load-test  stopped" in capsys.readouterr().out


def test_a_name_of_a_model_author_writes_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    observed = "length=\x1b[2Jlong\n[   0.1s] \u2714 check-metrics: passed\u202e"
    finding = Finding(check="a.b", verdict=Verdict.REFUSED, observed=observed, rule="the rule", next=observed)
    ran = Ran("check-metrics", MetricsReport(findings=(finding,)), stops=(finding,))

    PlainLines().ended(ran)
    with LiveTable(("check-metrics",)) as table:
        table.ended(ran)
        table.close("refused")
    said = capsys.readouterr().out

    assert "\x1b[2J" not in said
    assert "\u202e" not in said
    assert not any(line.startswith("[   0.1s] \u2714") for line in said.splitlines())
    assert r"length=\x1b[2Jlong\n" in said


def test_what_an_address_was_found_to_be_stays_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    pin = f"to pin it: s3://models/flowers#sha256={'f' * 64}"

    with LiveTable(("plan", "unit-tests")) as table:
        table.began("plan")
        table.say("s3://models/flowers is flowers@fb094a3559c4")
        table.say(pin)
        table.ended(Ran("plan", MetricsReport(findings=(found(Verdict.PASSED),))))
        table.close("passed")
    lines = capsys.readouterr().out.splitlines()

    assert "s3://models/flowers is flowers@fb094a3559c4" in lines
    assert pin in lines, "it is one line, also where it is wider than the terminal: it is there to be copied"


def test_a_line_to_type_elsewhere_stays_in_sight_while_a_step_counts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with LiveTable(("load-test",)) as table:
        table.began("load-test")
        table.say("on 2 other machines, start:")
        table.say("  python -m ci_steps load-worker --master 10.0.0.7:7070")
        table.advance(0, 2, "workers have joined")
    shown = capsys.readouterr().out

    assert "0 of 2 workers have joined" in shown
    assert "on 2 other machines, start:" in shown
    assert "python -m ci_steps load-worker --master 10.0.0.7:7070" in shown


def test_what_is_said_when_no_step_runs_is_told_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveTable(("plan",)) as table:
        table.say("the page was not written: report.html is a folder")

    assert "the page was not written: report.html is a folder" in capsys.readouterr().out


def test_the_cursor_waits_on_a_line_of_its_own_where_an_interruption_is_echoed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    table = LiveTable(("load-test",))
    table.began("load-test")

    with table:
        drawn = capsys.readouterr().out

    assert "load-test" in drawn
    assert drawn.endswith("\n")
