"""Latency second by second: a service that stood still for some of them is seen to."""

from collections.abc import Iterator, Sequence

from ci_steps.documents import LoadInterval, LoadSide
from ci_steps.model.verdict import Verdict
from ci_steps.report.axes import Axis, percent, picture, spots, stretched
from ci_steps.report.curves import grid, plot
from ci_steps.report.marks import COLOURS, PLAIN
from ci_steps.report.markup import Html, tag

_HEIGHT = 110
_FAINTEST = 0.01
_FAILED = 8
"""Height of the marks of failed requests, below everything."""


def seconds(title: str, side: LoadSide) -> Html:
    """Return the median of each second as a line, all up to its worst shaded, and where requests failed."""
    parts = side.timeline
    if not parts:
        return Html("")
    end = max(part.from_s + part.seconds for part in parts)
    across = Axis(0, end)
    up = Axis.around([max(_FAINTEST, ms) for p in parts for ms in (p.p50_ms, p.worst_ms)], log=True)
    shapes = [shape for stretch in _stretches(parts) for shape in _shapes(stretch, across, up)]
    content = (
        stretched(*shapes, height=_HEIGHT),
        *_failed(parts, across),
        tag("svg", across.drawn(unit=" s"), y=_HEIGHT + _FAILED, width="100%", height=24, overflow="visible"),
    )
    height = _HEIGHT + _FAILED + 24
    said = _said(side)
    drawn = picture(
        title, said, *grid(up, _HEIGHT, foot=_FAILED), plot(*content, height=height), height=height
    )
    return tag("figure", tag("figcaption", title), tag("p", said, class_="quiet"), drawn, class_="load")


def _said(side: LoadSide) -> str:
    worst = max(side.timeline, key=lambda part: part.worst_ms)
    said = (
        f"Line: the median. Shaded: up to the worst, at most {worst.worst_ms:,.1f} ms, of requests planned at"
    )
    said = f"{said} {worst.from_s:g} s."
    if not side.failed:
        return f"{said} None failed."
    failed = [part for part in side.timeline if part.failed]
    first = failed[0].from_s if failed else 0
    return f"{said} Squares below: {side.failed:,} failed, the first of them planned at {first:g} s."


def _stretches(parts: Sequence[LoadInterval]) -> list[list[LoadInterval]]:
    """Cut where no request was planned: a line over a hole would tell what nobody saw."""
    stretches: list[list[LoadInterval]] = []
    for part in parts:
        before = stretches[-1][-1] if stretches else None
        if before and part.from_s <= before.from_s + before.seconds + 1e-9:
            stretches[-1].append(part)
        else:
            stretches.append([part])
    return stretches


def _shapes(parts: Sequence[LoadInterval], across: Axis, up: Axis) -> Iterator[Html]:
    upper = [place for part in parts for place in _step(part, part.worst_ms, across, up)]
    lower = [place for part in parts for place in _step(part, part.p50_ms, across, up)]
    whole = spots((*upper, *reversed(lower)))
    yield tag("polygon", points=whole, fill=PLAIN, opacity=0.25, class_="bar band")
    yield tag(
        "polyline",
        points=spots(lower),
        fill="none",
        stroke=PLAIN,
        stroke_width=2,
        vector_effect="non-scaling-stroke",
        class_="bar",
    )


def _step(part: LoadInterval, ms: float, across: Axis, up: Axis) -> Iterator[tuple[float, float]]:
    for moment in (part.from_s, part.from_s + part.seconds):
        yield across.share(moment), up.share(max(_FAINTEST, ms))


def _failed(parts: Sequence[LoadInterval], across: Axis) -> Iterator[Html]:
    for part in parts:
        if part.failed:
            wide = across.share(part.from_s + part.seconds) - across.share(part.from_s)
            hover = tag("title", f"{part.failed:,} of {part.requests:,} failed, planned at {part.from_s:g} s")
            yield tag(
                "rect",
                hover,
                x=across.at(part.from_s),
                y=_HEIGHT,
                width=percent(wide),
                height=_FAILED,
                fill=COLOURS[Verdict.REFUSED],
                class_="refused",
            )
