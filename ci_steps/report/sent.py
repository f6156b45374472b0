"""A witness that was sent for real: what the live image and the candidate made of it, side by side."""

import json

from ci_steps.documents import IntegrationReport
from ci_steps.errors import InputError
from ci_steps.model.sent import Made, Sent
from ci_steps.model.verdict import Verdict
from ci_steps.model.wire import decoded
from ci_steps.report.files import inside
from ci_steps.report.markup import Html, code, tag, text
from ci_steps.report.reading import Reading


def sent(path: str, outcome_: Sent, room: int) -> Html:
    """Return the request, and under it both sides."""
    caption = tag("figcaption", "witness ", code(outcome_.witness), ", sent for real: ", code(path))
    request = tag("pre", text(_pretty(outcome_.request), room // 5))
    sides = (_side("live", outcome_.live, room), _side("candidate", outcome_.candidate, room))
    return tag("figure", caption, request, tag("div", *sides, class_="sides"), class_="witness")


def replayed(witness: str, reading: Reading) -> Sent | None:
    """Return what integration-test saw when it sent a witness; None where that is not there."""
    report = reading.get(IntegrationReport)
    for path in (f.witness for f in report.findings) if report else ():
        file = inside(path, reading.run) if path else None
        if path is None or file is None or not path.endswith(f"/{witness.rpartition('/')[2]}"):
            continue
        try:
            with file.open("rb") as opened:
                seen = decoded(opened.read(reading.room), Sent, where=path)
        except (InputError, OSError):
            continue
        if seen.witness == witness:
            return seen
    return None


def outcome(side: str, made: Made, room: int) -> Html:
    """Return what one side really answered, for the column of what its schema says."""
    name = "sent to the live image" if side == "baseline" else "sent to the candidate's image"
    return _side(name, made, room)


def _side(name: str, made: Made, room: int) -> Html:
    good = not made.why and not made.broken
    verdict, does = (Verdict.PASSED, "answers") if good else (Verdict.REFUSED, "does not answer as promised")
    said = tag("strong", f"{verdict.sign} {name}: {does}", class_=verdict.value)
    reason = tag("p", made.broken or made.why, class_="quiet") if not good else Html("")
    answer = tag("pre", text(_pretty(made.answer), room // 10)) if not made.why else Html("")
    return tag("div", said, reason, answer)


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
