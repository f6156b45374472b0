"""Golden rows sent to a service, one by one and as lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ci_steps.ports import Progress
from ci_steps.steps.golden.rows import GoldenRow
from ci_steps.steps.golden.service import Answer, NoAnswer, Outcome, Service

_GIVE_UP_AFTER = 3
_LIST_ROWS = 500
_LIST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Replayed:
    """A row and what was made of it."""

    row: GoldenRow
    outcome: Outcome


def one_by_one(service: Service, rows: Sequence[GoldenRow], progress: Progress) -> list[Replayed]:
    """Send each row by itself; after three rows in a row without any answer the rest is not sent."""
    replayed: list[Replayed] = []
    for done, row in enumerate(rows, start=1):
        last = [r.outcome for r in replayed[-_GIVE_UP_AFTER:]]
        if len(last) == _GIVE_UP_AFTER and all(isinstance(o, NoAnswer) and o.silent for o in last):
            replayed += [Replayed(left, NoAnswer("not sent", status=0)) for left in rows[done - 1 :]]
            break
        replayed.append(Replayed(row, service.predict(row.body).outcome))
        progress.advance(done, len(rows), "rows")
    return replayed


def as_lists(service: Service, rows: Sequence[GoldenRow]) -> list[Replayed]:
    """Send the rows as one list, or as few as are short enough for any server."""
    return [
        Replayed(row, outcome)
        for part in _parts(rows)
        for row, outcome in zip(part, _answered(service, part), strict=True)
    ]


def _answered(service: Service, rows: Sequence[GoldenRow]) -> Sequence[Outcome]:
    outcome = service.predict(b"[" + b",".join(row.body for row in rows) + b"]").outcome
    if isinstance(outcome, NoAnswer):
        return [outcome] * len(rows)
    answers: Any = outcome.value
    if not isinstance(answers, list):
        return [NoAnswer("a list was sent and no list came back")] * len(rows)
    if len(answers) != len(rows):
        return [NoAnswer(f"{len(answers)} answers to {len(rows)} requests")] * len(rows)
    return [Answer(value) for value in answers]


def _parts(rows: Sequence[GoldenRow]) -> Iterator[Sequence[GoldenRow]]:
    part: list[GoldenRow] = []
    size = 0
    for row in rows:
        if part and (len(part) == _LIST_ROWS or size + len(row.body) > _LIST_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += len(row.body)
    if part:
        yield part
