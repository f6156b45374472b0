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
from ci_steps.steps.check_interface.findings import Notes, every, first, in_short
from ci_steps.steps.check_interface.own import foreign_dialects, interface_errors, takes_everything
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
        breaks = [each for each in found.differences if isinstance(each, Break)]
        if len(breaks) > 1 and takes_everything(direction.schema(inner)):
            _note_everything(breaks, direction, notes)
        else:
            _note(found, direction, rows, notes)
    if REQUESTS in OF_POLICY[settings.policy]:
        _golden_requests(before, rows_before, now, notes)


def _golden_requests(before: Interface, rows: tuple[GoldenRow, ...], now: Interface, notes: Notes) -> None:
    rule = "every golden request of the baseline is accepted"
    try:
        answered, lost = _lost(before, rows, now)
    except UndecidableError as error:
        observed = f"it could not be asked whether they are: {error}"
        then = "write it in plainer words, or at last waive check-interface.golden with a reason"
        notes.inconclusive("golden", observed, rule, then=then, subject="baseline")
        return
    if len(answered) < len(rows):
        observed = f"{len(rows) - len(answered)} golden requests of the baseline break its own schema"
        then = "find out what the baseline really takes, or waive check-interface.baseline with a reason"
        notes.inconclusive("baseline", observed, BASELINE_RULE, then=then)
    if lost:
        row, because = lost[0]
        witness = notes.witness(REQUESTS, row.request, because=because, pointer="/input")
        count, why = every(len(lost), len(answered)), first(because.removeprefix("$: "), row)
        observed = f"the candidate refuses {count} golden requests of the live release: {why}"
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


def _note_everything(breaks: list[Break], direction: Direction, notes: Notes) -> None:
    """Note one break for all of them: they have one cause, and each is only a part of it."""
    first_of, rest = breaks[0], len(breaks) - 1
    witness = notes.witness(direction, first_of.value, because=first_of.because, pointer=first_of.pointer)
    observed = (
        f"the {direction.inner}'s {direction.check} takes everything, and so breaks what the "
        f"{direction.outer}'s says: {first_of.because}, and {rest} more"
    )
    notes.refused(
        direction.check,
        observed,
        direction.rule,
        then=f"say in the {direction.check} at least type and properties, or {direction.then}",
        subject=direction.subject,
        witness=witness,
    )


def _note(found: Comparison, direction: Direction, rows: tuple[GoldenRow, ...], notes: Notes) -> None:
    for difference in found.differences:
        _note_difference(difference, direction, rows, notes)
    if found.equal:
        decided = ", ".join(pointer or "the whole" for pointer in found.equal)
        notes.passed(direction.check, f"holds for {decided}", direction.rule, subject=direction.subject)


def _note_difference(
    difference: Difference, direction: Direction, rows: tuple[GoldenRow, ...], notes: Notes
) -> None:
    subject = f"{direction.subject} {difference.pointer}".strip()
    if isinstance(difference, Break):
        pointer, because = difference.pointer, difference.because
        witness = notes.witness(direction, difference.value, because=because, pointer=pointer)
        real = {row.id: direction.value(row) for row in rows}
        value = in_short(difference.value, real, pointer)
        observed = direction.break_words.format(value=value, because=because)
        notes.refused(
            direction.check, observed, direction.rule, then=direction.then, subject=subject, witness=witness
        )
    else:
        then = (
            f"keep it as it is in the {direction.inner}, write it in plainer words, "
            f"or waive check-interface.{direction.check} with a reason"
        )
        notes.inconclusive(direction.check, difference.because, direction.rule, then=then, subject=subject)
