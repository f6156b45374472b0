"""The rows that are replayed, and what the model was evaluated to predict for them."""

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.wire import decoded, decoded_once


class GoldenRow(msgspec.Struct, frozen=True):
    """A request, word for word as published, and what the raw model answered."""

    id: str
    request: msgspec.Raw
    answer: Any

    @property
    def body(self) -> bytes:
        return bytes(self.request)


class _Evaluated(msgspec.Struct, frozen=True):
    id: str
    prediction: Any


def golden_rows(path: Path) -> tuple[GoldenRow, ...]:
    """Read golden.jsonl; a row that is none, or an id that comes twice, is an input error."""
    rows: dict[str, GoldenRow] = {}
    for where, line in _lines(path):
        row = decoded_once(line, GoldenRow, where=where)
        if row.id in rows:
            raise InputError(f"{where}: id {row.id!r} was there before", hint="publish each id once")
        rows[row.id] = row
    return tuple(rows.values())


def predictions(path: Path, ids: Collection[str]) -> dict[str, Any]:
    """Read what evaluations.jsonl says was predicted for ``ids``."""
    rows = (decoded(line, _Evaluated, where=where) for where, line in _lines(path))
    return {row.id: row.prediction for row in rows if row.id in ids}


def chosen(rows: tuple[GoldenRow, ...], sha: Digest, wanted: int) -> tuple[GoldenRow, ...]:
    """Return ``wanted`` rows that the model's SHA picks: nobody can, and every machine takes the same."""
    return tuple(sorted(rows, key=lambda row: _rank(sha, row.id))[:wanted])


def _rank(sha: Digest, row_id: str) -> bytes:
    return hashlib.sha256(f"{sha.hex} {row_id}".encode()).digest()


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.isspace():
                yield f"{path.name}:{number}", line
