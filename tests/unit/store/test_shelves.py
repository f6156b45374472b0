"""What a store lists is what it has, whatever became of its notes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.errors import OutsideError
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef
from ci_steps.model.wire import canonical
from ci_steps.ports import StoreBlobs
from tests import thousands
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.progress import Told

VERSIONS = list(thousands.manifests(5))


@pytest.fixture(params=["memory", "folder"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> StoreBlobs:
    return MemoryBlobs() if request.param == "memory" else FolderBlobs(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, content in thousands.FILES.items():
        (tmp_path / "model" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model" / path).write_bytes(content)
    return tmp_path / "model"


def store_of(blobs: StoreBlobs) -> KitStore:
    return KitStore(blobs, "the store", Told())


def listed(blobs: StoreBlobs, name: str = "specimen") -> set[str]:
    return {row.sha for row in store_of(blobs).shelves.of(name).rows}


def shas(versions: list[Manifest]) -> set[str]:
    return {manifest.sha.hex for manifest in versions}


def test_what_was_published_is_noted_with_its_size_and_first_claim(blobs: StoreBlobs, folder: Path) -> None:
    store = store_of(blobs)
    for manifest in VERSIONS:
        store.publish(manifest, folder)

    noted = store.shelves.noted("specimen")

    assert {row.sha for row in noted.rows} == shas(VERSIONS)
    assert {(row.size, row.metric, row.value) for row in noted.rows} == {
        (sum(map(len, thousands.FILES.values())), "accuracy", 0.9)
    }
    assert noted == store.shelves.of("specimen")
    assert [row.sha for row in noted.newest] == [manifest.sha.hex for manifest in reversed(VERSIONS)]


def test_publishers_at_once_lose_no_line_of_each_other(blobs: StoreBlobs, folder: Path) -> None:
    versions = list(thousands.manifests(12))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda manifest: store_of(blobs).publish(manifest, folder), versions))

    assert {row.sha for row in store_of(blobs).shelves.noted("specimen").rows} == shas(versions)
    [overview] = store_of(blobs).shelves.models()
    assert overview.versions == 12


def test_a_store_without_notes_is_listed_and_noted(blobs: StoreBlobs) -> None:
    thousands.put(blobs, VERSIONS)

    assert store_of(blobs).shelves.noted("specimen").rows == ()
    assert listed(blobs) == shas(VERSIONS)
    assert {row.sha for row in store_of(blobs).shelves.noted("specimen").rows} == shas(VERSIONS)


def test_a_version_that_nobody_noted_is_listed(blobs: StoreBlobs) -> None:
    thousands.store_of(blobs, VERSIONS[:-1])
    thousands.put(blobs, VERSIONS[-1:])

    assert listed(blobs) == shas(VERSIONS)
    assert [one.versions for one in store_of(blobs).shelves.models()] == [5]


@pytest.mark.parametrize("spoilt", [b"", b"[]", b'{"rows": 7}', b"\xff", b'{"rows": [["a"]]}'])
def test_notes_that_cannot_be_read_are_made_anew(blobs: StoreBlobs, spoilt: bytes) -> None:
    thousands.store_of(blobs, VERSIONS)
    blobs.put("shelf/specimen.json", BytesIO(spoilt))
    blobs.put("shelves.json", BytesIO(spoilt))

    assert [(one.name, one.versions) for one in store_of(blobs).shelves.models()] == [("specimen", 5)]
    assert listed(blobs) == shas(VERSIONS)
    assert {row.sha for row in store_of(blobs).shelves.noted("specimen").rows} == shas(VERSIONS)


def test_a_version_that_is_gone_is_not_listed(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    thousands.store_of(blobs, VERSIONS)
    (tmp_path / f"models/specimen/{VERSIONS[0].sha.hex}.json").unlink()

    assert listed(blobs) == shas(VERSIONS[1:])


def test_a_manifest_that_was_changed_since_is_listed_as_broken_and_not_noted(blobs: StoreBlobs) -> None:
    thousands.store_of(blobs, VERSIONS)
    spoilt = canonical(VERSIONS[0]).replace(b'"dirty":false', b'"dirty":true')
    blobs.put(f"models/specimen/{VERSIONS[0].sha.hex}.json", BytesIO(spoilt))

    for _ in range(2):
        [broken] = [row for row in store_of(blobs).shelves.of("specimen").rows if row.problem]
        assert broken.sha == VERSIONS[0].sha.hex
    assert not [row for row in store_of(blobs).shelves.noted("specimen").rows if row.problem]


def test_a_tag_that_moved_without_a_note_is_listed_where_it_is(blobs: StoreBlobs) -> None:
    store = thousands.store_of(blobs, VERSIONS)
    store.tag("specimen", "best", VERSIONS[0].sha, by="someone")
    assert store.shelves.noted("specimen").tagged == {"best": VERSIONS[0].sha}
    with blobs.open("tags/specimen/best") as stream:
        moved = stream.read().replace(VERSIONS[0].sha.hex.encode(), VERSIONS[1].sha.hex.encode())
    blobs.put("tags/specimen/best", BytesIO(moved + b"\n"))

    assert store.shelves.of("specimen").tagged == {"best": VERSIONS[1].sha}


def test_who_may_only_read_is_shown_all_the_same(blobs: StoreBlobs) -> None:
    thousands.put(blobs, VERSIONS)
    told = Told()

    class OnlyRead(type(blobs)):  # type: ignore[misc]  # either of the two kinds
        def replace(self, key: str, version: str | None, content: bytes) -> str | None:
            raise OutsideError(f"{key} cannot be written")

    readable = OnlyRead(*([blobs.held] if isinstance(blobs, MemoryBlobs) else [blobs.root]))  # type: ignore[attr-defined]
    rows = KitStore(readable, "the store", told).shelves.of("specimen").rows

    assert {row.sha for row in rows} == shas(VERSIONS)
    assert any("could not be noted" in line for line in told.said)


@dataclass(frozen=True, slots=True)
class SmallPages(MemoryBlobs):
    """A bucket whose listings bring twenty keys at once."""

    @property
    def page(self) -> int:
        return 20


def test_where_a_look_brings_a_part_a_lost_line_is_found_before_long() -> None:
    blobs, versions = SmallPages(), list(thousands.manifests(200))
    thousands.store_of(blobs, versions[1:])
    thousands.put(blobs, versions[:1])

    looks = next(number for number in range(1, 2000) if listed(blobs) == shas(versions))

    assert looks < 2000
    assert {row.sha for row in store_of(blobs).shelves.noted("specimen").rows} == shas(versions)


@dataclass(frozen=True, slots=True)
class WidePages(MemoryBlobs):
    """A place that is looked through at once, as a folder is."""

    @property
    def page(self) -> int:
        return 1_000_000


def test_where_a_look_brings_all_names_one_of_thousands_is_found_at_once() -> None:
    blobs, versions = WidePages(), list(thousands.manifests(1100))
    thousands.store_of(blobs, versions[1:])
    thousands.put(blobs, versions[:1])

    assert listed(blobs) == shas(versions)


def test_a_short_sha_is_shown_by_the_note_and_the_manifest_is_the_store_s(blobs: StoreBlobs) -> None:
    store = thousands.store_of(blobs, VERSIONS)
    store.tag("specimen", "best", VERSIONS[2].sha, by="someone")

    for text in (f"specimen@{VERSIONS[2].sha.hex[:9]}", f"specimen@{VERSIONS[2].sha.hex}", "specimen:best"):
        assert store.shown(ModelRef.parse(text)) == (VERSIONS[2], {"best": VERSIONS[2].sha})


def test_a_short_sha_that_the_note_has_not_is_looked_for_in_the_store(blobs: StoreBlobs) -> None:
    thousands.put(blobs, VERSIONS)

    manifest, _ = store_of(blobs).shown(ModelRef.parse(f"specimen@{VERSIONS[3].sha.hex[:9]}"))

    assert manifest == VERSIONS[3]


def test_the_overview_has_each_model_with_its_newest_version(blobs: StoreBlobs, folder: Path) -> None:
    store = thousands.store_of(blobs, VERSIONS)
    [other] = thousands.manifests(1, name="other")
    store.publish(other, folder)
    store.tag("other", "best", other.sha, by="someone")

    seen = {one.name: (one.versions, one.newest.sha, one.tagged) for one in store.shelves.models()}

    assert seen == {
        "other": (1, other.sha.hex, {"best": other.sha}),
        "specimen": (5, VERSIONS[-1].sha.hex, {}),
    }


def test_a_foreign_key_is_no_model_of_the_overview(blobs: StoreBlobs) -> None:
    store = thousands.store_of(blobs, VERSIONS)
    for foreign in ("models/README.txt", "models/Not A Name/x.json", f"models/specimen/{'g' * 64}.json"):
        blobs.put(foreign, BytesIO(b"hello"))

    assert [one.name for one in store.shelves.models()] == ["specimen"]
    assert listed(blobs) == shas(VERSIONS)


def names(blobs: StoreBlobs) -> Iterator[str]:
    return (one.name for one in store_of(blobs).shelves.models())


def test_more_models_than_a_look_brings_are_all_in_the_overview() -> None:
    blobs = SmallPages()
    versions = [next(thousands.manifests(1, name=f"m{number}")) for number in range(50)]
    thousands.put(blobs, versions)

    assert set(names(blobs)) == {f"m{number}" for number in range(50)}
    assert set(names(blobs)) == {f"m{number}" for number in range(50)}
    assert store_of(blobs).shelves.noted("m7").rows[0].sha == versions[7].sha.hex
