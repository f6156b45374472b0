from pathlib import Path

import pytest

from ci_steps.report import write_page
from ci_steps.rundir import RunDir
from tests.fakes.runs import TODAY, Write


@pytest.fixture
def written() -> Write:
    """Write the page on a fixed day and return what it says."""

    def write(run: RunDir) -> str:
        return Path(write_page(run, today=TODAY)).read_text(encoding="utf-8")

    return write
