"""`scan-model --propose`: the scan section of a model that somebody trusts, ready to paste."""

import json
import os
import pickle
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from ci_steps.selftest.pickles import SYSTEM
from ci_steps.selftest.specimen import Specimen, model_files

GO_ON, BAD_INPUT, REFUSED, INCONCLUSIVE = 0, 2, 4, 5


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(pickle.dumps([Fraction(1, 3), {1, 2}], protocol=2))
    (folder / "predictor.py").write_text("A = 1\n")
    (folder / "labels.json").write_text("{}\n")
    return folder


def scan_model(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ci_steps", "scan-model", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )


def test_what_a_folder_needs_is_a_section_of_release_yaml(model: Path) -> None:
    done = scan_model(model.parent, "--propose", "model")

    assert done.returncode == GO_ON, done.stderr
    assert yaml.safe_load(done.stdout) == {
        "scan": {"allow": ["builtins.set", "fractions.Fraction"], "code": ["predictor.py"]}
    }
    assert "    # fractions\n    - fractions.Fraction\n" in done.stdout
    assert "read the list first" in done.stderr
    assert sorted(path.name for path in model.parent.rglob("*")) == [
        "labels.json", "model", "model.pkl", "predictor.py",
    ]  # fmt: skip


def test_what_a_run_fetched_needs_nothing_else(tmp_path: Path) -> None:
    Specimen(model_files()).laid_out(tmp_path / ".release")

    done = scan_model(tmp_path, "--propose", "--json")

    assert done.returncode == GO_ON, done.stderr
    said = json.loads(done.stdout)
    assert (said["allow"], said["code"], said["blocking"]) == ([], ["model/predictor.py"], [])


def test_a_command_is_told_and_never_proposed_nor_is_another_name_of_its_file(model: Path) -> None:
    (model / "evil.pkl").write_bytes(SYSTEM)

    done = scan_model(model.parent, "--propose", "model")

    assert done.returncode == REFUSED
    assert "posix" not in done.stdout
    assert "never allowed: posix.system in evil.pkl" in done.stderr


def test_a_file_that_nobody_could_read_is_told(model: Path) -> None:
    (model / "model.bin").write_bytes(b"GGUF\x03\0\0\0")

    done = scan_model(model.parent, "--propose", "model")

    assert done.returncode == INCONCLUSIVE
    assert "fractions.Fraction" in done.stdout
    assert "not read: model.bin" in done.stderr


def test_a_folder_without_the_option_is_an_error_that_says_so(model: Path) -> None:
    done = scan_model(model.parent, "model")

    assert done.returncode == BAD_INPUT
    assert "scan-model --propose model" in done.stderr


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_no_file_is_an_error(model: Path, name: str) -> None:
    (model.parent / "empty").mkdir()

    done = scan_model(model.parent, "--propose", name)

    assert done.returncode == BAD_INPUT
    assert name in done.stderr
    assert done.stdout == ""


def test_a_link_in_the_folder_is_an_error(model: Path) -> None:
    (model / "other.pkl").symlink_to(model / "model.pkl")

    assert scan_model(model.parent, "--propose", "model").returncode == BAD_INPUT
