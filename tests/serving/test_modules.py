"""A model that stands on others serves only with exactly those."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import rfc8785

from serving.errors import ModelError
from serving.manifest import Manifest
from tests.serving.folders import PREDICTOR, write_model

PYTHON = {"kind": "python", "entry": "predictor:Length"}
FILES: dict[str, str | bytes] = {"model/predictor.py": PREDICTOR, "model/limit.txt": "5"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lay out a model and, below it, a module, as they lie in an image."""
    whole = write_model(tmp_path, FILES, PYTHON)
    module = write_model(tmp_path / "modules" / "words", FILES, PYTHON)
    sha = hashlib.sha256((module / "manifest.json").read_bytes()).hexdigest()
    written = json.loads((whole / "manifest.json").read_bytes())
    written["modules"] = [{"name": "words", "sha": f"sha256:{sha}"}]
    (whole / "manifest.json").write_bytes(rfc8785.dumps(written))
    return whole


def test_a_module_as_it_was_published_is_verified_and_told_of(folder: Path) -> None:
    manifest = Manifest.read(folder)

    manifest.verify(folder)

    assert [module["name"] for module in manifest.ingredients["modules"]] == ["words"]


def test_a_changed_file_of_a_module_keeps_the_model_from_serving(folder: Path) -> None:
    (folder / "modules" / "words" / "model" / "limit.txt").write_text("6")

    with pytest.raises(ModelError, match=r"limit\.txt has sha256"):
        Manifest.read(folder).verify(folder)


def test_another_version_of_a_module_keeps_the_model_from_serving(folder: Path) -> None:
    write_model(folder / "modules" / "words", FILES | {"model/limit.txt": "6"}, PYTHON)

    with pytest.raises(ModelError, match=r"module words is .*, the manifest says"):
        Manifest.read(folder).verify(folder)


def test_a_module_that_nobody_named_and_one_that_is_not_there_are_refused(folder: Path) -> None:
    (folder / "modules" / "words").rename(folder / "modules" / "other")

    with pytest.raises(ModelError, match="module other is not in the manifest"):
        Manifest.read(folder).verify(folder)
