"""A file on its way: hashed in its order whatever the order of its ranges."""

import hashlib
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from ci_steps.adapters.transfer.half import AbandonedError, Half, Range
from ci_steps.adapters.transfer.journal import Journal
from ci_steps.model.sourced import SourceFile

STEP = 1000
CONTENT = random.Random(1).randbytes(10 * STEP + 7)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "half", os.O_RDWR | os.O_CREAT)
    yield opened
    os.close(opened)


def a_half(descriptor: int, journal: Journal | None = None, **checksums: str) -> Half:
    file = SourceFile(path="it", size=len(CONTENT), locator="it", mark="1", checksums=checksums)
    return Half(file, descriptor, journal, STEP)


def ranges(half: Half) -> list[Range]:
    return list(iter(half.next_range, None))


def filled(half: Half, part: Range, *, live: bool = True, block: int = 300) -> None:
    while part.at <= part.last:
        end = min(part.at + block, part.last + 1)
        half.write(part, memoryview(CONTENT)[part.at : end], live=live)
    half.accept(part, hashlib.sha256(CONTENT[part.first : part.last + 1]).hexdigest())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("live", [True, False])
def test_the_hash_is_that_of_the_whole_in_any_order(descriptor: int, seed: int, live: bool) -> None:
    half = a_half(descriptor)
    parts = ranges(half)
    random.Random(seed).shuffle(parts)
    finished = []
    for part in parts:
        filled(half, part, live=live)
        finished.append(half.is_mine_to_finish())

    assert finished == [False] * (len(parts) - 1) + [True]
    assert half.sha256 == SHA256
    assert not half.is_mine_to_finish()


def test_ranges_that_come_side_by_side_are_hashed_as_one(descriptor: int) -> None:
    half = a_half(descriptor)
    parts = ranges(half)
    for at in range(0, STEP, 100):
        for part in reversed(parts):
            if part.first + at <= part.last:
                end = min(part.first + at + 100, part.last + 1)
                half.write(part, memoryview(CONTENT)[part.at : end], live=True)
    for part in parts:
        half.accept(part, "")

    assert half.sha256 == SHA256


def test_what_was_begun_anew_takes_nothing_of_before(descriptor: int) -> None:
    half = a_half(descriptor)
    first, *_ = ranges(half)
    half.write(first, memoryview(b"x" * 500), live=True)

    half.begin_anew()

    with pytest.raises(AbandonedError):
        half.write(first, memoryview(b"x"), live=True)
    with pytest.raises(AbandonedError):
        half.accept(first, "")
    for part in ranges(half):
        filled(half, part)
    assert half.sha256 == SHA256


def test_a_streamed_file_is_one_range(descriptor: int) -> None:
    half = a_half(descriptor)
    first, *_ = ranges(half)

    with pytest.raises(AbandonedError):
        half.stream(first)

    [part] = ranges(half)
    assert (part.first, part.last) == (0, len(CONTENT) - 1)


def test_a_lane_of_before_does_not_begin_a_file_anew_that_is_whole_by_now(descriptor: int) -> None:
    half = a_half(descriptor)
    first, late, *_ = ranges(half)
    with pytest.raises(AbandonedError):
        half.stream(first)
    [whole] = ranges(half)
    filled(half, whole)
    assert half.is_mine_to_finish()

    with pytest.raises(AbandonedError):
        half.stream(late)

    assert ranges(half) == []
    assert half.sha256 == SHA256


def test_a_file_is_begun_anew_when_nobody_reads_it_back_any_more(
    descriptor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = a_half(descriptor)
    first, second, *_ = ranges(half)
    filled(half, second)
    reads, may_read = Event(), Event()
    preadv = os.preadv

    def held(*arguments: Any) -> int:
        reads.set()
        assert may_read.wait(10)
        return preadv(*arguments)

    monkeypatch.setattr(os, "preadv", held)
    with ThreadPoolExecutor(2) as pool:
        hashing = pool.submit(filled, half, first)
        assert reads.wait(10)
        anew = pool.submit(half.begin_anew)
        waited = not wait([anew], timeout=0.2).done
        may_read.set()
        anew.result(10)
        hashing.result(10)

    assert waited
    for part in ranges(half):
        filled(half, part)
    assert half.sha256 == SHA256


@pytest.mark.parametrize("checksums", [{"sha256": SHA256}, {}])
def test_another_process_goes_on_with_what_is_noted_and_right(
    descriptor: int, tmp_path: Path, checksums: dict[str, str]
) -> None:
    journal = Journal(tmp_path / "ranges")
    begun = a_half(descriptor, journal, **checksums)
    for part in ranges(begun)[2:5]:
        filled(begun, part)
    with (tmp_path / "ranges").open("a") as stream:
        stream.write("1 2 -\nrubbish\n5000 5999 " + "0" * 64 + "\n" if not checksums else "1 2 -\nrub")

    half = a_half(descriptor, journal, **checksums)

    assert half.resumed == 3 * STEP
    left = ranges(half)
    assert [part.first // STEP for part in left] == [0, 1, 5, 6, 7, 8, 9, 10]
    for part in left:
        filled(half, part)
    assert half.is_mine_to_finish()
    assert half.sha256 == SHA256


def test_spoilt_ranges_without_a_checksum_of_the_whole_are_not_trusted(
    descriptor: int, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "ranges")
    begun = a_half(descriptor, journal)
    for part in ranges(begun)[:2]:
        filled(begun, part)
    os.pwrite(descriptor, b"spoilt", 10)

    assert a_half(descriptor, journal).resumed == STEP


def test_of_a_whole_half_one_range_is_left_for_who_names_it(descriptor: int, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "ranges")
    begun = a_half(descriptor, journal, sha256=SHA256)
    for part in ranges(begun):
        filled(begun, part)

    assert len(ranges(a_half(descriptor, journal, sha256=SHA256))) == 1
