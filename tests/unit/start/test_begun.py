"""What `init` writes into a folder, what it leaves alone, and what it says to type then."""

import re
import socket
import subprocess
from datetime import date
from pathlib import Path

import pytest

from ci_steps import kit
from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.errors import InputError, OutsideError
from ci_steps.start import Values, begun, every_name, free_ports, next_commands

ROOT = Path(__file__).parents[3]
VALUES = Values("diagnosis", 8080, 8081, by="m.jansen", until=date(2026, 12, 31))


def commands(folder: Path, *, python: str = "python") -> list[str]:
    lines = next_commands(begun(folder, VALUES, ci=False), folder=folder, python=python, production=8081)
    return [line.command for line in lines]


def content(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_an_empty_folder_gets_every_file_but_those_for_a_ci(tmp_path: Path) -> None:
    project = begun(tmp_path, VALUES, ci=False)

    assert set(content(tmp_path)) == set(project.written)
    assert set(every_name()) - set(project.written) == {"Makefile", "Jenkinsfile", ".gocd/release.gocd.yaml"}
    assert project.kept == ()


def test_for_a_ci_it_gets_the_kits_own_files_too(tmp_path: Path) -> None:
    begun(tmp_path, VALUES, ci=True)

    assert set(content(tmp_path)) == set(every_name())
    for name in ("Jenkinsfile", ".gocd/release.gocd.yaml"):
        assert (tmp_path / name).read_bytes() == (ROOT / name).read_bytes()


def test_every_file_to_start_from_is_written_and_none_is_forgotten() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "contrib/start"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    there = {line.removeprefix("contrib/start/") for line in listed.stdout.splitlines()}

    assert there == set(every_name()) - {"Makefile", "Jenkinsfile", ".gocd/release.gocd.yaml"}


def test_the_release_yaml_is_one_with_the_name_the_ports_and_the_person(tmp_path: Path) -> None:
    begun(tmp_path, VALUES, ci=False)

    settings = ReleaseYaml(tmp_path / "release.yaml").settings()

    assert (settings.service, settings.model) == ("diagnosis", "diagnosis:candidate")
    assert [each.address for each in settings.environments.values()] == ["127.0.0.1:8080", "127.0.0.1:8081"]
    assert {(waiver.by, str(waiver.until)) for waiver in settings.waivers} == {("m.jansen", "2026-12-31")}
    assert 'NAME = "diagnosis"' in (tmp_path / "train.py").read_text()


@pytest.mark.parametrize("by", ["O'Hara: the #1", "root@vm", '"{x}"', "ü$name"])
def test_whoever_begins_stands_in_release_yaml_as_they_are_called(by: str, tmp_path: Path) -> None:
    begun(tmp_path, Values("diagnosis", 8080, 8081, by, date(2026, 12, 31)), ci=False)

    assert {waiver.by for waiver in ReleaseYaml(tmp_path / "release.yaml").settings().waivers} == {by}


def test_a_second_time_nothing_is_written_and_all_is_said_to_be_kept(tmp_path: Path) -> None:
    first = begun(tmp_path, VALUES, ci=True)
    before = content(tmp_path)

    second = begun(tmp_path, Values("other", 1, 2, "x", date(2026, 1, 1)), ci=True)

    assert (second.written, second.kept) == ((), first.written)
    assert content(tmp_path) == before


def test_own_training_is_kept_without_a_sample_and_a_test_that_are_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("print('mine')")

    project = begun(tmp_path, VALUES, ci=False)

    assert (tmp_path / "train.py").read_text() == "print('mine')"
    assert project.kept == ("train.py",)
    assert not {"data/table.csv", "tests/test_train.py"} & set(content(tmp_path))
    assert "environment/bin/python train.py" in commands(tmp_path)


def test_a_link_that_leads_nowhere_is_kept(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").symlink_to(tmp_path / "elsewhere.yaml")

    assert begun(tmp_path, VALUES, ci=False).kept == ("release.yaml",)
    assert not (tmp_path / "elsewhere.yaml").exists()


def test_a_training_that_is_no_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "train.py").symlink_to(tmp_path / "elsewhere.py")

    project = begun(tmp_path, VALUES, ci=False)

    assert project.kept == ("train.py",)
    assert project.trains_otherwise


def test_what_an_own_gitignore_lacks_is_named(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.parquet\n/models/\n/.venv/\n__pycache__/\n")

    project = begun(tmp_path, VALUES, ci=False)

    assert project.kept == (".gitignore",)
    assert project.unignored == (".pytest_cache/", "/store/", "/.release*/", "/environment/")


def test_a_file_where_a_folder_belongs_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a list of my data")

    with pytest.raises(InputError, match="data is there and is no folder"):
        begun(tmp_path, VALUES, ci=False)


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("My_Wine!", "my-wine"),
        ("wine\n", "wine"),
        ("-", "my-model"),
        ("", "my-model"),
        ("../x", "x"),
        ("a" * 41, "a" * 40),
    ],
)
def test_what_is_no_name_of_a_service_is_bad_input_and_one_is_offered(name: str, better: str) -> None:
    with pytest.raises(InputError, match="is no name of a service") as error:
        Values(name, 8080, 8081, by="m.jansen", until=date(2026, 12, 31))

    assert error.value.hint.endswith(f": {better}")


def test_where_there_is_no_repository_one_is_begun_before_the_commit(tmp_path: Path) -> None:
    [commit] = [line for line in commands(tmp_path) if "git commit" in line]
    (tmp_path / ".git").mkdir()
    (tmp_path / "below").mkdir()
    [within] = [line for line in commands(tmp_path / "below") if "git commit" in line]

    assert commit == f"git init -q && {within}"


def test_the_commands_ask_the_address_that_was_written_and_no_other(tmp_path: Path) -> None:
    first, again = commands(tmp_path), commands(tmp_path)

    assert first[-1].endswith("http://127.0.0.1:8081/predict")
    assert again == first[:-1]


def test_the_commands_go_to_the_interpreter_that_has_the_kit(tmp_path: Path) -> None:
    lines = commands(tmp_path, python=".venv/bin/python")

    assert len([line for line in lines if re.search(r"\.venv/bin/python -m (uv|ci_steps) ", line)]) == 4
    assert not [line for line in lines if re.search(r"(^|& )python", line)]


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        one.listen()
        taken, free = one.getsockname()[1], other.getsockname()[1]
        other.close()

        assert free_ports(1, [taken, free]) == (free,)
        with pytest.raises(OutsideError, match="fewer than 1"):
            free_ports(1, [taken])


def test_the_files_are_found_where_the_kit_says() -> None:
    assert [name for name in every_name() if not kit.start(name).is_file()] == []
