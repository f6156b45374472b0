"""What every place for blobs does, the fake included."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.s3_blobs import S3Blobs
from ci_steps.errors import InputError
from ci_steps.ports import StoreBlobs
from tests.fakes.blobs import MemoryBlobs
from tests.s3_servers import a_prefix

PLACES: dict[str, Callable[[Path], StoreBlobs]] = {
    "memory": lambda _: MemoryBlobs(),
    "folder": FolderBlobs,
    "bucket": lambda _: S3Blobs(a_prefix()),
}
LARGE = 20_000_003
"""Three parts of an upload, the last one shorter."""


@pytest.fixture(params=PLACES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> StoreBlobs:
    return PLACES[request.param](tmp_path)


@pytest.fixture
def versioned(blobs: StoreBlobs) -> StoreBlobs:
    return blobs


class FailsAtItsEnd:
    """A stream that gives all of its bytes and then, instead of its end, an error."""

    def __init__(self, size: int, error: BaseException) -> None:
        self._left = size
        self._error = error

    def read(self, size: int = -1) -> bytes:
        if not self._left or size < 0:
            raise self._error
        given = min(size, self._left, 1_000_000)
        self._left -= given
        return b"x" * given


def read(blobs: StoreBlobs, key: str) -> bytes:
    with blobs.open(key) as stream:
        return stream.read()


def test_what_was_put_is_read_back(blobs: StoreBlobs) -> None:
    blobs.put("models/tweets/a.json", BytesIO(b"one"))

    assert read(blobs, "models/tweets/a.json") == b"one"


def test_an_unknown_key_is_a_key_error(blobs: StoreBlobs) -> None:
    with pytest.raises(KeyError), blobs.open("nothing/here"):
        pass


def test_a_folder_of_keys_is_not_a_key(blobs: StoreBlobs) -> None:
    blobs.put("a/b", BytesIO(b"x"))

    with pytest.raises(KeyError), blobs.open("a"):
        pass


def test_put_replaces_and_put_if_absent_does_not(blobs: StoreBlobs) -> None:
    blobs.put("tag", BytesIO(b"one"))
    blobs.put("tag", BytesIO(b"two"))

    assert not blobs.put_if_absent("tag", BytesIO(b"three"))
    assert read(blobs, "tag") == b"two"


def test_of_many_who_put_if_absent_exactly_one_wins(blobs: StoreBlobs) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: blobs.put_if_absent("seat", BytesIO(b"%d" % n)), range(32)))

    assert won.count(True) == 1
    assert read(blobs, "seat") == b"%d" % won.index(True)


def test_keys_are_sorted_and_only_those_of_the_prefix(blobs: StoreBlobs) -> None:
    for key in ("m/b", "m/a/2", "m/a/1", "mm/c"):
        blobs.put(key, BytesIO(b""))

    assert list(blobs.keys("m/")) == ["m/a/1", "m/a/2", "m/b"]
    assert list(blobs.keys("m/a/")) == ["m/a/1", "m/a/2"]
    assert list(blobs.keys("none/")) == []


def test_a_listing_gives_the_marks_by_which_versions_are_replaced(blobs: StoreBlobs) -> None:
    blobs.put("m/a", BytesIO(b"one"))
    blobs.put_if_absent("m/b", BytesIO(b"two"))

    listed = {found.key: found for found in blobs.listed("m/")}

    assert listed.keys() == {"m/a", "m/b"}
    for key, found in listed.items():
        version = blobs.version(key)
        assert version is not None
        assert version.mark == found.mark
    assert blobs.replace("m/a", listed["m/a"].mark, b"three") is not None
    [changed] = blobs.listed("m/a")
    assert changed.mark != listed["m/a"].mark
    assert changed.at >= listed["m/a"].at


def test_a_prefix_may_end_within_a_name(blobs: StoreBlobs) -> None:
    for key in ("m/tweets/ab1", "m/tweets/ab2", "m/tweets/b", "m/tweets-two/ab", "m/t"):
        blobs.put(key, BytesIO(b""))

    assert list(blobs.keys("m/tweets/ab")) == ["m/tweets/ab1", "m/tweets/ab2"]
    assert list(blobs.keys("m/tw")) == ["m/tweets-two/ab", "m/tweets/ab1", "m/tweets/ab2", "m/tweets/b"]


def test_folders_are_those_right_below_a_prefix(blobs: StoreBlobs) -> None:
    for key in ("m/a/1", "m/a/2", "m/b/c/1", "m/d", "n/e/1"):
        blobs.put(key, BytesIO(b""))

    assert sorted(blobs.folders("m/")) == ["a", "b"]
    assert list(blobs.folders("none/")) == []


def test_a_key_that_leads_outside_is_refused(blobs: StoreBlobs) -> None:
    with pytest.raises(InputError, match="outside"):
        blobs.put("../elsewhere", BytesIO(b""))


def test_a_large_blob_comes_back_as_it_was(blobs: StoreBlobs) -> None:
    content = os.urandom(LARGE)

    blobs.put("large", BytesIO(content))

    assert read(blobs, "large") == content


def test_a_large_blob_is_put_where_nothing_is_and_not_over_another(blobs: StoreBlobs) -> None:
    assert blobs.put_if_absent("large", BytesIO(b"1" * LARGE))
    assert not blobs.put_if_absent("large", BytesIO(b"2" * LARGE))
    assert not blobs.put_if_absent("large", BytesIO(b"small"))

    assert read(blobs, "large") == b"1" * LARGE


def test_of_many_who_put_something_large_at_once_one_s_is_there_whole(blobs: StoreBlobs) -> None:
    contents = [bytes([digit]) * LARGE for digit in b"1234"]

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda content: blobs.put_if_absent("seat", BytesIO(content)), contents))

    there = read(blobs, "seat")
    assert there in contents
    assert won[contents.index(there)]


@pytest.mark.parametrize("size", [0, 3, 8 << 20, LARGE])
@pytest.mark.parametrize("error", [InputError("it changed"), KeyboardInterrupt()], ids=["changed", "ctrl-c"])
def test_nothing_appears_where_the_content_fails_in_its_last_read(
    blobs: StoreBlobs, size: int, error: BaseException
) -> None:
    blobs.put("old", BytesIO(b"old"))
    for put, key in ((blobs.put_if_absent, "new"), (blobs.put, "new"), (blobs.put, "old")):
        with pytest.raises(type(error)):
            put(key, cast(BinaryIO, FailsAtItsEnd(size, error)))

    assert list(blobs.keys("")) == ["old"]
    assert read(blobs, "old") == b"old"


def test_a_blob_can_be_read_in_pieces(blobs: StoreBlobs) -> None:
    blobs.put("a", BytesIO(b"0123456789"))

    with blobs.open("a") as stream:
        assert [stream.read(4), stream.read(4), stream.read(4), stream.read(4)] == [
            b"0123",
            b"4567",
            b"89",
            b"",
        ]


def test_keys_are_sorted_by_their_characters_whatever_folders_they_make(blobs: StoreBlobs) -> None:
    keys = ["m/A", "m/a b", "m/a%20b", "m/a+b", "m/a-", "m/a.x", "m/a/1", "m/ab", "m/é"]
    for key in reversed(keys):
        blobs.put(key, BytesIO(b""))

    assert list(blobs.keys("m/a")) == keys[1:-1]
    assert list(blobs.keys("m/")) == keys


def test_an_empty_blob_is_one(blobs: StoreBlobs) -> None:
    assert blobs.put_if_absent("empty", BytesIO(b""))

    assert read(blobs, "empty") == b""
    assert not blobs.put_if_absent("empty", BytesIO(b"x"))


# Versions


def test_only_who_knows_the_version_replaces_it(versioned: StoreBlobs) -> None:
    first = versioned.replace("seat", None, b"one")
    assert first

    second = versioned.replace("seat", first, b"two")

    assert second
    assert second != first
    assert versioned.replace("seat", first, b"three") is None
    assert versioned.replace("seat", None, b"four") is None
    there = versioned.version("seat")
    assert there
    assert (there.mark, there.content) == (second, b"two")


def test_what_is_not_there_has_no_version_and_is_not_replaced(versioned: StoreBlobs) -> None:
    mark = versioned.replace("one", None, b"one")
    assert mark

    assert versioned.version("other") is None
    assert versioned.replace("other", mark, b"x") is None
    assert versioned.version("other") is None


def test_of_many_who_replace_a_version_exactly_one_does(versioned: StoreBlobs) -> None:
    mark = versioned.replace("seat", None, b"start")

    with ThreadPoolExecutor(8) as pool:
        marks = list(pool.map(lambda n: versioned.replace("seat", mark, b"%d" % n), range(32)))

    won = [n for n, made in enumerate(marks) if made]
    assert len(won) == 1
    there = versioned.version("seat")
    assert there
    assert there.content == b"%d" % won[0]
