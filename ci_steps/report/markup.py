"""Markup that cannot be broken from inside: whatever is not markup already is escaped."""

import re
from collections.abc import Iterable, Sequence

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a browser would drop, or what turns the order of the letters around it: it is shown as an escape."""

# As html.escape does it; importing that brings the names of 2,231 characters, which takes 1 ms.
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})

LONGEST = 600
"""Characters of one text; a log line of a megabyte must not bury the page."""

ROOM = 10_000
"""Bytes of one table; what is left out is counted, and stands in the document."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: str, longest: int = LONGEST) -> Html:
    """Return ``value`` so that a browser shows it and does nothing else with it."""
    if isinstance(value, Html):
        return value
    left = len(value) - longest
    whole = value if left <= 0 else f"{value[:longest]} … ({left:,} characters more)"
    return Html(_INVISIBLE.sub(lambda found: ascii(found[0])[1:-1], whole).translate(_MARKUP))


def tag(name: str, *children: str, **attributes: str | float) -> Html:
    """Return one element; ``class_`` and ``stroke_width`` become ``class`` and ``stroke-width``."""
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value if isinstance(value, Html) else str(value))}"'
        for key, value in attributes.items()
    )
    return Html(f"<{name}{pairs}>{joined(children)}</{name}>")


def joined(parts: Iterable[str]) -> Html:
    return Html("".join(text(part) for part in parts))


def code(value: str) -> Html:
    return tag("code", value)


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, rest: str, class_: str = "", room: int = ROOM
) -> Html:
    """Return a table of the first rows that there is room for, and say how many more are in ``rest``."""
    shown = []
    for row in rows:
        cells = (tag("td", cell, data_label=head) for head, cell in zip(heads, row, strict=True))
        drawn = tag("tr", *cells)
        room -= len(drawn)
        if room < 0:
            break
        shown.append(drawn)
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    whole = tag("table", head, tag("tbody", *shown), class_=class_)
    left = len(rows) - len(shown)
    return joined((whole, tag("p", f"… and {left:,} more, in {rest}", class_="quiet") if left else Html("")))


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Return terms and what they are; an empty one is left out."""
    rows = (tag("div", tag("dt", term), tag("dd", said)) for term, said in pairs if said)
    return tag("dl", *rows)


def folded(summary: str, *content: str, opened: bool = False, id_: str = "") -> Html:
    """Return content that a click opens, without a script."""
    flags = (' id="' + text(id_) + '"' if id_ else "") + (" open" if opened else "")
    return Html(f"<details{flags}>{tag('summary', summary)}{joined(content)}</details>")


def section(title: str, *content: str, id_: str = "") -> Html:
    """Return a section with its title; nothing where there is nothing to say."""
    said = joined(content)
    if not said:
        return said
    heading = tag("h2", title)
    return tag("section", heading, said, id=id_) if id_ else tag("section", heading, said)


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"
