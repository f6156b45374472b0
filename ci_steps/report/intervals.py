"""Estimates with their intervals, against the margins that decide."""

from collections.abc import Iterable

from ci_steps.model.settings import Direction, MetricRule
from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Interval, Verdict
from ci_steps.report.axes import GREY, Axis, picture
from ci_steps.report.marks import COLOURS, limit, point
from ci_steps.report.markup import Html, section, tag
from ci_steps.report.reading import Reading

_LIMITS = ("floor", "ceiling")
_HEIGHT = 34
_MOST = 40


class _Row(Value, frozen=True):
    finding: Finding
    interval: Interval
    verdict: Verdict
    better: Direction | None

    @property
    def metric(self) -> str:
        return self.finding.subject.partition(" ")[0]

    @property
    def kind(self) -> str:
        return self.finding.check.rpartition(".")[2]

    @property
    def group(self) -> str:
        if self.kind == "versus":
            return f"{self.metric}: difference to the baseline"
        return f"{self.metric}: its own value" if self.kind in _LIMITS else self.finding.check

    @property
    def figures(self) -> str:
        sign = "+" if self.kind == "versus" else ""
        i, held_to = self.interval, self.kind if self.kind in _LIMITS else "margin"
        ends = f"[{i.lower:{sign}.4g}, {i.upper:{sign}.4g}]"
        return f"{i.estimate:{sign}.4g} {ends}, {held_to} {i.margin:{sign}.4g}, n = {i.n:,}"


def intervals(reading: Reading) -> Html:
    """Return a picture for each metric and kind of limit, a row for each slice."""
    rows = list(_rows(reading))
    if not rows:
        return Html("")
    left = len(rows) - _MOST
    if left > 0:
        rows = sorted(rows, key=lambda row: row.verdict, reverse=True)[:_MOST]
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    confidence = ", ".join(sorted({f"{100 * row.interval.confidence:g} %" for row in rows}))
    legend = (
        f"Point: the estimate. Whiskers: its interval, {confidence} at each end. Shaded: past the margin."
    )
    if left > 0:
        legend = f"{legend} The worst {_MOST} are drawn; {left:,} more stand in the tables."
    figures = (_group(*item) for item in groups.items())
    return section("Metrics against their margins", tag("p", legend, class_="quiet"), *figures)


def _rows(reading: Reading) -> Iterable[_Row]:
    rules = reading.rules
    for report in reading.reports:
        for finding in report.findings:
            if finding.interval:
                better = _better(finding, rules)
                yield _Row(finding, finding.interval, reading.verdict_of(finding), better)


def _better(finding: Finding, rules: tuple[MetricRule, ...]) -> Direction | None:
    metric = finding.subject.partition(" ")[0]
    rule = next((r for r in rules if r.metric == metric and r.where == finding.where), None)
    return rule.direction if rule else None


def _group(title: str, rows: list[_Row]) -> Html:
    differs = rows[0].kind == "versus"
    numbers = [n for r in rows for n in (r.interval.lower, r.interval.upper, r.interval.margin)]
    axis = Axis.around([*numbers, *(r.interval.estimate for r in rows), *([0.0] if differs else [])])
    lines = [_line(row, axis, zero=differs) for row in rows]
    arrow = {"higher": "better →", "lower": "← better"}.get(rows[0].better or "", "")
    scale = tag("svg", axis.drawn(), width="100%", height=24, aria_hidden="true")
    foot = tag("div", tag("div"), tag("div", scale, _arrow(arrow)), class_="strip foot")
    return tag("figure", tag("figcaption", title), *lines, foot)


def _arrow(said: str) -> Html:
    side = "right" if said.endswith("→") else "left"
    return tag("p", said, class_=f"better {side}") if said else Html("")


def _line(row: _Row, axis: Axis, *, zero: bool) -> Html:
    label = tag(
        "div",
        tag("strong", f"{row.verdict.sign} {row.finding.subject}", class_=row.verdict.value),
        " ",
        tag("span", row.figures, class_="figures"),
    )
    i, colour, kind = row.interval, COLOURS[row.verdict], row.verdict.value
    drawn = [limit(axis, i.margin, wrong_below=_wrong_below(row), height=_HEIGHT)]
    if zero:
        at = axis.at(0)
        drawn.append(tag("line", x1=at, x2=at, y1=0, y2=_HEIGHT, stroke=GREY, stroke_dasharray="2 3"))
    for x1, x2, y1, y2 in (
        (i.lower, i.upper, 17, 17),
        (i.lower, i.lower, 11, 23),
        (i.upper, i.upper, 11, 23),
    ):
        drawn.append(
            tag(
                "line",
                x1=axis.at(x1),
                x2=axis.at(x2),
                y1=y1,
                y2=y2,
                stroke=colour,
                stroke_width=2,
                class_=kind,
            )
        )
    drawn.append(point(row.verdict, axis, i.estimate, y=17))
    said = f"{row.verdict.value}: {row.finding.sentence}"
    return tag("div", label, picture(row.finding.subject, said, *drawn, height=_HEIGHT), class_="strip")


def _wrong_below(row: _Row) -> bool | None:
    if row.kind in _LIMITS:
        return row.kind == "floor"
    return row.better == "higher" if row.better else None
