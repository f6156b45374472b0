"""Released images, written into archives."""

import io
import json
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.archive.layout import Descriptor, Image
from ci_steps.archive.writing import archive_of
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.ledger import Ending
from ci_steps.model.refs import ModelRef
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.registry import MemoryRegistry
from tests.unit.archive.yard import BASE, LAYER, REPOSITORY, Yard, image_of


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


def members(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        found = {}
        for member in tar:
            file = tar.extractfile(member)
            assert file, f"{member.name} is not a file"
            found[member.name] = file.read()
    return found


def test_an_archive_is_an_image_layout_with_every_layer_of_the_image(yard: Yard) -> None:
    ref, release = yard.live()

    exported = yard.archives.exported(ref)

    key = f"images/specimen/{ref.sha}/{release.image.hex}.oci.tar"
    assert list(yard.archived()) == [key]
    assert (exported.where, exported.new) == (f"the store/{key}", True)
    with yard.blobs.open(key) as stream:
        content = stream.read()
    assert len(content) == exported.image.archive_size
    found = members(content)
    assert json.loads(found["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    [entry] = json.loads(found["index.json"])["manifests"]
    assert entry["digest"] == str(release.image)
    assert entry["annotations"] == {"org.opencontainers.image.ref.name": f"model-{ref.sha[:12]}"}
    blobs = {name: each for name, each in found.items() if name.startswith("blobs/")}
    assert all(name == f"blobs/sha256/{Digest.of(each).hex}" for name, each in blobs.items())
    assert {BASE, b"the model"} < set(blobs.values())
    [for_docker] = json.loads(found["manifest.json"])
    assert [found[name] for name in for_docker["Layers"]] == [BASE, b"the model"]
    assert Digest.of(found[for_docker["Config"]]) == Digest.of(exported.image.config)


def test_the_same_image_gives_the_same_bytes(yard: Yard, tmp_path: Path) -> None:
    ref, _ = yard.live()

    for name in ("one.tar", "two.tar"):
        yard.archives.exported(ref, to=tmp_path / name)

    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    assert list(yard.archived()) == []


def test_a_layer_that_lies_on_itself_again_is_in_the_archive_once(yard: Yard) -> None:
    manifest = yard.published()
    layers = (BASE, b"the model", BASE)
    image = yard.pushed(*image_of(manifest.name, manifest.sha, *layers), *layers)
    yard.released(manifest, image)

    exported = yard.archives.exported(ModelRef.exact(manifest.name, manifest.sha))

    with yard.blobs.open(next(yard.archived())) as stream, tarfile.open(fileobj=stream) as tar:
        names = tar.getnames()
    assert len(names) == len(set(names)) == 7
    assert [layer.size for layer in exported.image.layers] == [len(layer) for layer in layers]


def test_what_is_there_already_is_verified_without_the_registry(yard: Yard) -> None:
    ref, _ = yard.live()
    first = yard.archives.exported(ref)
    yard.registry.down = True

    again = yard.archives.exported(ref)

    assert (first.new, again.new) == (True, False)
    assert again.image == first.image


def test_an_archive_that_went_bad_is_told_and_not_replaced(yard: Yard) -> None:
    ref, _ = yard.live()
    yard.archives.exported(ref)
    [key] = yard.archived()
    with yard.blobs.open(key) as stream:
        content = bytearray(stream.read())
    content[-20_000] ^= 1
    yard.blobs.put(key, io.BytesIO(content))

    with pytest.raises(InputError, match="has other bytes than its name says") as caught:
        yard.archives.exported(ref)

    assert caught.value.hint == f"delete the store/{key}, then export again"


def test_a_file_that_holds_something_else_is_left_alone(yard: Yard, tmp_path: Path) -> None:
    ref, _ = yard.live()
    (tmp_path / "thesis.tar").write_bytes(b"years of work")

    with pytest.raises(InputError, match=r"thesis\.tar: it ends at byte 13"):
        yard.archives.exported(ref, to=tmp_path / "thesis.tar")

    assert (tmp_path / "thesis.tar").read_bytes() == b"years of work"


def test_a_folder_is_not_a_file(yard: Yard, tmp_path: Path) -> None:
    ref, _ = yard.live()

    with pytest.raises(InputError, match="is a folder"):
        yard.archives.exported(ref, to=tmp_path)


# --- which release ----------------------------------------------------------------------------------


def test_the_newest_verified_release_anywhere_is_meant_and_an_environment_narrows_it(yard: Yard) -> None:
    manifest = yard.published()
    older, newer = yard.image(manifest, b"built in May"), yard.image(manifest, b"built in June")
    yard.released(manifest, older, "production")
    yard.released(manifest, newer, "staging")
    yard.released(manifest, yard.image(manifest, b"starved"), "staging", Ending.ROLLED_BACK)
    ref = ModelRef.exact(manifest.name, manifest.sha)

    assert yard.archives.exported(ref).found.release.image == newer
    assert yard.archives.exported(ref, environment="production").found.release.image == older


def test_a_release_that_a_rollback_left_is_exported_only_where_there_is_no_other(yard: Yard) -> None:
    before, manifest = yard.published(), yard.published(**{"golden.jsonl": b"{}\n"})
    ref = ModelRef.exact(manifest.name, manifest.sha)
    yard.released(before, yard.image(before))
    yard.released(manifest, yard.image(manifest, b"bad"))
    yard.released(before, yard.image(before), action="rollback")
    assert yard.archives.exported(ref).found.withdrawn

    good = yard.released(manifest, yard.image(manifest, b"good"), "staging")
    yard.released(manifest, yard.image(manifest, b"bad"))
    yard.released(before, yard.image(before), action="rollback")

    found = yard.archives.exported(ref).found
    assert (found.release, found.withdrawn) == (good, False)


def test_a_model_that_was_never_live_has_no_image_to_export(yard: Yard) -> None:
    manifest = yard.published()
    yard.released(manifest, yard.image(manifest), "production", Ending.ROLLED_BACK)
    ref = ModelRef.exact(manifest.name, manifest.sha)

    with pytest.raises(InputError, match=r"was never live in staging or production") as caught:
        yard.archives.exported(ref)
    assert "release it first" in caught.value.hint
    with pytest.raises(InputError, match=r"was never live in staging, by the ledger"):
        yard.archives.exported(ref, environment="staging")


def test_an_unknown_environment_is_bad_input(yard: Yard) -> None:
    ref, _ = yard.live()

    with pytest.raises(InputError, match="'moon' is not an environment") as caught:
        yard.archives.exported(ref, environment="moon")

    assert caught.value.hint == "one of: staging, production"


# --- nothing wrong ever gets a name -----------------------------------------------------------------


def test_a_layer_that_the_registry_gives_otherwise_leaves_nothing(yard: Yard, tmp_path: Path) -> None:
    yard.blobs = FolderBlobs(tmp_path / "store")
    ref, _ = yard.live()
    yard.registry.blobs[REPOSITORY, Digest.of(b"the model")] = b"evil bits"

    with pytest.raises(OutsideError, match="gives other bytes"):
        yard.archives.exported(ref)

    assert list((tmp_path / "store" / "images").rglob("*.tar")) == []
    assert list((tmp_path / "store").rglob(".half-*")) == []


@pytest.mark.parametrize(("size", "told"), [(5, "more than 5 bytes"), (50, "9 instead of 50 bytes")])
def test_a_layer_of_another_length_than_the_manifest_says_leaves_nothing(
    yard: Yard, size: int, told: str
) -> None:
    manifest = yard.published()
    said, config = image_of(manifest.name, manifest.sha, b"the model")
    lying = said.replace(b'"size":9', f'"size":{size}'.encode())
    yard.released(manifest, yard.pushed(lying, config, b"the model"))

    with pytest.raises(OutsideError, match=f"has {told}"):
        yard.archives.exported(ModelRef.exact(manifest.name, manifest.sha))

    assert list(yard.archived()) == []


class Interrupted(MemoryRegistry):
    """Somebody presses Ctrl-C when half of a layer has come."""

    def pieces(self, repository: str, digest: Digest) -> Iterator[bytes]:
        yield next(super().pieces(repository, digest))
        raise KeyboardInterrupt


@pytest.mark.parametrize("to_file", [False, True])
def test_an_interrupted_export_leaves_nothing(yard: Yard, tmp_path: Path, to_file: bool) -> None:
    yard.blobs = FolderBlobs(tmp_path / "store")
    ref, _ = yard.live()
    yard.registry = Interrupted(blobs=yard.registry.blobs, manifests=yard.registry.manifests)
    out = tmp_path / "out" / "image.tar" if to_file else None

    with pytest.raises(KeyboardInterrupt):
        yard.archives.exported(ref, to=out)

    left = [*(tmp_path / "store").glob("images/**/*"), *tmp_path.glob("out/*")]
    assert [path for path in left if path.is_file()] == []


def test_a_stream_that_broke_off_never_looks_like_one_that_ended(yard: Yard) -> None:
    manifest = yard.published()
    image = Image.of(*image_of(manifest.name, manifest.sha, BASE), where="here")

    def breaking(_: Descriptor) -> Iterator[bytes]:
        yield BASE[:100]
        raise OutsideError("the registry is gone")

    stream = archive_of(image, breaking)
    with pytest.raises(OutsideError, match="is gone"):
        stream.read()
    with pytest.raises(OutsideError, match="broke off"):
        stream.read()


def test_the_image_of_another_model_is_not_exported(yard: Yard) -> None:
    manifest = yard.published()
    stranger = image_of("stranger", Digest.of(b"stranger"), BASE)
    yard.released(manifest, yard.pushed(*stranger, BASE))

    with pytest.raises(InputError, match=f"{REPOSITORY}@sha256:.* serves 'stranger@"):
        yard.archives.exported(ModelRef.exact(manifest.name, manifest.sha))


def test_a_registry_that_gives_another_manifest_is_told(yard: Yard) -> None:
    manifest = yard.published()
    yard.registry.rewrites = True
    contents = image_of(manifest.name, manifest.sha, BASE)
    yard.pushed(*contents, BASE)
    yard.released(manifest, Digest.of(contents[0]))

    with pytest.raises(InputError, match="the registry gives another manifest"):
        yard.archives.exported(ModelRef.exact(manifest.name, manifest.sha))


class Overtaken(MemoryBlobs):
    """Somebody else writes the same archive while we do."""

    def put_if_absent(self, key: str, content: BinaryIO) -> bool:
        super().put_if_absent(key, content)
        return False


def test_an_archive_that_somebody_else_wrote_meanwhile_is_verified(yard: Yard) -> None:
    ref, release = yard.live()
    yard.blobs = Overtaken(dict(yard.blobs.held) if isinstance(yard.blobs, MemoryBlobs) else {})

    exported = yard.archives.exported(ref)

    assert not exported.new
    assert exported.image.digest == release.image


def test_a_big_image_is_never_whole_in_memory(yard: Yard) -> None:
    piece = bytes(1 << 20)
    layers = (Descriptor(media_type=LAYER, digest=Digest.of(b""), size=200 << 20),)
    manifest = yard.published()
    small = Image.of(*image_of(manifest.name, manifest.sha), where="here")
    image = Image(small.manifest, small.config, layers, small.model, small.sha)
    tracemalloc.start()

    with archive_of(image, lambda _: (piece for _ in range(200))) as stream:
        size = sum(len(block) for block in iter(lambda: stream.read(1 << 20), b""))
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size == image.archive_size > 200 << 20
    assert peak < 16 << 20


def test_progress_is_told_up_to_the_whole_and_not_for_every_byte(yard: Yard) -> None:
    manifest = yard.published()
    yard.released(manifest, yard.image(manifest, bytes(3 << 20)))
    yard.progress.counts.clear()

    size = yard.archives.exported(ModelRef.exact(manifest.name, manifest.sha)).image.archive_size

    told = [done for done, _, _ in yard.progress.counts]
    assert yard.progress.counts[-1] == (size, size, "bytes")
    assert told == sorted(told)
    assert len(told) <= 51


def test_a_layer_beyond_8_gib_fits_a_header() -> None:
    labels = {"ci_steps.model": "specimen", "ci_steps.sha": "0" * 64}
    manifest, config = image_of("specimen", Digest("0" * 64), BASE, labels=labels)
    huge = msgspec.json.decode(manifest)
    huge["layers"][0]["size"] = 9 << 30

    image = Image.of(msgspec.json.encode(huge), config, where="here")
    start = archive_of(image, lambda _: iter((bytes(1 << 20),))).read(64 * 1024)

    with tarfile.open(fileobj=io.BytesIO(start)) as tar:
        *_, layer = (tar.next() for _ in range(6))
        assert layer
        assert layer.size == 9 << 30
