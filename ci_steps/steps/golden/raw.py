"""The raw model's own answers: by its own library, in the release's own environment, without its server."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.ports import Containers, Finished
from ci_steps.steps.golden.replay import Replayed
from ci_steps.steps.golden.rows import GoldenRow
from ci_steps.steps.golden.service import Answer, NoAnswer, Outcome

_PROGRAM = Path(__file__).with_name("raw_program.py")
_KILLED = 137


class _Answered(msgspec.Struct):
    answers: list[Any] | None = None
    failed: str = ""


class _Said(msgspec.Struct):
    """What the program writes."""

    failed: str = ""
    singly: list[_Answered] = []
    listed: _Answered | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """What the raw model answered; ``unable`` says why nobody knows, and then there are no rows."""

    singly: tuple[Replayed, ...] = ()
    listed: tuple[Replayed, ...] = ()
    unable: str = ""


def raw_answers(
    containers: Containers,
    reference: str,
    rows: Sequence[GoldenRow],
    *,
    memory_mb: int | None,
    seconds: float,
) -> Raw:
    """Ask the model in the image ``reference`` each row by itself, and all of them at once."""
    given = b"[" + b",".join(row.body for row in rows) + b"]"
    program = _PROGRAM.read_text(encoding="utf-8")
    finished = containers.ran(reference, program, given=given, memory_mb=memory_mb, seconds=seconds)
    if finished.stopped or finished.code:
        return Raw(unable=_why(finished))
    try:
        said = msgspec.json.decode(finished.output, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Raw(unable="its answers came cut off, or are no JSON")
    if said.failed:
        lost = tuple(Replayed(row, NoAnswer(f"the model does not load: {said.failed}")) for row in rows)
        return Raw(lost, lost)
    if len(said.singly) != len(rows) or said.listed is None:
        return Raw(unable=f"it told of {len(said.singly)} of {len(rows)} rows")
    singly = tuple(
        Replayed(row, outcome)
        for row, one in zip(rows, said.singly, strict=True)
        for outcome in _outcomes(one, 1)
    )
    listed = zip(rows, _outcomes(said.listed, len(rows)), strict=True)
    return Raw(singly, tuple(Replayed(row, outcome) for row, outcome in listed))


def _outcomes(said: _Answered, asked: int) -> list[Outcome]:
    if said.answers is None:
        return [NoAnswer(said.failed)] * asked
    if len(said.answers) != asked:
        return [NoAnswer(f"{len(said.answers)} answers to {asked} requests")] * asked
    return [Answer(value) for value in said.answers]


def _why(finished: Finished) -> str:
    if finished.stopped:
        return finished.stopped
    killed = " (killed, as where memory runs out)" if finished.code == _KILLED else ""
    last = next((line for line in reversed(finished.log.splitlines()) if line.strip()), "")
    return f"it ended with exit code {finished.code}{killed}{f': {last.strip()[:200]}' if last else ''}"
