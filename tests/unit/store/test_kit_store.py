"""Publishing, naming and fetching models, over blobs in memory."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef
from ci_steps.model.wire import canonical
from ci_steps.ports import StoreBlobs
from ci_steps.selftest.specimen import manifest_of, model_files
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.progress import Told

Publish = Callable[..., Manifest]


def store_of(blobs: StoreBlobs) -> KitStore:
    return KitStore(blobs, "the store", Told())


def lay(files: Mapping[str, bytes], folder: Path) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


@pytest.fixture
def publish(blobs: MemoryBlobs, tmp_path: Path) -> Publish:
    def published(name: str = "specimen", **changes: bytes) -> Manifest:
        files = model_files(**changes)
        manifest = manifest_of(files, name=name)
        store_of(blobs).publish(manifest, lay(files, tmp_path / manifest.sha.short))
        return manifest

    return published


def test_a_published_model_is_found_by_sha_prefix_and_tag(blobs: MemoryBlobs, publish: Publish) -> None:
    manifest = publish()
    store = store_of(blobs)
    store.tag("specimen", "candidate", manifest.sha, by="someone")

    for text in (f"specimen@{manifest.sha.hex}", f"specimen@{manifest.sha.hex[:7]}", "specimen:candidate"):
        assert store.manifest(ModelRef.parse(text)) == manifest


def test_publishing_the_same_model_again_changes_nothing(
    blobs: MemoryBlobs, publish: Publish, tmp_path: Path
) -> None:
    manifest = publish()
    before = dict(blobs.held)

    assert not store_of(blobs).publish(manifest, tmp_path / manifest.sha.short)
    assert blobs.held == before


def test_an_unknown_model_is_said(blobs: MemoryBlobs, publish: Publish) -> None:
    publish()

    with pytest.raises(InputError, match="the store has no model specimen@0000000"):
        store_of(blobs).manifest(ModelRef.parse("specimen@0000000"))


def test_an_unknown_tag_is_said_with_those_there_are(blobs: MemoryBlobs, publish: Publish) -> None:
    store_of(blobs).tag("specimen", "v1", publish().sha, by="someone")

    with pytest.raises(InputError, match="no model specimen:v2") as error:
        store_of(blobs).manifest(ModelRef.parse("specimen:v2"))
    assert "v1" in error.value.hint


def test_a_prefix_of_two_models_is_ambiguous(blobs: MemoryBlobs, publish: Publish) -> None:
    one = publish()
    twin = one.sha.hex[:9] + ("0" if one.sha.hex[9] != "0" else "1") + one.sha.hex[10:]
    blobs.put(f"models/specimen/{twin}.json", BytesIO(canonical(one)))

    with pytest.raises(InputError, match="ambiguous: 2 models"):
        store_of(blobs).manifest(ModelRef.parse(f"specimen@{one.sha.hex[:7]}"))


def test_the_sha_of_another_model_is_said_with_its_name(blobs: MemoryBlobs, publish: Publish) -> None:
    publish()
    other = publish(name="other")

    with pytest.raises(InputError) as error:
        store_of(blobs).manifest(ModelRef.parse(f"specimen@{other.sha.hex[:12]}"))
    assert f"other@{other.sha.hex[:12]}" in error.value.hint


def test_a_manifest_changed_in_the_store_is_refused(blobs: MemoryBlobs, publish: Publish) -> None:
    manifest = publish()
    key = f"models/specimen/{manifest.sha.hex}.json"
    blobs.held[key] = blobs.held[key].replace(b'"dirty":false', b'"dirty":true')

    with pytest.raises(InputError, match="is that of specimen@"):
        store_of(blobs).manifest(ModelRef.exact("specimen", manifest.sha))


def test_fetched_files_are_those_that_were_published(
    blobs: MemoryBlobs, publish: Publish, tmp_path: Path
) -> None:
    manifest = publish()

    differing = store_of(blobs).fetch(manifest.files, tmp_path / "into")

    assert not differing
    for file in manifest.files:
        assert Digest.of_file(tmp_path / "into" / file.path) == file.digest


@pytest.mark.parametrize(
    "spoilt", [lambda b: b[:-1], lambda b: b + b"x", lambda b: bytes([b[0] ^ 1]) + b[1:]]
)
def test_a_differing_byte_is_named_and_not_left_behind(
    blobs: MemoryBlobs, publish: Publish, tmp_path: Path, spoilt: Callable[[bytes], bytes]
) -> None:
    manifest = publish()
    key = f"objects/{manifest.file('golden.jsonl').sha256}"
    blobs.held[key] = spoilt(blobs.held[key])

    differing = store_of(blobs).fetch(manifest.files, tmp_path / "into")

    assert [path.name for path in differing] == ["golden.jsonl"]
    assert not (tmp_path / "into/golden.jsonl").exists()


def test_a_lost_object_is_said(blobs: MemoryBlobs, publish: Publish, tmp_path: Path) -> None:
    manifest = publish()
    del blobs.held[f"objects/{manifest.file('golden.jsonl').sha256}"]

    with pytest.raises(InputError, match="has lost object"):
        store_of(blobs).fetch(manifest.files, tmp_path / "into")


def test_a_file_that_changes_while_it_is_published_puts_nothing_under_its_name(
    blobs: MemoryBlobs, tmp_path: Path
) -> None:
    files = model_files()
    manifest = manifest_of(files)
    lay(files | {"golden.jsonl": b"{}\n"}, tmp_path)

    with pytest.raises(InputError, match="changed while it was published"):
        store_of(blobs).publish(manifest, tmp_path)
    assert f"objects/{manifest.file('golden.jsonl').sha256}" not in blobs.held
    assert not list(blobs.keys("models/"))


def test_two_who_publish_at_once_leave_one_whole_model(tmp_path: Path) -> None:
    files = model_files()
    manifest = manifest_of(files)
    lay(files, tmp_path / "folder")
    store = store_of(FolderBlobs(tmp_path / "store"))

    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(lambda _: store.publish(manifest, tmp_path / "folder"), range(8)))

    assert new.count(True) == 1
    assert not store.fetch(manifest.files, tmp_path / "into")
    assert not list((tmp_path / "store").rglob(".half-*"))


def test_a_tag_for_a_model_that_is_not_there_is_refused(blobs: MemoryBlobs) -> None:
    with pytest.raises(InputError, match="has no model"):
        store_of(blobs).tag("specimen", "v1", Digest("a" * 64), by="someone")


def test_names_and_versions_are_listed(blobs: MemoryBlobs, publish: Publish) -> None:
    one, two = publish(), publish(name="other")

    store = store_of(blobs)
    assert store.names() == ("other", "specimen")
    assert list(store.shas("specimen")) == [one.sha]
    assert list(store.shas("other")) == [two.sha]


def test_what_is_no_model_and_no_tag_is_left_alone(blobs: MemoryBlobs, publish: Publish) -> None:
    manifest = publish()
    store_of(blobs).tag("specimen", "v1", manifest.sha, by="someone")
    for foreign in ("", ".DS_Store", "old/v1"):
        blobs.held[f"tags/specimen/{foreign}"] = b"hello"
    for foreign in ("", ".DS_Store", "README.txt", "specimen/", "specimen/README.txt", "specimen/a.json"):
        blobs.held[f"models/{foreign}"] = b"hello"

    store = store_of(blobs)
    assert store.tags("specimen") == {"v1": manifest.sha}
    assert store.names() == ("specimen",)
    assert list(store.shas("specimen")) == [manifest.sha]


def test_a_tag_that_cannot_be_read_is_said_and_the_others_are_listed(
    blobs: MemoryBlobs, publish: Publish
) -> None:
    manifest = publish()
    told = Told()
    store = KitStore(blobs, "the store", told)
    store.tag("specimen", "v1", manifest.sha, by="someone")
    blobs.held["tags/specimen/README.txt"] = b"hello"

    assert store.tags("specimen") == {"v1": manifest.sha}
    [said] = told.said
    assert said.startswith("the store/tags/specimen/README.txt: ")
    with pytest.raises(InputError, match=r"tag specimen:README\.txt: "):
        store.manifest(ModelRef.parse("specimen:README.txt"))


def test_a_tag_whose_manifest_is_lost_is_said(blobs: MemoryBlobs, publish: Publish) -> None:
    manifest = publish()
    store = KitStore(blobs, "the store", Told())
    store.tag("specimen", "candidate", manifest.sha, by="someone")
    del blobs.held[f"models/specimen/{manifest.sha.hex}.json"]

    with pytest.raises(InputError, match=f"has lost the manifest of specimen@{manifest.sha.hex[:12]}"):
        store.manifest(ModelRef.parse("specimen:candidate"))
