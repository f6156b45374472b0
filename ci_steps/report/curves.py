"""Latency curves: how much time all but the slowest took, on scales that show the slowest."""

import math
from collections.abc import Iterator, Mapping, Sequence

from ci_steps.documents import LatencyQuantile, LoadSide
from ci_steps.model.settings import QUANTILES
from ci_steps.model.value import Value
from ci_steps.model.verdict import Verdict
from ci_steps.report.axes import GREY, Axis, percent, picture, spots, stretched, words
from ci_steps.report.marks import COLOURS, PLAIN, point
from ci_steps.report.markup import Html, joined, tag

HEIGHT = 210
LEFT = 0.09
"""What the numbers of the vertical axis take of the width."""
_FAINTEST = 0.01
"""The least latency that is drawn, ms: a logarithm has no zero."""
_CLOSE = 0.11
"""Marks of the horizontal axis closer than this would write over each other on a phone."""
_SHARES = (0.99, 0.5, 0.95, 0.999, 0.9999, 0.9, 0.99999, 0.999999)
_OTHER = "#57606a"


class Line(Value, frozen=True):
    """One side's curve."""

    name: str
    side: LoadSide
    live: bool = False

    @property
    def look(self) -> dict[str, str | float]:
        plain: dict[str, str | float] = {"fill": "none", "stroke_width": 2}
        if self.live:
            return plain | {"stroke": _OTHER, "stroke_dasharray": "6 4", "class_": "live"}
        return plain | {"stroke": PLAIN, "class_": "bar"}


def curve(
    title: str,
    lines: Sequence[Line],
    marks: Mapping[LatencyQuantile, Verdict | None],
    *,
    height: int = HEIGHT,
) -> Html:
    """Return the curves, and on them the quantiles with their bounds, each below or past its limit."""
    points = [point for line in lines for point in line.side.curve]
    if not points:
        return Html("")
    across = Axis(0, max(2.1, *(_nines(each.share) for each in points)))
    held = [ms for mark in marks for ms in (mark.ms, mark.limit_ms, mark.upper_ms) if ms]
    up = Axis.around([max(_FAINTEST, ms) for ms in (*(each.ms for each in points), *held)], log=True)
    drawn = [
        *_limits(marks, across, up, height),
        stretched(*(_drawn(line, across, up) for line in lines), height=height),
        *(_whisker(mark, verdict, across, up, height) for mark, verdict in marks.items()),
        *_shares(across, height),
    ]
    said = "; ".join(
        f"{line.name}: {', '.join(f'{q.name} {q.ms:.1f} ms' for q in line.side.quantiles)}" for line in lines
    )
    return picture(title, said, *grid(up, height), plot(*drawn, height=height + 24), height=height + 24)


def plot(*content: str, height: int) -> Html:
    """Return the place right of the numbers."""
    return tag("svg", *content, x=percent(LEFT), width=percent(1 - LEFT), height=height, overflow="visible")


def grid(up: Axis, height: int, *, foot: int = 0) -> Iterator[Html]:
    """Give a line and a number for each round latency, and their unit in the corner below them."""
    for ms in up.ticks:
        y = (1 - up.share(ms)) * height
        yield tag("line", x1=percent(LEFT), x2="100%", y1=_px(y), y2=_px(y), stroke=GREY, opacity=0.3)
        yield words(f"{ms:,g}", x=percent(LEFT - 0.01), y=round(y + 4, 1), anchor="end")
    yield words("ms", x=percent(LEFT - 0.01), y=height + foot + 19, anchor="end")


def legend(lines: Sequence[Line]) -> Html:
    """Return each line's look beside its name."""
    rows = []
    for line in lines:
        dash = tag("line", x1=0, x2=28, y1=6, y2=6, **line.look)
        swatch = tag("svg", dash, width=28, height=12, aria_hidden="true")
        rows.append(tag("span", swatch, f" {line.name} "))
    return tag("p", *rows, class_="legend quiet")


def _nines(share: float) -> float:
    """Return how many nines a share has: 0.9 has 1, 0.999 has 3."""
    return max(0.0, -math.log10(max(1e-9, 1 - share)))


def _drawn(line: Line, across: Axis, up: Axis) -> Html:
    places = (
        (across.share(_nines(each.share)), up.share(max(_FAINTEST, each.ms))) for each in line.side.curve
    )
    return tag("polyline", points=spots(places), vector_effect="non-scaling-stroke", **line.look)


def _limits(
    marks: Mapping[LatencyQuantile, Verdict | None], across: Axis, up: Axis, height: int
) -> Iterator[Html]:
    """Give, over each quantile, the line that it must stay below, and shade what is past it."""
    for mark in marks:
        if mark.limit_ms:
            y = _px((1 - up.share(mark.limit_ms)) * height)
            fill = COLOURS[Verdict.REFUSED]
            side = tag("rect", x=-12, y=0, width=24, height=y, fill=fill, opacity=0.12, class_="refused past")
            edge = tag("line", x1=-12, x2=12, y1=y, y2=y, stroke=_OTHER, stroke_width=2, class_="margin")
            yield _at(across, mark, side, edge)


def _whisker(mark: LatencyQuantile, verdict: Verdict | None, across: Axis, up: Axis, height: int) -> Html:
    colour, kind = (COLOURS[verdict], verdict.value) if verdict else (PLAIN, "bar")
    look: dict[str, str | float] = {"stroke": colour, "stroke_width": 2, "class_": kind}
    low, at, high = (
        None if ms is None else _px((1 - up.share(max(_FAINTEST, ms))) * height)
        for ms in (mark.lower_ms, mark.ms, mark.upper_ms)
    )
    # Without a bound anything beyond is possible: dashed, to the end of the picture.
    drawn = [
        tag("line", x1=0, x2=0, y1=at or 0, y2=high or 0, **look, **_dashes(high)),
        tag("line", x1=0, x2=0, y1=at or 0, y2=height if low is None else low, **look, **_dashes(low)),
    ]
    drawn += [tag("line", x1=-6, x2=6, y1=end, y2=end, **look) for end in (low, high) if end is not None]
    return joined(
        (_at(across, mark, *drawn), point(verdict, across, _nines(QUANTILES[mark.name]), y=at or 0))
    )


def _dashes(bound: float | None) -> dict[str, str]:
    return {"stroke_dasharray": "3 4"} if bound is None else {}


def _at(across: Axis, mark: LatencyQuantile, *content: str) -> Html:
    return tag("svg", *content, x=across.at(_nines(QUANTILES[mark.name])), overflow="visible")


def _shares(across: Axis, height: int) -> Iterator[Html]:
    taken: list[float] = []
    for share in _SHARES:
        nines = _nines(share)
        at = across.share(nines)
        if nines > across.high or any(abs(at - other) < _CLOSE for other in taken):
            continue
        taken.append(at)
        anchor = "end" if at > 0.97 else "middle"
        yield tag("line", x1=percent(at), x2=percent(at), y1=height, y2=height + 5, stroke=GREY)
        yield words(f"{100 * share:.6g} %", x=percent(at), y=height + 19, anchor=anchor)
    yield tag("line", x1="0%", x2="100%", y1=height, y2=height, stroke=GREY)


def _px(y: float) -> float:
    return round(y, 1)
