"""A folder that is completed by what its tracking system noted."""

import json
from pathlib import Path

import pytest

from ci_steps.adapters.locking import LIST, LOCK, Locking
from ci_steps.adapters.tracked_shape import TrackedShape
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, Known, SourceFile
from ci_steps.ports import Ended
from tests.fakes.programs import Asked, ScriptedPrograms

PINNED = b"numpy==2.2.6 --hash=sha256:" + b"0" * 64 + b"\n"
ROWS = b'{"id": "a", "truth": "x", "prediction": "x"}\n{"id": "b", "truth": "x", "prediction": "y"}\n'


def uv(asked: Asked) -> Ended:
    """Write a lock, as uv does, of a list that names numpy."""
    if "numpy" not in Path(asked.command[-1]).read_text(encoding="utf-8"):
        return Ended(1, "error: there is no such package\n")
    Path(asked.command[asked.command.index("-o") + 1]).write_bytes(PINNED)
    return Ended(0, "")


def shape(answer: Ended | None = None) -> TrackedShape:
    return TrackedShape(Locking(ScriptedPrograms({"uv": (lambda _: answer) if answer else uv}), {}))


def found(*paths: str, listed: str = "numpy==2.2.6\n", python: str = "3.11") -> Found:
    return Found(
        origin=Origin(address="clearml:m1", facts={}),
        files=tuple(SourceFile(path=path, size=1, locator=path) for path in ("model.yaml", *paths)),
        known=Known(python=python, metrics={"accuracy": 0.5, "epochs": 3.0}),
        made={LIST: listed.encode()} if listed else {},
    )


def read(_: SourceFile) -> bytes:
    return ROWS


def test_listed_packages_become_a_lock_and_measured_metrics_claims_of_all_rows() -> None:
    there = found("evaluations.jsonl")

    assert shape().fits(there)
    made = shape().shaped(there, read).made

    assert made[LOCK] == PINNED
    [claim] = json.loads(made["metrics.json"])["metrics"]
    assert (claim["metric"], claim["value"], claim["n"]) == ("accuracy", 0.5, 2)


def test_what_lies_there_is_not_made_anew() -> None:
    there = found("evaluations.jsonl", "metrics.json", LOCK)

    assert not shape().fits(there)


def test_without_a_python_or_rows_nothing_can_be_made() -> None:
    assert not shape().fits(found(python=""))
    assert not shape().fits(found(listed=""))


def test_a_model_that_was_published_by_the_kit_is_as_it_is() -> None:
    assert not shape().fits(found("manifest.json", "evaluations.jsonl"))


def test_packages_that_cannot_be_had_are_bad_input_that_names_the_model() -> None:
    with pytest.raises(InputError, match="the packages that clearml:m1 names cannot be locked") as error:
        shape().shaped(found(listed="nothing-such==1\n"), read)

    assert LOCK in error.value.hint


def test_an_index_that_does_not_answer_is_an_outside_error() -> None:
    with pytest.raises(OutsideError, match="uv failed"):
        shape(Ended(1, "error: error sending request for url\n")).shaped(found(), read)
