from pathlib import Path

import pytest

from ci_steps.documents import ScanReport
from ci_steps.errors import InputError
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen


def test_a_run_directory_is_no_change_to_the_checkout_that_it_lies_in(tmp_path: Path) -> None:
    run = RunDir(tmp_path / ".release")

    with run.held():
        pass

    assert (run.root / ".gitignore").read_text() == "*\n"


def test_a_folder_of_something_else_is_not_taken_for_a_run_directory(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("all of it")
    (tmp_path / ".half-done").write_text("mine")

    with pytest.raises(InputError, match="is no run directory"), RunDir(tmp_path).held():
        raise AssertionError("held")

    assert sorted(path.name for path in tmp_path.iterdir()) == [".half-done", "thesis.tex"]


def test_a_folder_with_documents_alone_as_an_artifact_is_one(tmp_path: Path) -> None:
    run = Specimen().laid_out(tmp_path / "run")

    with run.held():
        pass
    assert (run.root / ".gitignore").read_text() == "*\n"


def test_an_ignore_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    run = Specimen().laid_out(tmp_path / "run")
    outside = tmp_path / "outside"
    outside.write_text("mine\n")
    (run.root / ".gitignore").symlink_to(outside)

    with run.held():
        pass
    assert outside.read_text() == "mine\n"


def test_a_folder_in_a_document_s_place_is_bad_input(tmp_path: Path) -> None:
    run = Specimen().laid_out(tmp_path / "run")
    run.path(ScanReport).mkdir()

    with pytest.raises(InputError, match="cannot be taken away"):
        run.drop(ScanReport)
