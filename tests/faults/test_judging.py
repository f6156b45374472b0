"""The campaign sees what it is for: a broken engine, and each thing that must not be left."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.campaign import End, Range
from tests.faults.content import files
from tests.faults.faults import ALWAYS, Fault, Kind, On
from tests.faults.places import unvouched, vouched
from tests.faults.proxy import FaultyProxy


@pytest.fixture(scope="module", params=[vouched, unvouched], ids=lambda place: place.__name__)
def range_(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    folder: Path = tmp_path_factory.mktemp("range")
    with request.param(folder) as place, FaultyProxy(place.server, place.bytes_) as proxy:
        yield Range(place, proxy, folder).measured()


@pytest.mark.parametrize("kind", [Kind.BIT, Kind.SHORT])
def test_an_engine_that_believes_what_it_gets_is_caught(range_: Range, kind: Kind) -> None:
    fault = Fault(kind, On.BYTES, skip=2, seed=1)
    sound = range_.fetched(f"sound-{kind.name}", fault, pinned=False)

    believing = replace(range_, believes=True).fetched(f"believing-{kind.name}", fault, pinned=False)

    assert (sound.end, sound.struck) == (End.EXACT, True), sound
    assert (believing.end, believing.struck) == (End.WRONG, True), believing


def test_a_fault_that_lasts_is_an_error_and_what_comes_after_it_is_exact(range_: Range) -> None:
    ended = range_.fetched("lasting", Fault(Kind.CUT, On.BYTES, times=ALWAYS, seed=1), pinned=True)

    assert (ended.end, ended.struck) == (End.ERROR, True), ended
    assert "did not come whole" in ended.said


def test_what_must_not_be_left_is_found_where_it_is(range_: Range) -> None:
    job = range_.job("left", pinned=False)
    shutil.copytree(job.project, job.folder / "run")
    (job.folder / "output").write_text("Traceback (most recent call last):")
    for name in ("cache-plan/models/objects/00/00", "project/store/objects/11"):
        (job.folder / name).parent.mkdir(parents=True)
        (job.folder / name).write_bytes(b"-")
    (job.project / "store" / "models" / "tweets").mkdir(parents=True)
    (job.project / "store" / "models" / "tweets" / "22.json").touch()
    (job.folder / "run" / "fetch-model.json").touch()
    for path in files():
        (job.folder / "run" / "model" / path).parent.mkdir(parents=True, exist_ok=True)
        (job.folder / "run" / "model" / path).write_bytes(b"-")

    told = {"sha": "33", "threads": ["fetch_0"]}
    found = "\n".join(range_.wrongs(job, told))

    for wrong in (
        "another SHA: 33",
        "model.yaml is not what was published",
        "a traceback",
        "thread left: fetch_0",
        "objects/00/00 is not what its name says",
        "objects/11 is not what its name says",
        "the store has got another model: 22",
        "weights.bin in the run directory is not what was published",
    ):
        assert wrong in found
    assert "hung" in "".join(range_.wrongs(job, None))
    assert "crashed" in "".join(range_.wrongs(job, {"crash": "KeyError"}))
    assert "not a clear error" in "".join(range_.wrongs(job, {"error": "it failed", "is": "OutsideError"}))
    accused = {"error": "model.yaml changed", "is": "ChangedError"}
    assert "nobody changed" in "".join(range_.wrongs(job, accused, Fault(Kind.CUT, On.BYTES)))
