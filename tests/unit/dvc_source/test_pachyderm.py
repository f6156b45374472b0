"""Data in Pachyderm, in a model.yaml."""

from pathlib import Path

import pytest
import yaml

from ci_steps.adapters.model_folder.card import read_card
from ci_steps.errors import InputError
from ci_steps.model.manifest import DataSource

COMMIT = "0f1e2d3c4b5a4f6e8d7c6b5a49382716"


def card(folder: Path, *data: dict[str, str]) -> Path:
    path = folder / "model.yaml"
    said = {"name": "m", "predictor": {"python": "m:M"}, "data": list(data), "config": {}, "python": "3.11"}
    path.write_text(yaml.safe_dump(said), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "uri",
    [
        f"pach://default/tweets@{COMMIT}:/raw",
        f"pfs://tweets@{COMMIT}/raw",
        f"pach://tweets@master={COMMIT}:/raw",
        f"pach://tweets@{COMMIT}",
    ],
)
def test_a_commit_names_the_bytes_and_needs_no_sha256(tmp_path: Path, uri: str) -> None:
    assert read_card(card(tmp_path, {"uri": uri})).data == (DataSource(uri=uri, mark=f"commit:{COMMIT}"),)


@pytest.mark.parametrize("end", ["master", "master:/raw", f"{COMMIT}0:/raw", COMMIT.replace("4f6e", "5f6e")])
def test_a_branch_is_refused_because_it_moves(tmp_path: Path, end: str) -> None:
    with pytest.raises(InputError, match="names no commit, and what a branch stands for moves") as error:
        read_card(card(tmp_path, {"uri": f"pach://default/tweets@{end}"}))

    assert "pachctl list commit" in error.value.hint


def test_a_branch_whose_bytes_are_named_by_a_sha256_is_taken(tmp_path: Path) -> None:
    data = {"uri": "pach://default/tweets@master:/raw", "sha256": "1" * 64}

    assert read_card(card(tmp_path, data)).data == (DataSource(**data),)


def test_a_mark_of_another_commit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not commit:other"):
        read_card(card(tmp_path, {"uri": f"pach://t@{COMMIT}", "mark": "commit:other"}))
