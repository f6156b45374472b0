"""The reader of evaluations.jsonl: many lines at once, and one by one where something is wrong with them."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ci_steps.steps.check_metrics.rows.columns import Codes, Floats, Rows, Slice
from ci_steps.steps.check_metrics.rows.ids import Ids
from ci_steps.steps.check_metrics.rows.labels import EXACT, Kind, Label, Numbers, in_words, places

_CHUNK = 1 << 20
"""Bytes of lines that are read at once: enough for thousands of rows, too little to be seen in memory."""

_BRACE = ord("{")
_NEEDED, _OTHERS = (b'"id"', b'"truth"', b'"prediction"'), (b'"score"', b'"slices"', b'"weight"')
_ESCAPED_LETTER = re.compile(rb"\\u00[67]", re.IGNORECASE)
"""A key can be written so, too; whoever writes JSON escapes no plain letter."""
_HEAVIEST = 1e100
"""Of what is heavier, sums and their products are no numbers any more."""


class UnusableError(Exception):
    """Evaluations that nothing can be concluded from; the message says why, and on which line."""


class ContradictoryError(UnusableError):
    """Evaluations that say two things of one example: one of them is not true."""


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One line. A misspelt ``weight`` or ``slices`` must not be overlooked, so unknown keys are refused."""

    id: str
    truth: str | bool | int | float
    prediction: str | bool | int | float
    score: float | None = None
    slices: dict[str, str | bool | int | float] = {}
    weight: float = 1.0


_KINDS: Mapping[type, Kind] = {str: "text", bool: "boolean", int: "number", float: "number"}
_LINE = msgspec.json.Decoder(_Row)
_LINES = msgspec.json.Decoder(list[_Row])


def read_rows(path: Path) -> Rows:
    """Read evaluations.jsonl in one pass."""
    columns = _Columns()
    number = 1
    with path.open("rb") as file:
        while lines := file.readlines(_CHUNK):
            try:
                columns.extend(*_together(lines, number))
            except (msgspec.DecodeError, UnicodeDecodeError, UnusableError):
                _one_by_one(columns, lines, number)
            number += len(lines)
    return columns.rows()


def _together(lines: list[bytes], first: int) -> tuple[list[_Row], Codes]:
    """Decode lines as one list, and take only what would also do line by line; return their numbers too.

    Inside an object a comma is followed by a key, so where every line begins with a brace no row reaches over
    the end of its line; and where there are as many rows as lines, none holds two.
    """
    numbers = np.arange(first, first + len(lines))
    if not _begin_rows(lines):
        full = _not_blank(lines)
        lines, numbers = [lines[place] for place in full], numbers[full]
        if not _begin_rows(lines):
            raise UnusableError("a line does not begin a row")
    rows = _LINES.decode(b"[%b]" % b",".join(lines))
    if len(rows) != len(lines):
        raise UnusableError("a line holds more than a row")
    _refuse_repeated_keys(lines)
    return rows, numbers


def _refuse_repeated_keys(lines: Sequence[bytes]) -> None:
    """Refuse a row that says a thing twice: of the two the decoder takes the last without a word."""
    together = b"".join(lines)
    among = [key for key in _NEEDED if together.count(key) > len(lines)]
    among += [key for key in _OTHERS if key in together]
    if _ESCAPED_LETTER.search(together) or any(line.count(key) > 1 for key in among for line in lines):
        for line in lines:
            json.loads(line, object_pairs_hook=_once)


def _row(line: bytes) -> _Row:
    row = _LINE.decode(line)
    _refuse_repeated_keys([line])
    return row


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UnusableError(f"{key} is there twice")
        found[key] = value
    return found


def _not_blank(lines: list[bytes]) -> list[int]:
    return [place for place, line in enumerate(lines) if not line.isspace()]


def _begin_rows(lines: list[bytes]) -> bool:
    return {line[0] for line in lines} <= {_BRACE}


def _one_by_one(columns: "_Columns", lines: Sequence[bytes], first: int) -> None:
    """Take lines one at a time, up to the one that is to blame, and say what is wrong with it."""
    for number, line in enumerate(lines, start=first):
        if line.isspace():
            continue
        try:
            columns.extend([_row(line)], np.array([number]))
        except (msgspec.DecodeError, UnicodeDecodeError, UnusableError) as error:
            columns.refuse_repeated()
            raise UnusableError(f"line {number}: {_in_words(error, line)}") from error


