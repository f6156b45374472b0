from datetime import date

import msgspec
import pytest

from ci_steps.documents import MetricsReport
from ci_steps.errors import ExitCode
from ci_steps.model.verdict import Finding, Verdict, Waiver
from ci_steps.model.wire import canonical
from ci_steps.pipeline import admit

TODAY = date(2026, 6, 1)


def finding(verdict: Verdict, check: str = "check-metrics.baseline") -> Finding:
    return Finding(check=check, verdict=verdict, observed="none", rule="a baseline")


def waiver(check: str = "check-metrics.baseline", until: date = TODAY) -> Waiver:
    return Waiver(check=check, reason="first release", by="m.jansen", until=until)


def test_a_report_is_as_bad_as_its_worst_finding() -> None:
    report = MetricsReport(
        findings=(finding(Verdict.PASSED), finding(Verdict.REFUSED), finding(Verdict.WARNED))
    )

    assert report.verdict is Verdict.REFUSED


def test_a_report_without_findings_is_inconclusive_and_nothing_waives_it() -> None:
    report = MetricsReport(findings=())

    assert report.verdict is Verdict.INCONCLUSIVE
    assert admit([report], (waiver(),), TODAY)[1] is not None


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.PASSED, ExitCode.GO_ON),
        (Verdict.WARNED, ExitCode.GO_ON),
        (Verdict.INCONCLUSIVE, ExitCode.INCONCLUSIVE),
        (Verdict.REFUSED, ExitCode.REFUSED),
    ],
)
def test_each_verdict_has_its_exit_code(verdict: Verdict, code: ExitCode) -> None:
    assert verdict.exit_code is code


def test_a_waiver_lets_go_on_past_its_own_inconclusive_finding_until_its_last_day() -> None:
    report = MetricsReport(findings=(finding(Verdict.INCONCLUSIVE),))

    waived, blocked = admit([report], (waiver(),), TODAY)

    assert blocked is None
    assert [w.waiver.by for w in waived] == ["m.jansen"]


def test_an_expired_waiver_does_nothing() -> None:
    report = MetricsReport(findings=(finding(Verdict.INCONCLUSIVE),))

    assert admit([report], (waiver(until=date(2026, 5, 31)),), TODAY)[1]


def test_a_waiver_holds_a_year_at_most() -> None:
    report = MetricsReport(findings=(finding(Verdict.INCONCLUSIVE),))

    assert admit([report], (waiver(until=date(2027, 6, 2)),), TODAY)[1] is None
    assert admit([report], (waiver(until=date(2027, 6, 3)),), TODAY)[1] is not None


def test_a_waiver_for_another_check_does_nothing() -> None:
    report = MetricsReport(findings=(finding(Verdict.INCONCLUSIVE),))

    assert admit([report], (waiver(check="check-metrics"),), TODAY)[1]


def test_a_refusal_is_never_waived() -> None:
    report = MetricsReport(findings=(finding(Verdict.REFUSED), finding(Verdict.INCONCLUSIVE)))

    waived, blocked = admit([report], (waiver(),), TODAY)

    assert blocked is not None
    assert blocked.verdict is Verdict.REFUSED
    assert [f.verdict for f in blocked.findings] == [Verdict.REFUSED]
    assert len(waived) == 1


def test_a_waiver_of_one_subject_covers_that_one_alone() -> None:
    one = msgspec.structs.replace(waiver(), subject="accuracy where length=long")
    long, short = (
        Finding(
            check="check-metrics.baseline",
            subject=s,
            verdict=Verdict.INCONCLUSIVE,
            observed="few",
            rule="enough",
        )
        for s in ("accuracy where length=long", "accuracy where length=short")
    )

    assert one.covers(long, TODAY)
    assert not one.covers(short, TODAY)
    assert waiver().covers(short, TODAY)


def test_a_waiver_of_every_subject_everywhere_has_the_json_that_older_ledgers_hold() -> None:
    assert b"subject" not in canonical(waiver())
    assert b"environment" not in canonical(waiver())
