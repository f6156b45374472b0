"""Whether whoever calls the one can call the other: by the schemas, and golden row by golden row."""

from ci_steps.model.settings import InterfaceSettings
from ci_steps.steps.check_interface.directions import OF_POLICY, REQUESTS, Direction
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
from ci_steps.steps.check_interface.subset import Break, Comparison, Difference, Unnamed, compared
from ci_steps.steps.check_interface.validation import Judge, UndecidableError

BASELINE_RULE = "the interface is compared with the one that serves"


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


def hold(
    before: Interface,
    rows_before: tuple[GoldenRow, ...],
    now: Interface,
    rows_now: tuple[GoldenRow, ...],
    settings: InterfaceSettings,
    notes: Notes,
) -> None:
    """Note whether the policy is kept: whatever the one side's schema accepts, the other's must accept."""
    sides = {"baseline": (before, rows_before), "candidate": (now, rows_now)}
    for direction in OF_POLICY[settings.policy]:
        (inner, rows), (outer, _) = sides[direction.inner], sides[direction.outer]
        unnamed = Unnamed()
        if settings.unknown_fields == "ignore":
            # A server refuses what its schema forbids; whoever reads an answer can pass over what is new.
            unnamed = Unnamed(inner_has_none=True, outer_ignores=direction.kind == "answer")
        found = compared(
            direction.schema(inner),
            direction.schema(outer),
            speaker=direction.speaker,
            seen=[direction.value(row) for row in rows],
            unnamed=unnamed,
        )
        _note(found, direction, notes)
    if REQUESTS in OF_POLICY[settings.policy]:
        _golden_requests(before, rows_before, now, notes)


def _golden_requests(before: Interface, rows: tuple[GoldenRow, ...], now: Interface, notes: Notes) -> None:
    rule = "every golden request of the baseline is accepted"
    try:
        answered, lost = _lost(before, rows, now)
    except UndecidableError as error:
        observed = f"it could not be asked whether they are: {error}"
        then = "write it in plainer words, or waive check-interface.golden with a reason"
        notes.inconclusive("golden", observed, rule, then=then, subject="baseline")
        return
    if len(answered) < len(rows):
        observed = f"{len(rows) - len(answered)} golden requests of the baseline break its own schema"
        then = "find out what the baseline really takes, or waive check-interface.baseline with a reason"
        notes.inconclusive("baseline", observed, BASELINE_RULE, then=then)
    if lost:
        first, because = lost[0]
        witness = notes.witness(REQUESTS, first.request, because=because, pointer="/input")
        observed = (
            f"{len(lost)} of {len(answered)} are not, first {first.id}: {shown(first.request)}: {because}"
        )
        notes.refused("golden", observed, rule, then=REQUESTS.then, subject="baseline", witness=witness)
    elif answered:
        notes.passed("golden", f"{len(answered)} of {len(answered)} are", rule, subject="baseline")


def _lost(
    before: Interface, rows: tuple[GoldenRow, ...], now: Interface
) -> tuple[list[GoldenRow], list[tuple[GoldenRow, str]]]:
    """Return the rows that the baseline's schema accepts, and those of them that the candidate's does not."""
    old, new = Judge(before.input), Judge(now.input)
    answered = [row for row in rows if old.accepts(row.request)]
    complaints = [(row, new.complaint(row.request)) for row in answered]
    return answered, [(row, because) for row, because in complaints if because is not None]


def _note(found: Comparison, direction: Direction, notes: Notes) -> None:
    for difference in found.differences:
        _note_difference(difference, direction, notes)
    if found.equal:
        decided = ", ".join(pointer or "the whole" for pointer in found.equal)
        notes.passed(direction.check, f"holds for {decided}", direction.rule, subject=direction.subject)


def _note_difference(difference: Difference, direction: Direction, notes: Notes) -> None:
    subject = f"{direction.subject} {difference.pointer}".strip()
    if isinstance(difference, Break):
        pointer, because = difference.pointer, difference.because
        witness = notes.witness(direction, difference.value, because=because, pointer=pointer)
        observed = direction.break_words.format(value=shown(difference.value), because=because)
        notes.refused(
            direction.check, observed, direction.rule, then=direction.then, subject=subject, witness=witness
        )
    else:
        then = (
            f"keep it as it is in the {direction.inner}, write it in plainer words, "
            f"or waive check-interface.{direction.check} with a reason"
        )
        notes.inconclusive(direction.check, difference.because, direction.rule, then=then, subject=subject)