class _Columns:
    """The columns while they grow, a part for each time."""

    def __init__(self) -> None:
        self.kind: Kind | None = None
        self.codes: dict[Label, int] = {}
        self.lines: list[Codes] = []
        self.ids: list[Ids] = []
        self.truth: list[Codes | Floats] = []
        self.prediction: list[Codes | Floats] = []
        self.score: list[Floats] = []
        self.weight: list[Floats] = []
        self.slices: dict[str, _Slices] = {}
        self.count = 0

    def extend(self, rows: Sequence[_Row], lines: Codes) -> None:
        """Take rows as they are, or none of them; what is wrong is said of the first where there is one."""
        if not rows:
            return
        weight = np.array([row.weight for row in rows], dtype=float)
        if not (weight > 0).all():
            raise UnusableError(f"weight is {weight[0]:g}; it must be above 0")
        if (weight > _HEAVIEST).any():
            raise UnusableError(f"weight is {weight[0]:g}; it must be at most {_HEAVIEST:g}")
        columns = {"truth": [row.truth for row in rows], "prediction": [row.prediction for row in rows]}
        kind = _one_kind(columns, self.kind)
        coded = {name: self._coded(name, labels, kind) for name, labels in columns.items()}
        self.kind = kind
        self.ids.append(Ids.of([row.id for row in rows]))
        self.lines.append(lines)
        self.weight.append(weight)
        self.truth.append(coded["truth"])
        self.prediction.append(coded["prediction"])
        self.score.append(np.array([row.score for row in rows], dtype=float))  # None becomes NaN
        self._part([row.slices for row in rows])
        self.count += len(rows)

    def _coded(self, name: str, labels: Sequence[Label], kind: Kind) -> Codes | Floats:
        """Return numbers as they are, and the codes of other labels."""
        if kind == "number":
            return _exact(name, labels)
        for new in set(labels) - self.codes.keys():
            self.codes[new] = len(self.codes)
        return np.fromiter(map(self.codes.__getitem__, labels), np.int64, len(labels))

    def _part(self, slices: Sequence[dict[str, Label]]) -> None:
        names: set[str] = set().union(*slices)
        for name in names:
            self.slices.setdefault(name, _Slices()).extend([each.get(name) for each in slices], self.count)

    def rows(self) -> Rows:
        if not self.count:
            raise UnusableError("it has no rows")
        labels, truth, prediction = self._labelled()
        ids = Ids.joined(self.ids)
        rows = Rows(
            ids=ids,
            kind=self.kind or "text",
            labels=labels,
            truth=truth,
            prediction=prediction,
            score=np.concatenate(self.score),
            weight=np.concatenate(self.weight),
            slices={name: each.slice(self.count) for name, each in self.slices.items()},
        )
        order = ids.order()
        if order is None:
            return rows
        if len(ids.repeated(order)[0]):
            self.refuse_repeated()
        return rows.part(order)

    def _labelled(self) -> tuple[Sequence[Label], Codes, Codes]:
        """Return the labels, sorted, and both columns as numbers of them."""
        both = np.concatenate([*self.truth, *self.prediction])
        if self.kind == "number":
            numbers, codes = np.unique(both, return_inverse=True)
            return Numbers(numbers), codes[: self.count], codes[self.count :]
        labels = tuple(sorted(self.codes))
        moved = places(tuple(self.codes), labels)[both]
        return labels, moved[: self.count], moved[self.count :]

    def refuse_repeated(self) -> None:
        """Raise for the first id that is there twice, but before that for one with two answers."""
        if not self.count:
            return
        ids, lines = Ids.joined(self.ids), np.concatenate(self.lines)
        first, second = ids.repeated(np.argsort(ids.array, kind="stable"))
        if not len(second):
            return
        for name, parts in (("truth", self.truth), ("prediction", self.prediction)):
            column = np.concatenate(parts)
            other = np.flatnonzero(column[first] != column[second])
            if len(other):
                at = other[np.argmin(second[other])]
                raise ContradictoryError(
                    f"line {lines[second[at]]}: id {ids[int(second[at])]!r} was there before, on line "
                    f"{lines[first[at]]}, with another {name}"
                )
        at = np.argmin(second)
        raise UnusableError(f"line {lines[second[at]]}: id {ids[int(second[at])]!r} was there before")


class _Slices:
    """The values of one slice while they grow."""

    def __init__(self) -> None:
        self.codes: dict[str | None, int] = {None: -1}
        self.parts: list[tuple[int, Codes]] = []

    def extend(self, values: Sequence[Label | None], start: int) -> None:
        words = [value if value is None or isinstance(value, str) else in_words(value) for value in values]
        for new in set(words) - self.codes.keys():
            self.codes[new] = len(self.codes) - 1
        self.parts.append((start, np.fromiter(map(self.codes.__getitem__, words), np.int64, len(words))))

    def slice(self, count: int) -> Slice:
        codes = np.full(count, -1, dtype=np.int64)
        for start, part in self.parts:
            codes[start : start + len(part)] = part
        return Slice(tuple(word for word in self.codes if word is not None), codes)


def _one_kind(columns: Mapping[str, Sequence[Label]], before: Kind | None) -> Kind:
    """Return the kind that all labels are of, and were of before."""
    for name, labels in columns.items():
        for kind in {_KINDS[each] for each in set(map(type, labels))}:
            before = before or kind
            if kind != before:
                raise UnusableError(f"{name} is a {kind} where a {before} stood before")
    return before or "text"


def _exact(name: str, labels: Sequence[Label]) -> Floats:
    """Return numbers as floats; two whole numbers must not become one."""
    try:
        numbers = np.array(labels, dtype=float)
    except OverflowError as error:
        raise UnusableError(f"{name} is too large a number") from error
    if (np.abs(numbers) >= EXACT).any() and any(
        isinstance(each, int) and float(each) != each for each in labels
    ):
        raise UnusableError(f"{name} has more digits than a number keeps; write it as text")
    return numbers


def _in_words(error: Exception, line: bytes) -> str:
    # json.dumps of Python writes these three, which are not JSON.
    if any(word in line for word in (b"NaN", b"Infinity")) and not isinstance(error, msgspec.ValidationError):
        return "it holds NaN or Infinity, which are not values"
    text = str(error)
    if missing := re.search(r"got `null` - at `\$\.(\w+)`", text):
        return f"{missing[1]} is null"
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
