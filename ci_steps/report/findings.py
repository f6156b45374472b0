"""Every finding of every report, what proves it, and what was not looked at."""

from ci_steps.documents import Document, LoadReport, Report, Rollout, ScanReport, UnitTestsReport
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.report.files import inside
from ci_steps.report.markup import Html, code, folded, joined, section, table, tag
from ci_steps.report.reading import Reading
from ci_steps.report.witnesses import witnesses

_HEADS = ("verdict", "check, where", "subject", "observed, next", "rule")
_LONGEST = 160
_FEW = 3
"""So many that passed stand beside the others; more would bury them."""


def findings(reading: Reading) -> Html:
    """Return a table for each report, open where something did not pass."""
    return section("What each check found", *(_report(report, reading) for report in reading.reports))


def _report(report: Report, reading: Reading) -> Html:
    verdict = reading.verdict(report)
    summary = joined(
        (
            tag("strong", f"{verdict.sign} {report.name}", class_=verdict.value),
            f" {_counted(report)}",
        )
    )
    return folded(
        summary,
        found(report.findings, reading, rest=f"{report.name}.json")
        or tag("p", "It has no finding, so it lets nothing go on."),
        _not_checked(report, reading.room),
        witnesses(report, reading),
        _files(report, reading.room),
        _beside(report, reading),
        opened=verdict is not Verdict.PASSED,
        id_=report.name,
    )


def found(findings: tuple[Finding, ...], reading: Reading, *, rest: str) -> Html:
    """Return findings as a table, the worst first, and many that passed folded below those that did not."""
    ordered = sorted(findings, key=lambda f: f.verdict, reverse=True)
    passed = [f for f in ordered if f.verdict is Verdict.PASSED]
    others = ordered[: len(ordered) - len(passed)]
    if not others or len(passed) <= _FEW:
        return _table(ordered, reading, rest)
    folded_ = folded(f"{len(passed):,} passed", _table(passed, reading, rest))
    return joined((_table(others, reading, rest), folded_))


def _table(findings: list[Finding], reading: Reading, rest: str) -> Html:
    rows = [_row(finding, reading) for finding in findings]
    return table(_HEADS, rows, rest=rest, class_="findings", room=reading.room) if rows else Html("")


def counted(document: Document, reading: Reading) -> Html:
    """Return how many findings ended how, by sign, and how many things were not looked at."""
    findings = document.findings if isinstance(document, Report | Rollout) else ()
    verdicts = [reading.verdict_of(finding) for finding in findings]
    parts = [
        tag("span", f"{verdict.sign} {count:,} ", class_=verdict.value, title=f"{count:,} {verdict.value}")
        for verdict in reversed(Verdict)
        if (count := verdicts.count(verdict))
    ]
    left = document.not_checked if isinstance(document, Report | Rollout) else ()
    if left:
        parts.append(
            tag("span", f"{len(left):,} not checked", class_="quiet", title="; ".join(left)[:_LONGEST])
        )
    return tag("span", *parts, class_="counts") if parts else Html("")


def _counted(report: Report) -> str:
    counts = {v: sum(f.verdict is v for f in report.findings) for v in reversed(Verdict)}
    return ", ".join(f"{count:,} {verdict.value}" for verdict, count in counts.items() if count)


def _row(finding: Finding, reading: Reading) -> tuple[str, ...]:
    waiver = reading.waiver_of(finding)
    verdict = tag("span", f"{finding.verdict.sign} {finding.verdict.value}", class_=finding.verdict.value)
    if waiver:
        until = f"waived by {waiver.by} until {waiver.until}: {waiver.reason}"
        verdict = joined((verdict, " ", tag("em", until, class_="warned")))
    where = tag("div", finding.where, class_="quiet") if finding.where else Html("")
    then = tag("div", "next: ", finding.next, class_="quiet") if finding.next else Html("")
    seen = joined((tag("div", finding.observed), then))
    return verdict, tag("div", code(finding.check), where), finding.subject, seen, finding.rule


def _not_checked(report: Report, room: int) -> Html:
    if not report.not_checked:
        return Html("")
    rows = [(said,) for said in report.not_checked]
    return table(("not checked",), rows, rest=f"{report.name}.json", room=room)


def _files(report: Report, room: int) -> Html:
    if not isinstance(report, ScanReport) or not report.files:
        return Html("")
    heads = ("file", "format", "names it would import", "what other scanners say")
    rows = [(code(f.path), f.format, ", ".join(f.globals), "; ".join(f.advice)) for f in report.files]
    return folded(
        f"{len(rows):,} files, by content", table(heads, rows, rest=f"{report.name}.json", room=room)
    )


def _beside(report: Report, reading: Reading) -> Html:
    """Link the reports of other programs that lie in the run directory."""
    paths: tuple[str | None, ...] = ()
    if isinstance(report, UnitTestsReport):
        paths = (report.junit,)
    if isinstance(report, LoadReport):
        paths = (report.locust, report.latencies)
    links = [tag("a", path, href=f"./{path}") for path in paths if path and inside(path, reading.run)]
    rows = [tag("li", link) for link in links]
    return tag("ul", *rows) if rows else Html("")
