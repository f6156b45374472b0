"""Concrete proofs that an interface breaks: the value, and what each side says of it, side by side."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec

from ci_steps.documents import FetchedModel, InterfaceReport, Report
from ci_steps.errors import InputError
from ci_steps.model.manifest import ModelFile
from ci_steps.model.sent import Sent
from ci_steps.model.verdict import Verdict
from ci_steps.model.wire import decoded
from ci_steps.model.witness import Side, Witness
from ci_steps.report.files import inside
from ci_steps.report.markup import Html, code, joined, tag, text
from ci_steps.report.reading import Reading
from ci_steps.report.sent import outcome, replayed, sent

_MOST = 12
_SCHEMAS = {"request": "input", "answer": "output"}
_NAMED = {"request": "a request", "answer": "an answer"}
_SIGNS = {True: (Verdict.PASSED, "accepts it"), False: (Verdict.REFUSED, "does not")}


def witnesses(report: Report, reading: Reading) -> Html:
    """Return what proves the findings of a report; the rest is counted."""
    named = [f.witness for f in report.findings if f.witness]
    if isinstance(report, InterfaceReport):
        named += report.witnesses
    paths = list(dict.fromkeys(named))
    drawn = [_drawn(path, reading) for path in paths[:_MOST]]
    left = len(paths) - _MOST
    more = tag("p", f"… and {left:,} more, in {report.name}.json", class_="quiet") if left > 0 else Html("")
    return joined((*drawn, more))


def _drawn(path: str, reading: Reading) -> Html:
    file = inside(path, reading.run)
    if file is None:
        return tag("p", "witness ", code(path), ": not in the run directory")
    with file.open("rb") as opened:
        content = opened.read(reading.room)
    with suppress(InputError):
        return sent(path, decoded(content, Sent, where=path), reading.room)
    try:
        witness = decoded(content, Witness, where=path)
    except InputError:
        # A log, or a witness longer than there is room for.
        whole = tag("pre", text(content.decode(errors="replace"), reading.room // 5))
        return tag("figure", tag("figcaption", "witness ", code(path)), whole, class_="witness")
    caption = tag(
        "figcaption", "witness ", code(path), f": {_NAMED[witness.kind]} that only one side accepts"
    )
    value = tag("pre", text(_pretty(witness.value), reading.room // 5))
    met = replayed(path, reading)
    really = {"baseline": met.live, "candidate": met.candidate} if met else {}
    sides = (
        joined(
            (_side(side, witness, reading), outcome(side, really[side], reading.room) if met else Html(""))
        )
        for side in ("baseline", "candidate")
    )
    columns = tag("div", *(tag("div", side) for side in sides), class_="sides")
    return tag("figure", caption, value, columns, class_="witness")


def _side(side: Side, witness: Witness, reading: Reading) -> Html:
    verdict, does = _SIGNS[side == witness.accepted_by]
    said = tag("strong", f"{verdict.sign} the {side} {does}", class_=verdict.value)
    because = tag("p", witness.because, class_="quiet") if side == witness.rejected_by else Html("")
    return joined((said, because, *_schema(side, witness, reading)))


def _schema(side: Side, witness: Witness, reading: Reading) -> Iterator[Html]:
    """Give the part of the side's schema that the witness is about, where its files are still here."""
    schema = _interface(side, reading).get(_SCHEMAS[witness.kind])
    if schema is not None:
        pointer, part = deepest(schema, witness.pointer)
        place = f"/{_SCHEMAS[witness.kind]}{pointer}"
        shown = text(_pretty(part), reading.room // 10)
        yield tag("p", "interface.json ", code(place), class_="quiet")
        yield tag("pre", shown)


def _interface(side: Side, reading: Reading) -> dict[str, Any]:
    fetched = reading.get(FetchedModel)
    if fetched is None:
        return {}
    ours = side == "candidate"
    folder = fetched.folder if ours else fetched.baseline_folder
    files: tuple[ModelFile, ...] = fetched.files if ours else fetched.baseline_files
    found = next((file for file in files if file.path == "interface.json"), None)
    if folder is None or found is None:
        return {}
    try:
        return msgspec.json.decode(reading.run.verified(folder, found).read_bytes(), type=dict[str, Any])
    except (InputError, msgspec.DecodeError, UnicodeDecodeError, OSError):
        return {}


def deepest(schema: Any, pointer: str) -> tuple[str, Any]:
    """Return the last object or array on the way of a JSON pointer (RFC 6901), and the pointer to it.

    A side that lacks what decides is shown where it would stand.

    >>> deepest({"properties": {"text": {"maxLength": 20}}}, "/properties/text/maxLength")
    ('/properties/text', {'maxLength': 20})
    """
    part, reached = schema, ""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(part, dict):
            inner = part.get(name)
        else:
            inner = part[int(name)] if name.isdecimal() and int(name) < len(part) else None
        if not isinstance(inner, dict | list):
            break
        part, reached = inner, f"{reached}/{step}"
    return reached, part


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
