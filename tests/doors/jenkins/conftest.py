"""Jobs of small Jenkinsfiles, and the projects of the end-to-end tests."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tests.doors.jenkins.build import Jenkins
from tests.e2e.conftest import by_heart, the_engine

__all__ = ["by_heart", "the_engine"]

Job = Callable[..., Jenkins]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Make a job of the text of a Jenkinsfile."""

    def made(text: str, **given: object) -> Jenkins:
        jenkinsfile = tmp_path / "Jenkinsfile"
        jenkinsfile.write_text(dedent(text), encoding="utf-8")
        workspace, home = tmp_path / "workspace", tmp_path / "job"
        workspace.mkdir()
        home.mkdir()
        environ = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        return Jenkins(workspace, home, jenkinsfile, **({"environ": environ} | given))  # type: ignore[arg-type]

    return made
