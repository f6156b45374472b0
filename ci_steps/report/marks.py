"""What a verdict, an estimate and a limit look like in every picture; colour is never the only sign."""

from ci_steps.model.verdict import Verdict
from ci_steps.report.axes import Axis, percent
from ci_steps.report.markup import Html, joined, tag

COLOURS = {
    Verdict.PASSED: "#1a7f37",
    Verdict.WARNED: "#9a6700",
    Verdict.INCONCLUSIVE: "#8250df",
    Verdict.REFUSED: "#cf222e",
}
PLAIN = "#0969da"

_CIRCLE = "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z"
_SHAPES = {
    Verdict.PASSED: _CIRCLE,
    Verdict.WARNED: "M0-6L6 5L-6 5z",
    Verdict.INCONCLUSIVE: "M0-7L7 0L0 7L-7 0z",
    Verdict.REFUSED: "M-5-5H5V5H-5z",
}


def point(verdict: Verdict | None, axis: Axis, value: float, *, y: float) -> Html:
    """Return a circle that passed, a triangle that warns, an undecided diamond or a refused square."""
    shape = _SHAPES[verdict] if verdict else _CIRCLE
    fill, kind = (COLOURS[verdict], verdict.value) if verdict else (PLAIN, "bar")
    return tag("svg", tag("path", d=shape, fill=fill, class_=kind), x=axis.at(value), y=y, overflow="visible")


def limit(axis: Axis, value: float, *, wrong_below: bool | None, height: int) -> Html:
    """Return the line that decides, its wrong side shaded where it is known which one that is."""
    at, share = axis.at(value), axis.share(value)
    line = tag("line", x1=at, x2=at, y1=0, y2=height, stroke="#57606a", stroke_width=2, class_="margin")
    if wrong_below is None:
        return line
    x, width = (0.0, share) if wrong_below else (share, 1 - share)
    fill, seen = COLOURS[Verdict.REFUSED], 0.1
    side = tag(
        "rect",
        x=percent(x),
        y=0,
        width=percent(width),
        height=height,
        fill=fill,
        opacity=seen,
        class_="refused past",
    )
    return joined((side, line))
