"""A model's own files, carried in a folder."""

from pathlib import Path

import pytest

from ci_steps.archive import model_exported, model_imported
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef
from tests.fakes.blobs import MemoryBlobs
from tests.unit.archive.yard import Yard


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path)


@pytest.fixture
def carried(yard: Yard, tmp_path: Path) -> tuple[ModelRef, Path]:
    """Return a model, and where its files lie after an export."""
    ref, folder = ref_of(yard.published()), tmp_path / "carried"
    model_exported(yard.store, ref, folder)
    return ref, folder


def ref_of(manifest: Manifest) -> ModelRef:
    return ModelRef.exact(manifest.name, manifest.sha)


def test_a_model_goes_into_another_store_under_its_sha(
    carried: tuple[ModelRef, Path], tmp_path: Path
) -> None:
    ref, folder = carried
    elsewhere = Yard(tmp_path / "elsewhere")

    manifest, new = model_imported(folder, ModelRef(ref.name, sha=ref.sha[:7]), elsewhere.store.publish)

    assert new
    assert elsewhere.store.manifest(ref) == manifest
    assert model_imported(folder, ref, elsewhere.store.publish) == (manifest, False)
    again = tmp_path / "again"
    model_exported(elsewhere.store, ref, again)
    assert [(p.name, p.read_bytes()) for p in files(again)] == [
        (p.name, p.read_bytes()) for p in files(folder)
    ]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_folder_that_is_there_is_left_alone(yard: Yard, carried: tuple[ModelRef, Path]) -> None:
    ref, folder = carried

    with pytest.raises(InputError, match="carried is there already"):
        model_exported(yard.store, ref, folder)


def test_an_export_of_spoilt_files_leaves_nothing(yard: Yard, tmp_path: Path) -> None:
    manifest = yard.published()
    assert isinstance(yard.blobs, MemoryBlobs)
    yard.blobs.held[f"objects/{manifest.file('golden.jsonl').sha256}"] = b"other rows"

    with pytest.raises(InputError, match=r"golden\.jsonl of specimen@.* is not what its SHA-256 says"):
        model_exported(yard.store, ref_of(manifest), tmp_path / "carried")

    assert not (tmp_path / "carried").exists()
    assert list(tmp_path.glob(".half-*")) == []


def test_an_export_to_where_nobody_may_write_is_an_outside_error(yard: Yard, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(OutsideError, match="cannot be written"):
        model_exported(yard.store, ref_of(yard.published()), tmp_path / "file" / "carried")


def test_a_file_that_was_changed_is_refused_and_nothing_is_stored(
    carried: tuple[ModelRef, Path], tmp_path: Path
) -> None:
    ref, folder = carried
    (folder / "model" / "predictor.py").write_text("import os")
    elsewhere = Yard(tmp_path / "elsewhere")

    with pytest.raises(InputError, match=r"model/predictor\.py is not what its SHA-256 says"):
        model_imported(folder, ref, elsewhere.store.publish)

    assert list(elsewhere.blobs.keys("")) == []


@pytest.mark.parametrize("lost", ["manifest.json", "golden.jsonl"])
def test_a_file_that_is_missing_is_told(yard: Yard, carried: tuple[ModelRef, Path], lost: str) -> None:
    ref, folder = carried
    (folder / lost).unlink()

    with pytest.raises(InputError, match=f"{lost} cannot be read: No such file"):
        model_imported(folder, ref, yard.store.publish)


@pytest.mark.parametrize("asked", ["specimen@0000000", "other@{sha}", "specimen:candidate"])
def test_a_folder_of_another_model_than_the_one_asked_for_is_refused(
    yard: Yard, carried: tuple[ModelRef, Path], asked: str
) -> None:
    ref, folder = carried

    with pytest.raises(InputError, match=r"asked for is|a tag cannot tell") as caught:
        model_imported(folder, ModelRef.parse(asked.format(sha=ref.sha)), yard.store.publish)

    assert f"it is {ref}" in caught.value.hint


def test_a_manifest_that_leads_outside_is_refused(yard: Yard, carried: tuple[ModelRef, Path]) -> None:
    ref, folder = carried
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"golden.jsonl"', b'"../../../etc/passwd"'))

    with pytest.raises(InputError, match="points outside"):
        model_imported(folder, ref, yard.store.publish)
