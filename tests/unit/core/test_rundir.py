from pathlib import Path

from ci_steps.rundir import RunDir


def test_a_run_directory_is_no_change_to_the_checkout_that_it_lies_in(tmp_path: Path) -> None:
    run = RunDir(tmp_path / ".release")

    with run.held():
        pass

    assert (run.root / ".gitignore").read_text() == "*\n"
