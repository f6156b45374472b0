"""Evaluations as columns, in the order of their ids, so that no result depends on the order of lines."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

Label = str | float | bool
Kind = Literal["text", "number", "boolean"]
Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LARGEST = sys.float_info.max


class UnusableError(Exception):
    """Evaluations that nothing can be concluded from; the message says why, and on which line."""


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One line. A misspelt ``weight`` or ``slices`` must not be overlooked, so unknown keys are refused."""

    id: str
    truth: str | bool | int | float
    prediction: str | bool | int | float
    score: float | None = None
    slices: dict[str, str | bool | int | float] = {}
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Slice:
    """A named way to part the rows: the value of each row, as a number of ``values``; -1 has none."""

    values: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True, slots=True)
class Rows:
    """Truth, prediction and score of each example. Labels are numbers of ``labels``, which is sorted."""

    ids: tuple[str, ...]
    kind: Kind
    labels: tuple[Label, ...]
    truth: Codes
    prediction: Codes
    score: Floats
    """NaN where a row has none."""
    weight: Floats
    slices: Mapping[str, Slice]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def effective(self) -> int:
        """How many equally weighted rows tell as much: Kish, Survey Sampling, 1965.

        Without it one row could carry all the weight, while a thousand are counted.
        """
        if not len(self):
            return 0
        weight = self.weight / self.weight.max()
        return int(weight.sum() ** 2 / (weight @ weight) + 1e-6)

    @property
    def numbers(self) -> tuple[Floats, Floats]:
        """Truth and prediction as numbers; only where ``kind`` is number."""
        values = np.array(self.labels, dtype=float)
        return values[self.truth], values[self.prediction]

    def part(self, chosen: Codes | Mask) -> "Rows":
        """Return some of the rows, in the order given; labels stay those of all rows."""
        index = np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen
        return replace(
            self,
            ids=tuple(self.ids[i] for i in index.tolist()),
            truth=self.truth[index],
            prediction=self.prediction[index],
            score=self.score[index],
            weight=self.weight[index],
            slices={name: Slice(s.values, s.codes[index]) for name, s in self.slices.items()},
        )

    def where(self, wanted: Mapping[str, str]) -> "Rows":
        """Return the rows whose slices have the wanted values."""
        chosen = np.ones(len(self), dtype=np.bool_)
        for name, value in wanted.items():
            part = self.slices.get(name)
            known = part is not None and value in part.values
            chosen &= part.codes == part.values.index(value) if part is not None and known else False
        return self if chosen.all() else self.part(chosen)

    def labelled(self, labels: tuple[Label, ...]) -> "Rows":
        """Return the same rows with their labels as numbers of ``labels``, which holds them all."""
        number = {label: code for code, label in enumerate(labels)}
        moved = np.array([number[label] for label in self.labels], dtype=np.int64)
        return replace(self, labels=labels, truth=moved[self.truth], prediction=moved[self.prediction])


def read_rows(path: Path) -> Rows:
    """Read evaluations.jsonl in one pass."""
    columns = _Columns()
    decoder = msgspec.json.Decoder(_Row)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.isspace():
                continue
            try:
                columns.add(decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, UnusableError) as error:
                raise UnusableError(f"line {number}: {_in_words(error, line)}") from error
    if not columns.ids:
        raise UnusableError("it has no rows")
    return columns.rows()


class _Columns:
    """The columns while they grow."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.kind: Kind | None = None
        self.labels: dict[Label, int] = {}
        self.truth: list[int] = []
        self.prediction: list[int] = []
        self.score: list[float] = []
        self.weight: list[float] = []
        self.slices: dict[str, tuple[dict[str, int], list[int]]] = {}

    def add(self, row: _Row) -> None:
        if row.id in self.ids:
            raise UnusableError(f"id {row.id!r} was there before")
        if not row.weight > 0:
            raise UnusableError(f"weight is {row.weight:g}; it must be above 0")
        for name, label in (("truth", row.truth), ("prediction", row.prediction)):
            kind = kind_of(label)
            self.kind = self.kind or kind
            if kind != self.kind:
                raise UnusableError(f"{name} is a {kind} where a {self.kind} stood before")
            if not isinstance(label, str) and abs(label) > _LARGEST:
                raise UnusableError(f"{name} is too large a number")
        position = len(self.ids)
        self.ids[row.id] = position
        self.truth.append(self.labels.setdefault(row.truth, len(self.labels)))
        self.prediction.append(self.labels.setdefault(row.prediction, len(self.labels)))
        self.score.append(float("nan") if row.score is None else row.score)
        self.weight.append(row.weight)
        for name, value in row.slices.items():
            values, codes = self.slices.setdefault(name, ({}, []))
            codes.extend([-1] * (position - len(codes)))
            codes.append(values.setdefault(in_words(value), len(values)))

    def rows(self) -> Rows:
        ids = list(self.ids)
        order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
        first_seen = tuple(self.labels)
        rows = Rows(
            ids=tuple(ids),
            kind=self.kind or "text",
            labels=first_seen,
            truth=np.array(self.truth, dtype=np.int64),
            prediction=np.array(self.prediction, dtype=np.int64),
            score=np.array(self.score, dtype=float),
            weight=np.array(self.weight, dtype=float),
            slices={name: _slice(values, codes, len(ids)) for name, (values, codes) in self.slices.items()},
        )
        return rows.labelled(tuple(sorted(first_seen))).part(order)


def _slice(values: dict[str, int], codes: list[int], n: int) -> Slice:
    filled = codes + [-1] * (n - len(codes))
    return Slice(tuple(values), np.array(filled, dtype=np.int64))


def kind_of(value: object) -> Kind:
    """Return what a label is; in JSON, and here, true is not 1."""
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def in_words(value: Label) -> str:
    """Return a label or a slice's value as a person would write it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _in_words(error: Exception, line: bytes) -> str:
    # json.dumps of Python writes these three, which are not JSON.
    if any(word in line for word in (b"NaN", b"Infinity")) and not isinstance(error, msgspec.ValidationError):
        return "it holds NaN or Infinity, which are not values"
    text = str(error)
    return text[:1].lower() + text[1:]
