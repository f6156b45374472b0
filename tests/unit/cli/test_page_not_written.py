from pathlib import Path

import pytest
from click.testing import CliRunner

from ci_steps.cli.steps import check
from ci_steps.errors import ExitCode
from ci_steps.selftest.specimen import Specimen


@pytest.mark.parametrize("obstacle", [True, False])
def test_a_page_that_cannot_be_written_does_not_change_how_a_run_ended(
    tmp_path: Path, *, obstacle: bool
) -> None:
    run = Specimen().laid_out(tmp_path / "run")
    if obstacle:
        (run.root / "report.html").mkdir()

    ended = CliRunner().invoke(check, ["--run-dir", str(run.root)])

    assert ended.exit_code == ExitCode.INCONCLUSIVE, ended.output
    assert ("the page was not written" in ended.output) is obstacle
