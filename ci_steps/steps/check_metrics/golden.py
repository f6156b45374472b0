"""The golden rows, which must be evaluations too and agree with them."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.check_metrics.rows import Rows, UnusableError, in_words, kind_of

CHECK = "check-metrics.golden"
TOLERANCE = 1e-6
_MISSING = object()
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")


class _Golden(msgspec.Struct, frozen=True):
    id: str
    answer: Any


class _Pointers(msgspec.Struct, frozen=True):
    prediction: str | None = None
    score: str | None = None


def check_golden(golden: Path | None, interface: Path | None, rows: Rows) -> Finding:
    """Hold each golden answer against the evaluation that it names."""
    if golden is None:
        return _finding(Verdict.INCONCLUSIVE, "the model has no golden.jsonl", "publish it with golden rows")
    try:
        pointers = _pointers(interface)
        wrong, count = _wrong(golden, pointers, rows)
    except UnusableError as error:
        return _finding(Verdict.INCONCLUSIVE, str(error), "correct it and publish the model anew")
    if wrong:
        return _finding(
            Verdict.REFUSED,
            wrong[0] + _more(len(wrong) - 1, count),
            "make golden.jsonl and evaluations.jsonl from the same model and publish it anew",
        )
    if not count:
        return _finding(Verdict.INCONCLUSIVE, "golden.jsonl has no rows", "publish it with golden rows")
    return _finding(Verdict.PASSED, _agreed(count), "")


def _agreed(count: int) -> str:
    return f"{count:,} golden rows agree with their evaluations" if count > 1 else "1 golden row agrees"


def _more(others: int, count: int) -> str:
    return f" (and {others:,} more of {count:,})" if others else f" (1 of {count:,})"


def at(answer: Any, pointer: str) -> Any:
    """Return what a JSON pointer (RFC 6901) points at; :data:`_MISSING` where nothing is."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(answer, dict):
            answer = answer.get(key, _MISSING)
        elif isinstance(answer, list) and _INDEX.fullmatch(key) and int(key) < len(answer):
            answer = answer[int(key)]
        else:
            return _MISSING
    return answer


def _pointers(interface: Path | None) -> _Pointers:
    if interface is None:
        raise UnusableError(
            "the model has no interface.json, which says where in an answer the prediction is"
        )
    try:
        pointers = msgspec.json.decode(interface.read_bytes(), type=_Pointers)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableError(f"interface.json: {error}") from error
    if pointers.prediction is None:
        raise UnusableError("interface.json has no pointer `prediction` into an answer")
    for pointer in (pointers.prediction, pointers.score):
        if pointer and not pointer.startswith("/"):
            raise UnusableError(f"interface.json: {pointer!r} is not a JSON pointer")
    return pointers


def _wrong(golden: Path, pointers: _Pointers, rows: Rows) -> tuple[list[str], int]:
    answered = _answered(golden)
    wrong: list[str] = []
    for row, place in zip(answered, rows.ids.places([row.id for row in answered]), strict=True):
        if place is None:
            wrong.append(f"golden id {row.id!r} is not among the evaluations")
        else:
            wrong.extend(_disagreements(row, pointers, rows, place))
    return wrong, len(answered)


def _answered(golden: Path) -> list[_Golden]:
    decoder = msgspec.json.Decoder(_Golden)
    found: dict[str, _Golden] = {}
    with golden.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.isspace():
                continue
            try:
                row = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise UnusableError(f"golden.jsonl, line {number}: {error}") from error
            if row.id in found:
                raise UnusableError(f"golden.jsonl, line {number}: id {row.id!r} was there before")
            found[row.id] = row
    return list(found.values())


def _disagreements(row: _Golden, pointers: _Pointers, rows: Rows, place: int) -> Iterator[str]:
    evaluated = rows.labels[int(rows.prediction[place])]
    answered = at(row.answer, pointers.prediction or "")
    if not _agrees(answered, evaluated):
        yield f"golden id {row.id!r} answers {_shown(answered)}, its evaluation says {in_words(evaluated)}"
        return
    score = float(rows.score[place])
    if pointers.score is not None and not math.isnan(score):
        answered = at(row.answer, pointers.score)
        if not _agrees(answered, score):
            yield f"golden id {row.id!r} scores {_shown(answered)}, its evaluation says {score:g}"


def _agrees(answered: Any, evaluated: str | float | bool) -> bool:
    if not isinstance(answered, (str, bool, int, float)) or kind_of(answered) != kind_of(evaluated):
        return False
    if isinstance(evaluated, (str, bool)) or isinstance(answered, (str, bool)):
        return answered == evaluated
    return math.isclose(answered, evaluated, rel_tol=TOLERANCE, abs_tol=TOLERANCE**2)


def _shown(answered: Any) -> str:
    return "nothing there" if answered is _MISSING else msgspec.json.encode(answered).decode()


def _finding(verdict: Verdict, observed: str, then: str) -> Finding:
    return Finding(
        check=CHECK,
        subject="golden rows",
        verdict=verdict,
        observed=observed,
        rule="each golden row is an evaluation, with the same prediction and score",
        where="golden.jsonl",
        next=then,
    )
