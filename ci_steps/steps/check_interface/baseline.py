"""Whether whoever calls the baseline can call the candidate: policy backward."""

from typing import Literal

from ci_steps.model.value import Value
from ci_steps.model.witness import Side
from ci_steps.steps.check_interface.files import (
    GOLDEN,
    INTERFACE,
    GoldenRow,
    Interface,
    Model,
    UnreadableError,
)
from ci_steps.steps.check_interface.findings import Notes, shown
from ci_steps.steps.check_interface.own import foreign_dialects, interface_errors
from ci_steps.steps.check_interface.subset import Break, Comparison, Difference, compared
from ci_steps.steps.check_interface.validation import Judge

BASELINE_RULE = "the interface is compared with the one that serves"


class Direction(Value, frozen=True):
    """One of the two questions, and how its answers are worded."""

    check: Literal["input", "output"]
    kind: Literal["request", "answer"]
    inner: Side
    speaker: str
    break_words: str
    rule: str
    then: str


REQUESTS = Direction(
    check="input",
    kind="request",
    inner="baseline",
    speaker="the candidate takes",
    break_words="the baseline accepts {value}, the candidate does not: {because}",
    rule="backward: every request that the baseline accepts, the candidate accepts",
    then="accept it as before, or serve this model as another service",
)
ANSWERS = Direction(
    check="output",
    kind="answer",
    inner="candidate",
    speaker="the baseline promises",
    break_words="the candidate may answer {value}, the baseline's schema does not: {because}",
    rule="backward: every answer that the candidate may give, the baseline's schema promised",
    then="answer as promised, or serve this model as another service",
)


def baseline_interface(model: Model, notes: Notes) -> tuple[Interface, tuple[GoldenRow, ...]] | None:
    """Return the baseline's interface and golden rows, or note why there is nothing to compare with."""
    then = "bring the baseline's files, or waive check-interface.baseline with a reason"
    try:
        interface = model.interface()
        rows = model.golden()
    except UnreadableError as error:
        notes.inconclusive("baseline", f"the baseline's {error}", BASELINE_RULE, then=then)
        return None
    wrong = interface_errors(interface) or foreign_dialects(interface)
    if wrong:
        observed = f"the baseline's {INTERFACE} cannot be compared with: {wrong[0]}"
        notes.inconclusive("baseline", observed, BASELINE_RULE, then=then)
        return None
    if not rows:
        notes.inconclusive("baseline", f"the baseline has no row in {GOLDEN}", BASELINE_RULE, then=then)
    else:
        notes.passed("baseline", f"its interface and {len(rows)} golden rows came", BASELINE_RULE)
    return interface, rows


def hold_requests(before: Interface, rows: tuple[GoldenRow, ...], now: Interface, notes: Notes) -> None:
    """Every request that the baseline accepts must be accepted: by the schemas, and row by row."""
    seen = [row.request for row in rows]
    _note(compared(before.input, now.input, speaker=REQUESTS.speaker, seen=seen), REQUESTS, notes)
    _golden_requests(before, rows, now, notes)


def hold_answers(before: Interface, rows: tuple[GoldenRow, ...], now: Interface, notes: Notes) -> None:
    """Every answer that may be given must be one that was promised; ``rows`` are the candidate's."""
    seen = [row.answer for row in rows]
    _note(compared(now.output, before.output, speaker=ANSWERS.speaker, seen=seen), ANSWERS, notes)


def _golden_requests(before: Interface, rows: tuple[GoldenRow, ...], now: Interface, notes: Notes) -> None:
    old, new = Judge(before.input), Judge(now.input)
    rule = "every golden request of the baseline is accepted"
    answered = [row for row in rows if old.accepts(row.request)]
    if len(answered) < len(rows):
        observed = f"{len(rows) - len(answered)} golden requests of the baseline break its own schema"
        then = "find out what the baseline really takes, or waive check-interface.baseline with a reason"
        notes.inconclusive("baseline", observed, BASELINE_RULE, then=then)
    lost = [row for row in answered if not new.accepts(row.request)]
    if lost:
        first = lost[0]
        because = new.complaint(first.request) or ""
        witness = notes.witness(
            "request", first.request, accepted_by="baseline", because=because, pointer="/input"
        )
        observed = (
            f"{len(lost)} of {len(answered)} are not, first {first.id}: {shown(first.request)}: {because}"
        )
        notes.refused("golden", observed, rule, then=REQUESTS.then, subject="baseline", witness=witness)
    elif answered:
        notes.passed("golden", f"{len(answered)} of {len(answered)} are", rule, subject="baseline")


def _note(found: Comparison, direction: Direction, notes: Notes) -> None:
    for difference in found.differences:
        _note_difference(difference, direction, notes)
    if found.equal:
        decided = ", ".join(pointer or "the whole" for pointer in found.equal)
        notes.passed(direction.check, f"holds for {decided}", direction.rule, subject=direction.check)


def _note_difference(difference: Difference, direction: Direction, notes: Notes) -> None:
    subject = f"{direction.check} {difference.pointer}".strip()
    if isinstance(difference, Break):
        pointer, because = difference.pointer, difference.because
        witness = notes.witness(
            direction.kind, difference.value, accepted_by=direction.inner, because=because, pointer=pointer
        )
        observed = direction.break_words.format(value=shown(difference.value), because=because)
        notes.refused(
            direction.check, observed, direction.rule, then=direction.then, subject=subject, witness=witness
        )
    else:
        then = f"keep it as it is in the baseline, or waive check-interface.{direction.check} with a reason"
        notes.inconclusive(direction.check, difference.because, direction.rule, then=then, subject=subject)
