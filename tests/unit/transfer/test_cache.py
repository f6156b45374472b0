"""The cache of contents: it gives out what is right, drops what is too much and sweeps what was left."""

import fcntl
import os
import shutil
import time
from pathlib import Path

import pytest

from ci_steps.adapters.transfer import ContentCache, Transfer
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import Request
from tests.fakes.progress import Told

WEEK = 7 * 24 * 3600


@pytest.fixture
def transfer(tmp_path: Path) -> Transfer:
    return of(tmp_path)


def of(root: Path, limit: int = 10**9) -> Transfer:
    return Transfer(ContentCache(root / "cache", limit), Told())


def kept(transfer: Transfer, content: bytes) -> ModelFile:
    digest = transfer.keep(content)
    return ModelFile(path="model/it", size=len(content), sha256=digest.hex)


def test_what_is_kept_is_given_out_under_any_path_and_cannot_be_written(
    transfer: Transfer, tmp_path: Path
) -> None:
    file = kept(transfer, b"content")

    assert transfer.put(file, tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").read_bytes() == b"content"
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o444


def test_what_is_not_there_is_not_given_out(transfer: Transfer, tmp_path: Path) -> None:
    other = ModelFile(path="x", size=1, sha256="0" * 64)

    assert not transfer.put(other, tmp_path / "x")
    assert not (tmp_path / "x").exists()
    assert not transfer.cache.root.exists()


@pytest.mark.parametrize("same_process", [True, False])
def test_a_spoilt_content_is_dropped_and_not_given_out(tmp_path: Path, same_process: bool) -> None:
    transfer = of(tmp_path)
    file = kept(transfer, b"content")
    place = transfer.cache.place(file.digest)
    place.chmod(0o644)
    place.write_bytes(b"CONTENT")

    assert not (transfer if same_process else of(tmp_path)).put(file, tmp_path / "out")
    assert not place.exists()
    assert not (tmp_path / "out").exists()


def test_a_content_that_was_cut_short_counts_as_not_there(transfer: Transfer) -> None:
    file = kept(transfer, b"content")
    os.truncate(transfer.cache.place(file.digest), 3)

    assert not transfer.cache.has(file.digest, file.size)


def test_a_path_that_exists_is_not_overwritten(transfer: Transfer, tmp_path: Path) -> None:
    file = kept(transfer, b"content")
    (tmp_path / "out").write_bytes(b"other")

    with pytest.raises(FileExistsError):
        transfer.put(file, tmp_path / "out")


def test_a_cache_that_cannot_be_written_is_an_outside_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")

    with pytest.raises(OutsideError, match="cannot be written"):
        of(tmp_path).keep(b"content")


# Making room


def aged(transfer: Transfer, file: ModelFile, seconds: float) -> None:
    when = time.time() - seconds
    os.utime(transfer.cache.place(file.digest), (when, when))


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    filled = of(tmp_path)
    files = [kept(filled, bytes([number]) * 100) for number in range(4)]
    for number, file in enumerate(files):
        aged(filled, file, 1000 - number)
    assert filled.put(files[0], tmp_path / "used")
    del filled

    of(tmp_path, limit=300).cache.tidy()

    there = [of(tmp_path).cache.has(file.digest, 100) for file in files]
    assert there == [True, False, True, True]


def test_room_is_made_for_what_is_to_come(tmp_path: Path) -> None:
    files = [kept(of(tmp_path), bytes([number]) * 100) for number in range(4)]

    of(tmp_path, limit=500).cache.tidy(room=250)

    assert sum(of(tmp_path).cache.has(file.digest, 100) for file in files) == 2


def test_what_a_living_process_uses_stays(tmp_path: Path) -> None:
    user = of(tmp_path)
    used, other = kept(user, b"used"), kept(of(tmp_path), b"other")

    of(tmp_path, limit=0).cache.tidy()

    assert user.cache.has(used.digest, 4)
    assert not user.cache.has(other.digest, 5)


# Room


def test_more_than_the_disk_takes_is_refused_before_a_byte_is_asked_for(tmp_path: Path) -> None:
    huge = SourceFile(path="model/it", size=10**18, locator="it", checksums={"sha256": "0" * 64})

    with pytest.raises(OutsideError, match=r"has room for [\d,]+ bytes, and 1,000,000,0") as refused:
        of(tmp_path).bring(NobodysSource(), [huge])

    assert "CI_STEPS_CACHE" in refused.value.hint


def test_what_is_there_of_a_file_counts_as_room_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Others write to the same disk meanwhile: how much is free must not move between two looks.
    disk = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: disk)
    half = old_half(tmp_path, "ab", 0)
    with half.open("wb") as stream:
        stream.write(b"x" * (1 << 20))
        stream.flush()
        os.fsync(stream.fileno())

    assert of(tmp_path).cache.upkeep.room() >= disk.free + (1 << 20), "a half took room from itself"


class NobodysSource:
    def resolve(self, address: Address) -> Found:
        raise AssertionError(address)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        raise AssertionError(file)


# Sweeping


@pytest.mark.parametrize(
    ("name", "age", "stays"), [("new-1", WEEK, False), ("ab", WEEK, False), ("ab", 60, True)]
)
def test_old_halves_that_nobody_writes_are_swept(tmp_path: Path, name: str, age: float, stays: bool) -> None:
    half = old_half(tmp_path, name, age)

    of(tmp_path).cache.tidy()

    assert half.exists() == stays


def test_an_old_half_that_somebody_writes_is_left(tmp_path: Path) -> None:
    half = old_half(tmp_path, "ab", WEEK)
    ranges = old_half(tmp_path, "ab.ranges", WEEK)
    with half.open("rb+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)

        of(tmp_path).cache.tidy()

    assert half.exists()
    assert ranges.exists()


def test_leases_of_the_dead_are_swept_and_those_of_the_living_stay(tmp_path: Path) -> None:
    user = of(tmp_path)
    kept(user, b"used")
    dead = tmp_path / "cache" / "leases" / "1-dead"
    dead.write_text("0" * 64)

    of(tmp_path, limit=0).cache.tidy()

    assert not dead.exists()
    assert len(list((tmp_path / "cache" / "leases").iterdir())) == 1


def old_half(root: Path, name: str, age: float) -> Path:
    half = root / "cache" / "half" / name
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"half")
    os.utime(half, (time.time() - age,) * 2)
    return half


# Its settings


@pytest.mark.parametrize(("gigabytes", "limit"), [("", 20 * 10**9), ("0.5", 5 * 10**8), ("0", 0)])
def test_its_limit_is_in_gigabytes(tmp_path: Path, gigabytes: str, limit: int) -> None:
    assert ContentCache.of(tmp_path, gigabytes).limit == limit


@pytest.mark.parametrize("gigabytes", ["much", "-1", "nan"])
def test_a_limit_that_is_no_size_is_bad_input(tmp_path: Path, gigabytes: str) -> None:
    with pytest.raises(InputError, match="CI_STEPS_CACHE_GB is"):
        ContentCache.of(tmp_path, gigabytes)


def test_a_name_of_bytes_is_found_again_and_a_spoilt_one_is_none(tmp_path: Path) -> None:
    cache, digest = ContentCache(tmp_path), Digest("1" * 64)
    cache.name("ab" * 32, digest)

    assert cache.named("ab" * 32) == digest
    [place] = (tmp_path / "names").glob("*/*")
    place.write_text("short")
    assert cache.named("ab" * 32) is None
    assert cache.named("cd" * 32) is None
