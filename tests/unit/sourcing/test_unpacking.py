"""Zips that a system keeps folders in: laid out as they were, or refused in one line."""

import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_steps.adapters.sourcing.unpacking import unpacked
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.ports import PartialError


def packed(folder: Path, name: str, files: Mapping[str | zipfile.ZipInfo, bytes]) -> None:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path, content in files.items():
            zipped.writestr(path, content, zipfile.ZIP_DEFLATED)


def test_a_folder_lies_where_its_name_says(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_bytes(b"name: x\n")
    packed(tmp_path, "model.zip", {"a.bin": b"a", "deep/b.bin": b"b"})

    found = unpacked(tmp_path, ["model.zip"], "clearml:1")

    assert {path: file.digest for path, file in found.items()} == {
        "model/a.bin": Digest.of(b"a"),
        "model/deep/b.bin": Digest.of(b"b"),
    }
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert there == {"model.yaml", *found}


def test_the_folder_that_holds_the_card_is_the_model_and_the_rest_is_left_out(tmp_path: Path) -> None:
    packed(tmp_path, "release.zip", {"v1/model.yaml": b"", "v1/model/a.bin": b"a", "notes": b"n"})
    packed(tmp_path, "plots.zip", {"roc.png": b"png"})

    found = unpacked(tmp_path, ["release.zip", "plots.zip"], "clearml:1")

    assert set(found) == {"model.yaml", "model/a.bin"}


def test_two_cards_are_two_models(tmp_path: Path) -> None:
    packed(tmp_path, "release.zip", {"v1/model.yaml": b"", "v2/model.yaml": b""})

    with pytest.raises(InputError, match=r"clearml:1 holds more than one model: release/v1/model\.yaml"):
        unpacked(tmp_path, ["release.zip"], "clearml:1")


def linked() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo("model/link")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"../model.yaml": b""}, "points outside"),
        ({"/etc/passwd": b""}, "points outside"),
        ({linked(): b"/etc/passwd"}, "no plain file"),
        ({"a": b"", "a/b": b""}, "holds one path twice"),
        ({"bomb": bytes(50_000_000)}, r"1 files of 50,000,000 bytes, and has \d\d,\d\d\d"),
    ],
)
def test_what_no_folder_was_is_refused(
    tmp_path: Path, files: Mapping[str | zipfile.ZipInfo, bytes], said: str
) -> None:
    packed(tmp_path, "release.zip", files)

    with pytest.raises(InputError, match=said):
        unpacked(tmp_path, ["release.zip"], "clearml:1")


def test_half_a_zip_is_partial(tmp_path: Path) -> None:
    packed(tmp_path, "release.zip", {"model.yaml": b"name: x\n" * 100})
    whole = (tmp_path / "release.zip").read_bytes()
    (tmp_path / "release.zip").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(PartialError, match=r"release\.zip of clearml:1 is no zip"):
        unpacked(tmp_path, ["release.zip"], "clearml:1")
