"""The kit as others get it: a wheel in an environment of its own, releasing from a repository of its own."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.project import REPOSITORY, Project


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the interpreter of an environment that was empty before it got the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    environment = folder / "environment"
    # hatchling is here already, checked by its hash: the build fetches nothing.
    uv("build", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", folder, REPOSITORY)
    [wheel] = folder.glob("*.whl")
    uv("venv", "--python", sys.executable, environment)
    # What the wheel asks for, as the lock pins it; uv checks the lock's hashes.
    lock = REPOSITORY / "requirements" / "dev.lock"
    uv("pip", "install", "--python", environment / "bin" / "python", "--constraints", lock, wheel)
    return environment / "bin" / "python"


@pytest.fixture
def separate(project: Project, python: Path) -> Project:
    return replace(project, kit=python)


def test_the_wheel_releases_from_a_repository_that_has_nothing_but_a_release_yaml(separate: Project) -> None:
    alone = separate.environ(PYTHONPATH="")

    done = separate.ci_steps("release", "--model", "tweets:v1", environ=alone)

    assert done.code == 0, done.said
    assert separate.live_sha() == separate.shas["v1"]
    assert not separate.folder.is_relative_to(REPOSITORY)
    assert imported_from(separate).is_relative_to(separate.kit.parents[1])


def test_the_wheel_carries_what_its_gates_are_proved_with(separate: Project) -> None:
    done = separate.ci_steps("selftest", "--gate", "scan-model", environ=separate.environ(PYTHONPATH=""))

    assert done.code == 0, done.said
    assert "✔ scan-model" in done.output


def test_the_wheel_carries_what_a_project_starts_with(python: Path, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(python), "-m", "ci_steps", "init", "diagnosis", "--ci"]

    done = subprocess.run(command, cwd=tmp_path, env=environ, check=True, capture_output=True, text=True)

    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        *("train.py", "folder.py", "requirements.in", "release.yaml", ".gitignore", "Makefile", "Jenkinsfile")
    }
    for name in ("Jenkinsfile", ".gocd/release.gocd.yaml"):
        assert (tmp_path / name).read_bytes() == (REPOSITORY / name).read_bytes()
    assert f"{python} -m ci_steps release --environment production" in done.stdout


def imported_from(project: Project) -> Path:
    told = subprocess.run(
        [project.kit, "-c", "import ci_steps; print(ci_steps.__file__)"],
        cwd=project.folder,
        env=project.environ(PYTHONPATH=""),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Path(told.stdout.strip())


def uv(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "uv", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
