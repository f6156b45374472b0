"""Archives that are brought, sound and bad."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_steps.archive.layout import INDEX, Image
from ci_steps.archive.writing import archive_of
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.refs import ModelRef
from tests.fakes.registry import MemoryRegistry
from tests.unit.archive.yard import BASE, REPOSITORY, Yard, image_of

MODEL = b"the model"


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


@pytest.fixture
def file(yard: Yard, tmp_path: Path) -> Path:
    """Where the archive of a model lies whose image the registry then lost."""
    ref, _ = yard.live()
    yard.archives.exported(ref, to=tmp_path / "image.tar")
    yard.emptied()
    return tmp_path / "image.tar"


def model(yard: Yard) -> ModelRef:
    [name] = yard.store.names()
    [sha] = yard.store.shas(name)
    return ModelRef.exact(name, sha)


# --- sound ones -------------------------------------------------------------------------------------


def test_an_image_comes_back_from_the_store_by_the_digest_it_always_had(yard: Yard) -> None:
    ref, release = yard.live()
    exported = yard.archives.exported(ref)
    yard.emptied()

    imported = yard.archives.imported(ref, REPOSITORY)

    assert imported.reference == release.reference
    assert imported.image == exported.image
    assert imported.found
    assert imported.found.release == release
    assert imported.sent == len(BASE) + len(MODEL)
    for name in (f"@{release.image}", f":model-{ref.sha[:12]}"):
        assert yard.registry.manifest(f"{REPOSITORY}{name}")[0] == exported.image.manifest
    held = {content for (repository, _), content in yard.registry.blobs.items() if repository == REPOSITORY}
    assert held == {BASE, MODEL, exported.image.config}


def test_an_image_comes_from_a_file_to_where_neither_store_nor_ledger_know_it(
    yard: Yard, file: Path, tmp_path: Path
) -> None:
    elsewhere = Yard(tmp_path / "elsewhere")
    ref = model(yard)

    imported = elsewhere.archives.imported(
        ModelRef("specimen", sha=ref.sha[:7]), "registry.example.org/a/b", source=file
    )

    assert imported.found is None
    assert imported.image.sha.hex == ref.sha
    assert imported.reference == f"registry.example.org/a/b@{imported.image.digest}"
    assert elsewhere.registry.manifest(imported.reference)[0] == imported.image.manifest


def test_a_tag_stands_for_the_model_that_the_store_says(yard: Yard, file: Path) -> None:
    ref = model(yard)
    yard.store.tag(ref.name, "candidate", Digest(ref.sha), by="someone")

    imported = yard.archives.imported(ModelRef.parse("specimen:candidate"), REPOSITORY, source=file)

    assert imported.image.sha.hex == ref.sha


def test_what_the_registry_has_is_not_sent_again(yard: Yard, file: Path) -> None:
    yard.registry.blobs[REPOSITORY, Digest.of(BASE)] = BASE

    imported = yard.archives.imported(model(yard), REPOSITORY, source=file)

    assert imported.sent == len(MODEL)
    assert Digest.of(BASE) not in yard.registry.sent
    assert Digest.of(MODEL) in yard.registry.sent


def test_importing_twice_changes_nothing(yard: Yard, file: Path) -> None:
    first = yard.archives.imported(model(yard), REPOSITORY, source=file)
    before = dict(yard.registry.manifests)

    second = yard.archives.imported(model(yard), REPOSITORY, source=file)

    assert second.reference == first.reference
    assert second.sent == 0
    assert yard.registry.manifests == before


def test_an_image_whose_base_layer_lies_on_itself_again_comes_back(yard: Yard) -> None:
    manifest = yard.published()
    layers = (BASE, MODEL, BASE)
    release = yard.released(manifest, yard.pushed(*image_of(manifest.name, manifest.sha, *layers), *layers))
    yard.archives.exported(model(yard))
    yard.emptied()

    assert yard.archives.imported(model(yard), REPOSITORY).reference == release.reference


# --- which archive ----------------------------------------------------------------------------------


def two_images(yard: Yard) -> tuple[ModelRef, Digest, Digest]:
    """Archive two images of one model, the first of which was released again last."""
    manifest = yard.published()
    ref = ModelRef.exact(manifest.name, manifest.sha)
    one, two = yard.image(manifest, b"one"), yard.image(manifest, b"two")
    for image in (one, two):
        yard.released(manifest, image)
        yard.archives.exported(ref)
    yard.released(manifest, one)
    return ref, one, two


def test_of_several_images_the_one_released_last_is_meant(yard: Yard) -> None:
    ref, one, _ = two_images(yard)

    assert yard.archives.imported(ref, REPOSITORY).image.digest == one


def test_a_digest_names_one_of_several_images(yard: Yard) -> None:
    ref, _, two = two_images(yard)

    assert yard.archives.imported(ref, REPOSITORY, digest=two).image.digest == two


def test_several_images_that_the_ledger_does_not_know_must_be_named(yard: Yard) -> None:
    ref, one, two = two_images(yard)
    for ledger in yard.ledgers.values():
        ledger.entries.clear()

    with pytest.raises(InputError, match=r"has 2 images of .* and the ledger knows none") as caught:
        yard.archives.imported(ref, REPOSITORY)

    assert str(one) in caught.value.hint
    assert str(two) in caught.value.hint


def test_a_digest_that_the_store_has_no_archive_of_is_told_with_those_it_has(yard: Yard) -> None:
    ref, one, _ = two_images(yard)

    with pytest.raises(InputError, match="the store has no archive of an image sha256:0000") as caught:
        yard.archives.imported(ref, REPOSITORY, digest=Digest("0" * 64))

    assert str(one) in caught.value.hint


def test_a_model_without_an_archive_is_told_how_to_make_one(yard: Yard) -> None:
    ref, _ = yard.live()

    with pytest.raises(InputError, match="the store has no archive of an image of specimen@") as caught:
        yard.archives.imported(ref, REPOSITORY)

    assert caught.value.hint == f"make one with `models export {ref} --image`"


def test_a_sha_that_begins_two_models_is_ambiguous(yard: Yard) -> None:
    shas = [Digest("abcdef0" + end * 57) for end in "12"]
    for sha in shas:
        manifest, config = image_of("specimen", sha, BASE)
        key = f"images/specimen/{sha.hex}/{Digest.of(manifest).hex}.oci.tar"
        image = Image.of(manifest, config, where="here")
        yard.blobs.put(key, archive_of(image, lambda _: iter((BASE,))))

    with pytest.raises(InputError, match="specimen@abcdef0 is ambiguous: 2 models"):
        yard.archives.imported(ModelRef.parse("specimen@abcdef0"), REPOSITORY)

    assert yard.archives.imported(ModelRef.exact("specimen", shas[1]), REPOSITORY).image.sha == shas[1]


def test_what_else_lies_among_the_images_is_passed_over(yard: Yard) -> None:
    ref, _ = yard.live()
    yard.archives.exported(ref)
    yard.blobs.put(f"images/specimen/{ref.sha}/notes.txt", io.BytesIO(b"mine"))

    assert yard.archives.imported(ref, REPOSITORY).image.sha.hex == ref.sha


def test_a_file_that_is_not_there_is_bad_input(yard: Yard, tmp_path: Path) -> None:
    ref, _ = yard.live()

    with pytest.raises(InputError, match=r"there is no archive .*none\.tar"):
        yard.archives.imported(ref, REPOSITORY, source=tmp_path / "none.tar")


# --- bad ones ---------------------------------------------------------------------------------------

Spoilt = Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]


def rewritten(path: Path, spoil: Spoilt) -> None:
    """Write an archive anew, with its members as ``spoil`` leaves them."""
    with tarfile.open(path) as tar:
        members = [(member, read(tar, member)) for member in tar]
    spoil(members)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for member, each in members:
            member.size = len(each)
            tar.addfile(member, io.BytesIO(each))
    path.write_bytes(content.getvalue())


def read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file
    return file.read()


def member(name: str, **more: Any) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(found, key, value)
    return found


def place(members: list[tuple[tarfile.TarInfo, bytes]], name: str) -> int:
    return next(n for n, (each, _) in enumerate(members) if each.name == name)


def changed(name: str, old: bytes, new: bytes) -> Spoilt:
    def spoil(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        at = place(members, name)
        assert old in members[at][1]
        members[at] = (members[at][0], members[at][1].replace(old, new))

    return spoil


def refused(yard: Yard, file: Path, match: str, **more: Any) -> None:
    """Hold an import to one line, and the registry to what it was before."""
    with pytest.raises(InputError, match=match) as caught:
        yard.archives.imported(more.pop("ref", None) or model(yard), REPOSITORY, source=file, **more)
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert yard.registry.sent == []
    assert yard.registry.manifests == {}


def test_an_archive_that_was_only_written_anew_is_still_the_same(file: Path) -> None:
    before = file.read_bytes()

    rewritten(file, lambda _: None)

    assert file.read_bytes() == before


def test_no_bit_can_be_flipped(yard: Yard, file: Path) -> None:
    whole = file.read_bytes()
    for at in range(0, len(whole), 97):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << at % 8
        file.write_bytes(flipped)

        refused(yard, file, r"image\.tar: ")


def test_no_byte_may_be_missing_at_its_end(yard: Yard, file: Path) -> None:
    whole = file.read_bytes()
    for length in (*range(0, len(whole), 509), len(whole) - 1):
        file.write_bytes(whole[:length])

        refused(yard, file, f"image.tar: it ends at byte {length:,}, in the middle")


@pytest.mark.parametrize("more", [b"\0", b"x", bytes(10_240), b"payload" * 100])
def test_nothing_may_follow_its_end(yard: Yard, file: Path, more: bytes) -> None:
    file.write_bytes(file.read_bytes() + more)

    refused(yard, file, "something follows its end")


def test_a_file_that_is_no_archive_is_told(yard: Yard, file: Path) -> None:
    file.write_bytes(b"a letter " * 1_000)

    refused(yard, file, "at byte 0 is no header of oci-layout: ")


@pytest.mark.parametrize(
    "name",
    ["../../etc/cron.d/evil", "/etc/passwd", "blobs/sha256/../../evil", "extra", "oci-layout", "\x1b[2J"],
)
def test_a_member_that_does_not_belong_is_refused(yard: Yard, file: Path, name: str, tmp_path: Path) -> None:
    whole = file.read_bytes()
    for at in (0, 1, 4, 6, 7):
        file.write_bytes(whole)
        rewritten(file, lambda members, at=at: members.insert(at, (member(name), b"evil")))  # type: ignore[misc]

        refused(
            yard, file, "at byte .* is .*, expected is|its oci-layout|something stands between|has 4 bytes"
        )

    assert not list(tmp_path.rglob("*evil*"))


def test_a_member_that_comes_twice_is_refused(yard: Yard, file: Path) -> None:
    whole = file.read_bytes()
    for at in range(7):
        file.write_bytes(whole)
        rewritten(file, lambda members, at=at: members.insert(at, members[at]))  # type: ignore[misc]

        refused(yard, file, "expected is|something stands between")


def test_a_member_that_is_missing_is_refused(yard: Yard, file: Path) -> None:
    whole = file.read_bytes()
    for at in range(7):
        file.write_bytes(whole)
        rewritten(file, lambda members, at=at: members.pop(at))  # type: ignore[misc]

        refused(yard, file, "expected is|is no header of")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_a_link_or_a_device_in_the_place_of_a_layer_is_refused(yard: Yard, file: Path, kind: bytes) -> None:
    def spoil(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[6] = (member(members[6][0].name, type=kind, linkname="/etc/shadow"), b"")

    rewritten(file, spoil)

    refused(yard, file, "its descriptor says|not as a plain file")


@pytest.mark.parametrize("more", [{"mode": 0o4755}, {"mtime": 1}, {"uid": 1}, {"uname": "root"}])
def test_a_member_that_says_more_than_an_export_does_is_refused(
    yard: Yard, file: Path, more: dict[str, Any]
) -> None:
    def spoil(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        members[5] = (member(members[5][0].name, **more), members[5][1])

    rewritten(file, spoil)

    refused(yard, file, "but not as a plain file of an export")


@pytest.mark.parametrize("size", [9 << 20, 1 << 40, -1])
def test_a_document_that_would_fill_the_memory_is_not_read(yard: Yard, file: Path, size: int) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:1024] + member(INDEX, size=size).tobuf(tarfile.GNU_FORMAT) + whole[1536:])

    refused(yard, file, "a document has 8,388,608 at most")


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("oci-layout", b"1.0.0", b"9.0.0", "its oci-layout is not that of the image"),
        (INDEX, b'"schemaVersion":2', b'"schemaVersion":3', "its index.json is not that of the image"),
        (INDEX, b"oci.image.manifest.v1", b"docker.manifest.v2", "its index.json is not that of the image"),
        (INDEX, b'"model-', b'"latest', "its index.json is not that of the image"),
        (INDEX, b"{", b"[", "index.json: "),
        (INDEX, b"sha256:", b"sha512:", "is not a digest"),
        (INDEX, b'"size":', b'"size":1', "its descriptor says"),
        (INDEX, b'"manifests":[', b'"manifests":[],"others":[', "expected `array` of length"),
        ("manifest.json", b"null", b'["python:3.11"]', "its manifest.json is not that of the image"),
    ],
)
def test_a_wrong_index_is_refused(
    yard: Yard, file: Path, name: str, old: bytes, new: bytes, told: str
) -> None:
    rewritten(file, changed(name, old, new))

    refused(yard, file, told)


def test_an_index_of_two_images_is_refused(yard: Yard, file: Path) -> None:
    def spoil(members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
        at = place(members, INDEX)
        head, entry, tail = members[at][1].partition(b'{"annotations"')
        body = entry + tail.split(b"]")[0]
        members[at] = (members[at][0], head + body + b"," + body + b"]" + tail.split(b"]")[1])

    rewritten(file, spoil)

    refused(yard, file, "index.json: ")


def forged(path: Path, manifest: bytes, config: bytes, *layers: bytes) -> None:
    """Write an archive of an image that nobody released."""
    contents = {Digest.of(layer): layer for layer in layers}
    image = Image.of(manifest, config, where="here")
    path.write_bytes(archive_of(image, lambda layer: iter((contents[layer.digest],))).read())


def test_the_archive_of_another_model_is_refused(yard: Yard, file: Path) -> None:
    other = yard.published(**{"golden.jsonl": b"{}\n"})
    ref = ModelRef.exact(other.name, other.sha)

    refused(yard, file, f"serves 'specimen@.*', asked for is {ref}", ref=ref)
    refused(yard, file, "asked for is other@", ref=ModelRef.exact("other", other.sha))


def test_an_archive_in_the_place_of_another_models_is_refused(yard: Yard) -> None:
    one, two = yard.published(), yard.published(**{"golden.jsonl": b"{}\n"})
    for manifest, content in ((one, b"one"), (two, b"two")):
        yard.released(manifest, yard.image(manifest, content))
        yard.archives.exported(ModelRef.exact(manifest.name, manifest.sha))
    yard.emptied()
    of_one = next(key for key in yard.archived() if one.sha.hex in key)
    of_two = next(key for key in yard.archived() if two.sha.hex in key)
    with yard.blobs.open(of_two) as stream:
        yard.blobs.put(of_one, stream)

    with pytest.raises(InputError, match=r"the store/images/.* serves 'specimen@"):
        yard.archives.imported(ModelRef.exact(one.name, one.sha), REPOSITORY)

    assert yard.registry.manifests == {}


def test_another_image_of_the_same_model_is_refused_where_one_is_named(yard: Yard, file: Path) -> None:
    ref = model(yard)
    forged(file, *image_of(ref.name, Digest(ref.sha), b"evil"), b"evil")

    refused(yard, file, "holds the image sha256:", digest=Digest("0" * 64))


@pytest.mark.parametrize("labels", [{}, {"ci_steps.model": "specimen"}, {"ci_steps.sha": "0" * 64}])
def test_an_image_that_does_not_say_which_model_it_serves_is_refused(
    yard: Yard, file: Path, labels: dict[str, str]
) -> None:
    ref = model(yard)
    said = {"ci_steps.model": ref.name, "ci_steps.sha": ref.sha}
    manifest, config = image_of(ref.name, Digest(ref.sha), b"x")
    image = Image.of(manifest, config, where="here")
    bare, without = image_of(ref.name, Digest(ref.sha), b"x", labels=labels)
    assert said != labels
    forged_by_hand = Image(bare, without, image.layers, image.model, image.sha)
    file.write_bytes(archive_of(forged_by_hand, lambda _: iter((b"x",))).read())

    refused(yard, file, "does not say which model it serves: no label")


def test_a_label_that_would_write_over_the_terminal_is_shown_and_not_sent_to_it(
    yard: Yard, file: Path
) -> None:
    labels = {"ci_steps.model": "\x1b[2Jspecimen", "ci_steps.sha": "0" * 64}
    forged(file, *image_of("specimen", Digest("0" * 64), BASE, labels=labels), BASE)

    with pytest.raises(InputError) as caught:
        yard.archives.imported(model(yard), REPOSITORY, source=file)

    assert str(caught.value).isprintable()


class Rewriting(MemoryRegistry):
    """Takes the manifest, and gives another one."""

    def manifest(self, reference: str) -> tuple[bytes, str]:
        content, media_type = super().manifest(reference)
        return content + b" ", media_type


@pytest.mark.parametrize("registry", [MemoryRegistry(rewrites=True), Rewriting()])
def test_a_registry_that_names_another_digest_is_told(
    yard: Yard, file: Path, registry: MemoryRegistry
) -> None:
    yard.registry = registry

    with pytest.raises(OutsideError, match=r"names the image sha256:.*, imported was sha256:") as caught:
        yard.archives.imported(model(yard), REPOSITORY, source=file)

    assert "do not use this image" in caught.value.hint
