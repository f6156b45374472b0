"""A store's folder that lies in a git checkout hides itself there, where the kit made it."""

from io import BytesIO
from pathlib import Path

import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def put(root: Path, *, ignored: bool = True) -> FolderBlobs:
    blobs = FolderBlobs(root, ignored=ignored)
    assert blobs.put_if_absent("models/tweets/a.json", BytesIO(b"one"))
    return blobs


def test_a_store_that_is_made_in_a_checkout_ignores_itself(checkout: Path) -> None:
    put(checkout / "deep" / "store")

    assert (checkout / "deep/store/.gitignore").read_text() == "*\n"


def test_what_git_reads_there_is_no_key(checkout: Path) -> None:
    blobs = put(checkout / "store")

    assert list(blobs.keys("")) == ["models/tweets/a.json"]
    assert list(blobs.keys(".git")) == []
    with pytest.raises(KeyError), blobs.open(".gitignore"):
        pass


def test_a_folder_that_somebody_made_is_theirs_to_commit(checkout: Path) -> None:
    (checkout / "store").mkdir()
    put(checkout / "store")

    assert not (checkout / "store/.gitignore").exists()


def test_a_gitignore_that_was_changed_or_taken_away_stays_so(checkout: Path) -> None:
    put(checkout / "one")
    (checkout / "one/.gitignore").write_text("objects/\n")
    put(checkout / "two")
    (checkout / "two/.gitignore").unlink()
    for name in ("one", "two"):
        FolderBlobs(checkout / name, ignored=True).put("tags/tweets/v1", BytesIO(b"tag"))

    assert (checkout / "one/.gitignore").read_text() == "objects/\n"
    assert not (checkout / "two/.gitignore").exists()


def test_outside_of_a_checkout_and_for_what_is_no_store_nothing_is_written(
    tmp_path: Path, checkout: Path
) -> None:
    put(checkout / "exported", ignored=False)
    (checkout / ".git").rmdir()
    put(tmp_path / "store")

    assert not list(tmp_path.rglob(".gitignore"))
