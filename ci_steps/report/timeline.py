"""When each step was done, and each moment of a rollout."""

from datetime import UTC, datetime

from ci_steps.documents import Document, Made, Moment, Rollback, Rollout
from ci_steps.model.value import Value
from ci_steps.model.verdict import Verdict
from ci_steps.report.axes import GREY, percent, picture, words
from ci_steps.report.marks import COLOURS
from ci_steps.report.markup import Html, section, tag
from ci_steps.report.reading import Reading

_ROW = 24
_MOST = 100
"""Moments that are told one by one."""
_LEFT, _RIGHT = 0.34, 0.84
"""Where the bars begin and end; names stand before, seconds behind."""
_IDLE = 0.03
"""The width that idle time is cut down to: a step kept from yesterday must not squeeze today's."""


class _Bar(Value, frozen=True):
    name: str
    verdict: Verdict
    start: float
    seconds: float
    marks: tuple[float, ...]


def timeline(reading: Reading) -> Html:
    """Return one bar a step, on one axis of time, idle time cut out."""
    bars = [_bar(d, d.made, reading) for d in reading.documents.values() if d.made and d.name != "stopped"]
    bars.sort(key=lambda bar: bar.start)
    if not bars:
        return Html("")
    place, cuts = _clock(bars)
    drawn = [_drawn(number, bar, place) for number, bar in enumerate(bars)]
    height = _ROW * len(bars) + 4
    breaks = [
        tag("line", x1=percent(x), x2=percent(x), y1=0, y2=height, stroke=GREY, stroke_dasharray="2 4")
        for x in cuts
    ]
    said = "; ".join(f"{bar.name} {bar.seconds:.1f} s" for bar in bars)
    began = datetime.fromtimestamp(bars[0].start, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    total = sum(bar.seconds for bar in bars)
    note = f"from {began}, {total:.1f} s of work" + ("; dotted lines: idle time, cut out" if breaks else "")
    graph = picture("Timeline of the steps", said, *breaks, *drawn, height=height)
    return section("Timeline", tag("p", note, class_="quiet"), graph)


def _bar(document: Document, made: Made, reading: Reading) -> _Bar:
    moments = document.timeline if isinstance(document, Rollout | Rollback) else ()
    marks = tuple(second for moment in moments if (second := _second(moment.at)) is not None)
    start = _second(made.at) or 0.0
    return _Bar(document.name, reading.verdict(document), start, made.seconds, marks)


def _second(stamp: str) -> float | None:
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return None


class _Clock(Value, frozen=True):
    """Maps a moment to its place; busy stretches keep their proportions, idle ones shrink."""

    stretches: tuple[tuple[float, float, float], ...]
    """Begin, end, and the place of the begin."""
    scale: float

    def place(self, moment: float) -> float:
        begin, end, at = next((s for s in self.stretches if moment <= s[1]), self.stretches[-1])
        return at + (min(max(moment, begin), end) - begin) * self.scale


def _clock(bars: list[_Bar]) -> tuple[_Clock, list[float]]:
    busy = sum(bar.seconds for bar in bars) or 1.0
    joined: list[list[float]] = []
    for bar in bars:
        end = bar.start + bar.seconds
        # Documents note whole seconds, so a gap under two seconds may be none.
        if joined and bar.start - joined[-1][1] < max(2.0, busy * 0.1):
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([bar.start, end])
    idle = min(_IDLE, 0.5 * (_RIGHT - _LEFT) / len(joined))
    length = sum(end - begin for begin, end in joined) or 1.0
    scale = (_RIGHT - _LEFT - idle * (len(joined) - 1)) / length
    stretches, cuts, at = [], [], _LEFT
    for begin, end in joined:
        stretches.append((begin, end, at))
        at += (end - begin) * scale + idle
        cuts.append(at - idle / 2)
    return _Clock(tuple(stretches), scale), cuts[:-1]


def _drawn(number: int, bar: _Bar, clock: _Clock) -> Html:
    top = number * _ROW + 2
    x, end = clock.place(bar.start), clock.place(bar.start + bar.seconds)
    marks = [
        tag("line", x1=percent(m), x2=percent(m), y1=top, y2=top + 18, stroke="#fff", stroke_width=1.5)
        for m in sorted({round(clock.place(second), 4) for second in bar.marks})
        if x < m < end
    ]
    kind = bar.verdict.value
    shape = tag(
        "rect",
        x=percent(x),
        y=top,
        width=percent(max(end - x, 0.004)),
        height=18,
        rx=2,
        fill=COLOURS[bar.verdict],
        class_=kind,
    )
    name = words(f"{bar.verdict.sign} {bar.name}", x="0%", y=top + 13)
    took = words(f"{bar.seconds:.1f} s", x=percent(max(end, x + 0.004) + 0.01), y=top + 13)
    return tag("g", name, shape, *marks, took)


def moments(timeline: tuple[Moment, ...]) -> Html:
    """Return what happened, each with the time since the first."""
    if not timeline:
        return Html("")
    first = _second(timeline[0].at)
    rows = [tag("li", tag("time", _since(first, m), datetime=m.at), tag("span", m.what)) for m in timeline]
    left = len(rows) - _MOST
    more = [tag("li", f"… and {left:,} more")] if left > 0 else []
    return tag("ol", *rows[:_MOST], *more, class_="moments")


def _since(first: float | None, moment: Moment) -> str:
    second = _second(moment.at)
    return moment.at if first is None or second is None else f"+{second - first:.3f} s"
