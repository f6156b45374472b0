"""What contrib/engine/ does where it cannot go on: it says why, and leaves everything as it is."""

from pathlib import Path

from tests.e2e.engine_setup import up

OUTSIDE = 3


def test_without_an_engine_other_distributions_are_told_in_two_lines_what_to_install(tmp_path: Path) -> None:
    done = up(
        DOCKER_HOST="unix:///var/run/docker.sock",
        PATH=str(path_without(tmp_path, "docker", "dockerd")),
        ENGINE_OS_RELEASE=str(os_release(tmp_path, "fedora")),
        ENGINE_STATE=str(tmp_path / "state"),
    )

    assert done.returncode == OUTSIDE
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert "no Docker engine answers" in first
    assert "https://docs.docker.com/engine/install/" in second


def test_an_engine_that_was_named_and_is_silent_is_not_replaced_by_another(tmp_path: Path) -> None:
    silent = f"unix://{tmp_path}/nobody.sock"

    done = up(DOCKER_HOST=silent, ENGINE_STATE=str(tmp_path / "state"))

    assert done.returncode == OUTSIDE
    assert done.stdout == ""
    assert f"DOCKER_HOST={silent} does not answer" in done.stderr


def test_a_registry_that_was_named_and_is_silent_is_not_replaced_by_another(tmp_path: Path) -> None:
    done = up(CI_STEPS_REGISTRY="registry.invalid/team", ENGINE_STATE=str(tmp_path / "state"))

    assert done.returncode == OUTSIDE
    assert done.stdout == ""
    assert "CI_STEPS_REGISTRY=registry.invalid/team does not answer" in done.stderr


def path_without(folder: Path, *programs: str) -> Path:
    """Make a PATH with everything this one has but these programs."""
    programs_folder = folder / "bin"
    programs_folder.mkdir()
    for place in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        for path in Path(place).iterdir():
            link = programs_folder / path.name
            if path.name not in programs and not link.is_symlink():
                link.symlink_to(path)
    return programs_folder


def os_release(folder: Path, distribution: str) -> Path:
    path = folder / "os-release"
    path.write_text(f"ID={distribution}\n")
    return path
