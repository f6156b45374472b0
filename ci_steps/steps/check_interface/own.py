"""Whether a model keeps its own interface."""

from typing import Any

from ci_steps.steps.check_interface.files import (
    GOLDEN,
    INTERFACE,
    GoldenRow,
    Interface,
    Model,
    UnreadableError,
)
from ci_steps.steps.check_interface.findings import Notes, shown
from ci_steps.steps.check_interface.pointers import misplaced, there
from ci_steps.steps.check_interface.schemas import DIALECT
from ci_steps.steps.check_interface.validation import Judge, foreign_dialect, schema_errors

_SCHEMA_RULE = f"{INTERFACE} holds two JSON schemas (2020-12), input and output, and pointers into an answer"
_GOLDEN_RULE = "every golden request and answer of a model keeps to its own interface"
_EVERY_KIND: tuple[Any, ...] = (None, True, 0, 0.5, "text", [], {})


def sound_interface(model: Model, notes: Notes) -> Interface | None:
    """Return the candidate's interface, or note why there is none to go by."""
    try:
        interface = model.interface()
    except UnreadableError as error:
        notes.refused(
            "schema", str(error), _SCHEMA_RULE, then=f"correct {INTERFACE} and publish the model anew"
        )
        return None
    wrong = interface_errors(interface)
    for observed in wrong:
        notes.refused(
            "schema", observed, _SCHEMA_RULE, then=f"correct {INTERFACE} and publish the model anew"
        )
    foreign = [] if wrong else foreign_dialects(interface)
    for observed in foreign:
        notes.inconclusive("schema", observed, _SCHEMA_RULE, then=f"write it for {DIALECT}")
    if wrong or foreign:
        return None
    if empty := empty_promises(interface):
        for observed in empty:
            notes.inconclusive("schema", observed, _SCHEMA_RULE, then="say at least its type and properties")
        return interface
    pointers = f"prediction at {interface.prediction!r}"
    pointers += f", score at {interface.score!r}" if interface.score is not None else ""
    notes.passed("schema", f"input and output are JSON schemas, {pointers}", _SCHEMA_RULE)
    return interface


def interface_errors(interface: Interface) -> list[str]:
    """Return what is wrong with an interface, apart from its dialect."""
    wrong = []
    for name, schema in (("input", interface.input), ("output", interface.output)):
        error = schema_errors(schema)
        if error is not None:
            wrong.append(f"{name} is not a JSON schema: {error}")
    if wrong:
        return wrong
    for name, pointer in (("prediction", interface.prediction), ("score", interface.score)):
        error = None if pointer is None else misplaced(pointer, interface.output)
        if error is not None:
            wrong.append(f"{name} {pointer!r}: {error}")
    return wrong


def empty_promises(interface: Interface) -> list[str]:
    """Return which schemas take a value of every kind: nothing could ever be against them."""
    judges = {"input": Judge(interface.input), "output": Judge(interface.output)}
    return [
        f"{name} takes everything, so it promises nothing"
        for name, judge in judges.items()
        if all(judge.complaint(value) is None for value in _EVERY_KIND)
    ]


def foreign_dialects(interface: Interface) -> list[str]:
    """Return which schemas declare another dialect than the one that is decided here."""
    declared = {name: foreign_dialect(getattr(interface, name)) for name in ("input", "output")}
    return [f"{name} declares the dialect {dialect}" for name, dialect in declared.items() if dialect]


def sound_golden(model: Model, interface: Interface, notes: Notes) -> tuple[GoldenRow, ...]:
    """Hold the candidate's golden rows to its own interface, and return them."""
    then = f"correct {INTERFACE} or {GOLDEN} and publish the model anew"
    try:
        rows = model.golden()
    except UnreadableError as error:
        notes.refused("golden", str(error), _GOLDEN_RULE, then=then)
        return ()
    if not rows:
        then = f"publish the model with a {GOLDEN} of 100 rows or more"
        notes.inconclusive("golden", f"there is no row in {GOLDEN}", _GOLDEN_RULE, then=then)
        return ()
    requests, answers = Judge(interface.input), Judge(interface.output)
    pointers = [p for p in (interface.prediction, interface.score) if p is not None]
    wrong = [said for row in rows if (said := _wrong(row, requests, answers, pointers))]
    if wrong:
        observed = f"{len(wrong)} of {len(rows)} rows do not, first {wrong[0]}"
        notes.refused("golden", observed, _GOLDEN_RULE, then=then)
    else:
        notes.passed("golden", f"{len(rows)} of {len(rows)} rows do", _GOLDEN_RULE)
    return rows


def _wrong(row: GoldenRow, requests: Judge, answers: Judge, pointers: list[str]) -> str | None:
    complaint = requests.complaint(row.request)
    if complaint is not None:
        return f"{row.id}: request {shown(row.request)}: {complaint}"
    complaint = answers.complaint(row.answer)
    if complaint is not None:
        return f"{row.id}: answer {shown(row.answer)}: {complaint}"
    missing = [pointer for pointer in pointers if not there(row.answer, pointer)]
    return f"{row.id}: answer {shown(row.answer)} has nothing at {missing[0]!r}" if missing else None
