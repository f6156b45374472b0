"""What every place for blobs does, the fake included."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.errors import InputError
from ci_steps.ports import Blobs
from tests.fakes.blobs import MemoryBlobs

PLACES: dict[str, Callable[[Path], Blobs]] = {
    "memory": lambda _: MemoryBlobs(),
    "folder": FolderBlobs,
}


@pytest.fixture(params=PLACES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return PLACES[request.param](tmp_path)


def read(blobs: Blobs, key: str) -> bytes:
    with blobs.open(key) as stream:
        return stream.read()


def test_what_was_put_is_read_back(blobs: Blobs) -> None:
    blobs.put("models/tweets/a.json", BytesIO(b"one"))

    assert read(blobs, "models/tweets/a.json") == b"one"


def test_an_unknown_key_is_a_key_error(blobs: Blobs) -> None:
    with pytest.raises(KeyError), blobs.open("nothing/here"):
        pass


def test_a_folder_of_keys_is_not_a_key(blobs: Blobs) -> None:
    blobs.put("a/b", BytesIO(b"x"))

    with pytest.raises(KeyError), blobs.open("a"):
        pass


def test_put_replaces_and_put_if_absent_does_not(blobs: Blobs) -> None:
    blobs.put("tag", BytesIO(b"one"))
    blobs.put("tag", BytesIO(b"two"))

    assert not blobs.put_if_absent("tag", BytesIO(b"three"))
    assert read(blobs, "tag") == b"two"


def test_of_many_who_put_if_absent_exactly_one_wins(blobs: Blobs) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: blobs.put_if_absent("seat", BytesIO(b"%d" % n)), range(32)))

    assert won.count(True) == 1
    assert read(blobs, "seat") == b"%d" % won.index(True)


def test_keys_are_sorted_and_only_those_of_the_prefix(blobs: Blobs) -> None:
    for key in ("m/b", "m/a/2", "m/a/1", "mm/c"):
        blobs.put(key, BytesIO(b""))

    assert list(blobs.keys("m/")) == ["m/a/1", "m/a/2", "m/b"]
    assert list(blobs.keys("m/a/")) == ["m/a/1", "m/a/2"]
    assert list(blobs.keys("none/")) == []


def test_a_key_that_leads_outside_is_refused(blobs: Blobs) -> None:
    with pytest.raises(InputError, match="outside"):
        blobs.put("../elsewhere", BytesIO(b""))
