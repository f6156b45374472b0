"""Where a number stands in a picture as wide as the screen, in per cent, so that its text never shrinks."""

import math
from collections.abc import Iterable

from ci_steps.model.value import Value
from ci_steps.report.markup import Html, joined, tag

GREY = "#8b949e"


class Axis(Value, frozen=True):
    """A linear or logarithmic scale from ``low`` to ``high``."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def around(cls, values: Iterable[float], *, log: bool = False) -> "Axis":
        """Return the axis that shows all the values, with room at both ends."""
        seen = [math.log10(v) if log else v for v in values]
        low, high = min(seen), max(seen)
        room = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
        low, high = low - room, high + room
        return cls(10**low, 10**high, log=True) if log else cls(low, high)

    def share(self, value: float) -> float:
        """Return how far along ``value`` stands, from 0 to 1."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        return (at - low) / (high - low)

    def at(self, value: float) -> str:
        return percent(self.share(value))

    @property
    def ticks(self) -> tuple[float, ...]:
        """Round numbers on the axis, four to nine of them."""
        if self.log:
            return self._log_ticks()
        exact = (self.high - self.low) / 5
        decade = 10.0 ** math.floor(math.log10(exact))
        step = next(n * decade for n in (1, 2, 5, 10, 20) if n * decade >= exact)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return tuple(round(n * step, 12) for n in range(first, last + 1))

    def _log_ticks(self) -> tuple[float, ...]:
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        wide = math.log10(self.high / self.low) > 2.5
        numbers = [n * 10.0**d for d in decades for n in ((1,) if wide else (1, 2, 5))]
        return tuple(number for number in numbers if self.low <= number <= self.high)

    def drawn(self, *, unit: str = "") -> Html:
        """Return its line and its numbers, in the 24 pixels below y = 0."""
        line = tag("line", x1="0%", x2="100%", y1=1, y2=1, stroke=GREY)
        return joined((line, *(self._tick(number, unit) for number in self.ticks)))

    def _tick(self, number: float, unit: str) -> Html:
        at, share = self.at(number), self.share(number)
        anchor = "start" if share < 0.04 else "end" if share > 0.96 else "middle"
        mark = tag("line", x1=at, x2=at, y1=1, y2=6, stroke=GREY)
        return joined((mark, words(f"{number:,g}{unit}", x=at, y=19, anchor=anchor)))


def percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def words(said: str, *, x: str, y: float, anchor: str = "start") -> Html:
    return tag("text", said, x=x, y=y, text_anchor=anchor, class_="words", font_size=12)


def stretched(*content: str, height: int) -> Html:
    """Return shapes in thousandths of their place, as wide as it is; no text, which would be stretched."""
    box = {"viewBox": "0 0 1000 1000", "preserveAspectRatio": "none"}
    return tag("svg", *content, width="100%", height=height, **box)


def spots(places: Iterable[tuple[float, float]]) -> Html:
    """Return the points of a line in :func:`stretched`, from shares of its width and of its height."""
    # Html, because a text as long as this would be cut off.
    return Html(" ".join(f"{1000 * x:.0f},{1000 - 1000 * y:.0f}" for x, y in places))


def picture(title: str, description: str, *content: str, height: int, class_: str = "") -> Html:
    """Return an SVG as wide as its place, which says in words what it shows."""
    said = (tag("title", title), tag("desc", description))
    # Presentation attributes everywhere: a CI server may forbid the page's style sheet, as Jenkins does.
    return tag(
        "svg", *said, *content, width="100%", height=height, role="img", overflow="visible", class_=class_
    )
