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
from ci_steps.steps.check_interface.findings import Notes, every, first
from ci_steps.steps.check_interface.forms.dialects import DIALECT, DRAFT_7, foreign_dialect
from ci_steps.steps.check_interface.forms.document import Document
from ci_steps.steps.check_interface.pointers import INDEX, POINTER, names_in, there
from ci_steps.steps.check_interface.subset import compared
from ci_steps.steps.check_interface.validation import Judge, UndecidableError, schema_errors

_SCHEMA_RULE = (
    f"{INTERFACE} holds two JSON schemas (draft 2020-12 or 7), input and output, and pointers into an answer"
)
_GOLDEN_RULE = "every golden request and answer of a model keeps to its own interface"
_EVERY_KIND: tuple[Any, ...] = (None, True, 0, 0.5, "text", [], {})
_FARTHEST = 1000


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
    unclear = [] if wrong else foreign_dialects(interface)
    for observed in unclear:
        notes.inconclusive("schema", observed, _SCHEMA_RULE, then=f"write it for {DIALECT} or {DRAFT_7}")
    if wrong or unclear:
        return None
    empty = empty_promises(interface)
    for observed in empty:
        notes.inconclusive("schema", observed, _SCHEMA_RULE, then="say at least its type and properties")
    lost = lost_references(interface)
    for observed in lost:
        notes.inconclusive(
            "schema", observed, _SCHEMA_RULE, then="write what it means into the schema itself"
        )
    if empty or lost:
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
    if wrong or foreign_dialects(interface):
        return wrong
    if not compared(interface.input, False).differences:
        wrong.append("input takes nothing: there is no request that it accepts")
    for name, pointer in (("prediction", interface.prediction), ("score", interface.score)):
        error = None if pointer is None else misplaced(pointer, interface.output)
        if error is not None:
            wrong.append(f"{name} {pointer!r}: {error}")
    return wrong


def misplaced(pointer: str, schema: Any) -> str | None:
    """Return why no answer that keeps to the schema can have something there, or None.

    >>> misplaced("/label", {"properties": {"name": {}}, "additionalProperties": False})
    'the output schema lets nothing be there'
    """
    if not POINTER.fullmatch(pointer):
        return "it is not a JSON pointer such as /label"
    if compared(schema, {"not": _having(names_in(pointer))}).differences:
        return None
    return "the output schema lets nothing be there"


def _having(names: list[str]) -> Any:
    """Return the schema of values that have something under these names, one in another."""
    schema: Any = True
    for name in reversed(names):
        ways: list[dict[str, Any]] = [{"type": "object", "required": [name], "properties": {name: schema}}]
        if INDEX.fullmatch(name) and len(name) < len(str(_FARTHEST)):
            index = int(name)
            ways.append({"type": "array", "minItems": index + 1, "prefixItems": [True] * index + [schema]})
        schema = {"anyOf": ways}
    return schema


def empty_promises(interface: Interface) -> list[str]:
    """Return which schemas take a value of every kind: hardly anything could ever be against them."""
    schemas = {"input": interface.input, "output": interface.output}
    return [
        f"{name} takes everything, so it promises nothing"
        for name, schema in schemas.items()
        if takes_everything(schema)
    ]


def takes_everything(schema: Any) -> bool:
    """Whether it takes a value of every kind."""
    judge = Judge(schema)
    return all(_takes(judge, value) for value in _EVERY_KIND)


def _takes(judge: Judge, value: Any) -> bool:
    try:
        return judge.accepts(value)
    except UndecidableError:
        return False


def lost_references(interface: Interface) -> list[str]:
    """Return which schemas refer to what is not in them, or to themselves and nothing else."""
    found = []
    for name, schema in (("input", interface.input), ("output", interface.output)):
        lost = Document(schema).lost
        found += [f"{name}: reference {ref!r} leads nowhere in the schema" for ref in lost]
        if not lost and Document(schema).circles:
            found.append(f"{name} refers to itself without end")
    return found


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
    wrong, unclear = [], []
    for row in rows:
        try:
            said = _wrong(row, requests, answers, pointers)
        except UndecidableError as error:
            unclear.append(f"{row.id}: {error}")
        else:
            wrong += [] if said is None else [said]
    if wrong:
        observed = f"{every(len(wrong), len(rows))} golden rows break the model's own {INTERFACE}: {wrong[0]}"
        notes.refused("golden", observed, _GOLDEN_RULE, then=then)
    elif unclear:
        observed = f"{len(unclear)} of {len(rows)} rows could not be asked, first {unclear[0]}"
        then = "write the schema in plainer words"
        notes.inconclusive("golden", observed, _GOLDEN_RULE, then=then)
    else:
        notes.passed("golden", f"{len(rows)} of {len(rows)} rows do", _GOLDEN_RULE)
    return rows


def _wrong(row: GoldenRow, requests: Judge, answers: Judge, pointers: list[str]) -> str | None:
    complaint = requests.complaint(row.request)
    if complaint is not None:
        return first("request: " + complaint.removeprefix("$: "), row)
    complaint = answers.complaint(row.answer)
    if complaint is not None:
        return first("answer: " + complaint.removeprefix("$: "), row)
    missing = [pointer for pointer in pointers if not there(row.answer, pointer)]
    return first(f"the answer has nothing at {missing[0]!r}", row) if missing else None
