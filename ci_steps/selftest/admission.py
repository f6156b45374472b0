"""Reports and waivers that must not, cannot and may let the next step start."""

from datetime import date
from functools import partial
from pathlib import Path

from msgspec import UNSET, UnsetType

from ci_steps.documents import MetricsReport, Report
from ci_steps.model.verdict import Finding, Verdict, Waiver
from ci_steps.pipeline import admit
from ci_steps.selftest.case import Case

_CHECK, _AGAIN = "check-metrics.baseline", "integration-test.health"
_TODAY = date(2026, 6, 30)

PASSED, WARNED, INCONCLUSIVE, REFUSED = Verdict


def _finding(verdict: Verdict, check: str = _CHECK) -> Finding:
    return Finding(check=check, verdict=verdict, subject="accuracy", observed="as told", rule="none")


def _waiver(check: str = _CHECK, until: date = _TODAY, subject: str | UnsetType = UNSET) -> Waiver:
    return Waiver(check=check, reason="first release", by="someone", until=until, subject=subject)


def _asked(findings: tuple[Finding, ...], waivers: tuple[Waiver, ...], folder: Path) -> Report:
    """Ask to go on from a report with these findings, and report what came of it."""
    del folder
    waived, blocked = admit([MetricsReport(findings=findings)], waivers, _TODAY)
    verdict = blocked.verdict if blocked else WARNED if waived else PASSED
    stops = ", ".join(finding.check for finding in blocked.findings) if blocked else "nothing"
    return MetricsReport(
        findings=(
            Finding(
                check="admission.start",
                verdict=verdict,
                observed=f"{stops} stops it, {len(waived)} findings waived",
                rule="a step starts where nothing is refused and what is inconclusive is waived",
            ),
        )
    )


def _case(wanted: Verdict, title: str, *findings: Finding, waivers: tuple[Waiver, ...] = ()) -> Case:
    return Case("admission", "admission.start", wanted, title, partial(_asked, findings, waivers))


_OPEN = _finding(INCONCLUSIVE)

CASES: tuple[Case, ...] = (
    _case(PASSED, "a report that passed", _finding(PASSED)),
    _case(PASSED, "a report with a warning", _finding(WARNED)),
    _case(PASSED, "a waiver that nothing needs", _finding(PASSED), waivers=(_waiver(),)),
    _case(INCONCLUSIVE, "a report without findings"),
    _case(INCONCLUSIVE, "a report without findings, and a waiver", waivers=(_waiver(),)),
    _case(INCONCLUSIVE, "a finding that nobody answers for", _OPEN),
    _case(WARNED, "a waiver on its last day", _OPEN, waivers=(_waiver(),)),
    _case(WARNED, "a waiver with days to come", _OPEN, waivers=(_waiver(until=date(2026, 7, 1)),)),
    _case(INCONCLUSIVE, "a waiver a day too late", _OPEN, waivers=(_waiver(until=date(2026, 6, 29)),)),
    _case(WARNED, "a waiver of this very subject", _OPEN, waivers=(_waiver(subject="accuracy"),)),
    _case(INCONCLUSIVE, "a waiver of another subject", _OPEN, waivers=(_waiver(subject="recall"),)),
    _case(INCONCLUSIVE, "a waiver of the whole gate", _OPEN, waivers=(_waiver("check-metrics"),)),
    _case(INCONCLUSIVE, "a waiver of another check", _OPEN, waivers=(_waiver("check-metrics.slice"),)),
    _case(
        INCONCLUSIVE,
        "a waiver of what another try decides",
        _finding(INCONCLUSIVE, _AGAIN),
        waivers=(_waiver(_AGAIN),),
    ),
    _case(WARNED, "one waiver of two is the right one", _OPEN, waivers=(_waiver("a.b"), _waiver())),
    _case(
        INCONCLUSIVE,
        "a waiver for one of two findings",
        _OPEN,
        _finding(INCONCLUSIVE, "check-metrics.slice"),
        waivers=(_waiver(),),
    ),
    _case(REFUSED, "a refusal", _finding(REFUSED)),
    _case(REFUSED, "a refusal that someone waived", _finding(REFUSED), waivers=(_waiver(),)),
    _case(
        REFUSED,
        "a refusal beside a waived finding",
        _OPEN,
        _finding(REFUSED, "check-metrics.floor"),
        waivers=(_waiver(),),
    ),
    _case(REFUSED, "a refusal beside an unwaived finding", _finding(REFUSED, "check-metrics.floor"), _OPEN),
    _case(REFUSED, "a refusal beside what passed", _finding(REFUSED), _finding(PASSED)),
)
