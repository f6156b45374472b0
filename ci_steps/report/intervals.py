"""Estimates with their intervals, against the margins that decide: one row each, on one axis."""

from collections.abc import Sequence

from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Interval, Verdict
from ci_steps.report.axes import GREY, Axis, picture
from ci_steps.report.marks import COLOURS, limit, point
from ci_steps.report.markup import Html, joined, tag
from ci_steps.report.reading import Reading

_HEIGHT = 34


class Row(Value, frozen=True):
    """One estimate, and what it is held to."""

    finding: Finding
    interval: Interval
    verdict: Verdict
    label: str
    wrong_below: bool | None
    """Which side of the margin is the wrong one; None where nobody knows."""
    limit: str = "margin"
    """What the margin is called."""
    part: str = ""
    """The slice that it is one of; rows of one stand together, under its name."""
    guarded: bool = False
    differs: bool = False
    """Whether it is a difference: 0 means that both are alike."""
    unit: str = ""

    @property
    def figures(self) -> str:
        i, sign = self.interval, "+" if self.differs else ""
        ends = f"[{_number(i.lower, sign)}, {_number(i.upper, sign)}]{self.unit}"
        held_to = f"{self.limit} {_number(i.margin, sign)}{self.unit}"
        return f"{_number(i.estimate, sign)} {ends}, {held_to}, n = {i.n:,}"


def _number(value: float, sign: str) -> str:
    return f"{value + 0.0:{sign}.4g}"  # less than nothing by rounding is nothing: -0 puzzles


def legend(rows: Sequence[Row]) -> str:
    """Say what the points, whiskers and shades of the rows mean."""
    confidence = ", ".join(sorted({f"{100 * row.interval.confidence:g} %" for row in rows}))
    said = f"Point: the estimate. Whiskers: its interval, {confidence} one-sided. Shaded: past the margin."
    if any(row.guarded for row in rows):
        said += " Dashed: a guard, which refuses where harm is proven and else only warns."
    return said


def figure(title: str, rows: Sequence[Row], *beside: str) -> Html:
    """Return the rows on one axis, those of a slice under its name; ``beside`` is what has no interval."""
    differs = any(row.differs for row in rows)
    numbers = [n for r in rows for n in (r.interval.lower, r.interval.upper, r.interval.margin)]
    axis = Axis.around([*numbers, *(r.interval.estimate for r in rows), *([0.0] if differs else [])])
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(row.part, []).append(row)
    lines = [
        joined((_heading(part), *(_line(row, axis) for row in mine))) for part, mine in sorted(parts.items())
    ]
    scale = tag("svg", axis.drawn(unit=rows[0].unit), width="100%", height=24, aria_hidden="true")
    foot = tag("div", tag("div"), tag("div", scale, _arrow(rows[0])), class_="strip foot")
    return tag("figure", tag("figcaption", title), *lines, foot, *beside)


def undrawn(finding: Finding, reading: Reading) -> Html:
    """Return a finding that has no interval, in words: a picture without it would look better than it is."""
    verdict = reading.verdict_of(finding)
    said = tag("strong", f"{verdict.sign} {finding.subject}", class_=verdict.value)
    return tag("p", said, f": no interval; {finding.observed}")


def _heading(part: str) -> Html:
    return tag("p", f"by {part}", class_="quiet part") if part else Html("")


def _arrow(row: Row) -> Html:
    if row.wrong_below is None:
        return Html("")
    side, said = ("right", "better →") if row.wrong_below else ("left", "← better")
    return tag("p", said, class_=f"better {side}")


def _line(row: Row, axis: Axis) -> Html:
    label = tag(
        "div",
        tag("strong", f"{row.verdict.sign} {row.label}", class_=row.verdict.value),
        " ",
        tag("em", "guard ", class_="quiet") if row.guarded else Html(""),
        tag("span", row.figures, class_="figures"),
    )
    drawn = [limit(axis, row.interval.margin, wrong_below=row.wrong_below, height=_HEIGHT)]
    if row.differs:
        at = axis.at(0)
        drawn.append(tag("line", x1=at, x2=at, y1=0, y2=_HEIGHT, stroke=GREY, stroke_dasharray="2 3"))
    drawn += [*_whiskers(row, axis), point(row.verdict, axis, row.interval.estimate, y=17)]
    said = f"{row.verdict.value}: {row.finding.sentence}"
    return tag("div", label, picture(row.finding.subject, said, *drawn, height=_HEIGHT), class_="strip")


def _whiskers(row: Row, axis: Axis) -> list[Html]:
    i, dashes = row.interval, {"stroke_dasharray": "5 3"} if row.guarded else {}
    look: dict[str, str | float] = {
        "stroke": COLOURS[row.verdict],
        "stroke_width": 2,
        "class_": row.verdict.value,
    }
    ends = [tag("line", x1=axis.at(x), x2=axis.at(x), y1=11, y2=23, **look) for x in (i.lower, i.upper)]
    return [tag("line", x1=axis.at(i.lower), x2=axis.at(i.upper), y1=17, y2=17, **look, **dashes), *ends]
