"""What the metrics gate found against its margins: a picture for each question, a row for each slice."""

from collections.abc import Iterator, Sequence

from ci_steps.documents import MetricsReport
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding
from ci_steps.report.intervals import Row, figure, legend, undrawn
from ci_steps.report.markup import Html, section, tag
from ci_steps.report.reading import Reading

_LIMITS = ("floor", "ceiling")
_KINDS = (*_LIMITS, "versus")
_MOST = 40
_MOST_BESIDE = 8


def metrics(reading: Reading) -> Html:
    """Return what is held to a floor, a ceiling or another model, the worst where there are too many."""
    report = reading.get(MetricsReport)
    found = [f for f in report.findings if _kind(f) in _KINDS] if report else []
    drawn = [(_title(f, reading), row) for f in found if (row := _row(f, reading))]
    if not drawn:
        return Html("")
    said = legend([row for _, row in drawn])
    left = len(drawn) - _MOST
    if left > 0:
        drawn = sorted(drawn, key=lambda pair: pair[1].verdict, reverse=True)[:_MOST]
        said = f"{said} The worst {_MOST} are drawn; {left:,} more stand in the tables."
    groups: dict[str, list[Row]] = {}
    for title, row in drawn:
        groups.setdefault(title, []).append(row)
    figures = [figure(title, rows) for title, rows in groups.items()]
    bare = [f for f in found if f.interval is None]
    intro = tag("p", said, class_="quiet")
    return section("Metrics against their margins", intro, *figures, *_without(bare, reading))


def _kind(finding: Finding) -> str:
    return finding.check.rpartition(".")[2]


def _row(finding: Finding, reading: Reading) -> Row | None:
    if finding.interval is None:
        return None
    kind, rule = _kind(finding), _rule(finding, reading)
    whole, _, where = finding.subject.partition(" versus ")[0].partition(" where ")
    below = {"floor": True, "ceiling": False}.get(kind)
    if below is None and rule:
        below = rule.direction == "higher"
    return Row(
        finding=finding,
        interval=finding.interval,
        verdict=reading.verdict_of(finding),
        label=where or f"{whole}, overall",
        wrong_below=below,
        limit=kind if kind in _LIMITS else "margin",
        part=where.partition("=")[0],
        guarded="; guard: " in finding.rule,
        differs=kind == "versus",
    )


def _title(finding: Finding, reading: Reading) -> str:
    """Return the question that a rule asks; rows of one question share an axis."""
    kind, rule = _kind(finding), _rule(finding, reading)
    metric = finding.subject.partition(" ")[0]
    of = f"{metric} of {rule.positive!r}" if rule and rule.positive else metric
    if kind in _LIMITS:
        return f"{of}: its own value, {kind}"
    other = finding.subject.rpartition(" versus ")[2]
    other = "the baseline" if other == "baseline" else other
    better = rule and rule.better_by_at_least is not None
    return f"{of}: difference to {other}, to be {'better' if better else 'no worse'}"


def _rule(finding: Finding, reading: Reading) -> MetricRule | None:
    metric = finding.subject.partition(" ")[0]
    return next((r for r in reading.rules if r.metric == metric and r.where == finding.where), None)


def _without(findings: Sequence[Finding], reading: Reading) -> Iterator[Html]:
    """Tell what has no interval and did not pass: a picture without it would look better than it is."""
    undecided = [f for f in findings if not f.verdict.lets_go_on]
    for finding in undecided[:_MOST_BESIDE]:
        yield undrawn(finding, reading)
    if (left := len(undecided) - _MOST_BESIDE) > 0:
        yield tag("p", f"… and {left:,} more without an interval, in the tables", class_="quiet")
