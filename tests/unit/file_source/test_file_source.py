"""Folders as they are, or an error that names what is wrong with them."""

import os
from pathlib import Path

import pytest

from ci_steps.adapters.file_source import FileSource
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.sourced import Found
from ci_steps.ports import ChangedError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "m/model/__pycache__").mkdir(parents=True)
    (tmp_path / "m/model/a.bin").write_bytes(b"one")
    (tmp_path / "m/model/__pycache__/a.pyc").write_bytes(b"x")
    return tmp_path / "m"


def found(project: Path, text: str) -> Found:
    return FileSource(project).resolve(Address.parse(text))


def test_a_folder_has_one_address_however_it_is_written(tmp_path: Path, model: Path) -> None:
    ways = ("file:m", "file:./m/", f"file:{model}", f"file://{model}", "file:m/../m")

    assert {found(tmp_path, way).origin.address for way in ways} == {"file:m"}
    assert found(tmp_path / "m/model", f"file:{model}").origin.address == f"file:{model}"


@pytest.mark.usefixtures("model")
def test_compiled_python_is_no_file_of_a_model(tmp_path: Path) -> None:
    assert [file.path for file in found(tmp_path, "file:m").files] == ["model/a.bin"]


@pytest.mark.parametrize("target", ["a.bin", "."])
def test_a_link_is_refused_also_one_to_a_folder(tmp_path: Path, model: Path, target: str) -> None:
    (model / "model/link").symlink_to(target)

    with pytest.raises(InputError, match="link is a link or a device"):
        found(tmp_path, "file:m")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, model: Path) -> None:
    os.mkfifo(model / "model/pipe")

    with pytest.raises(InputError, match="pipe is a link or a device"):
        found(tmp_path, "file:m")


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("text", ["file:nothing", "file:m/model/a.bin"])
def test_what_is_no_folder_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=f"{text} is not a folder"):
        found(tmp_path, text)


def test_an_empty_folder_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no file"):
        found(tmp_path, "file:.")


def test_other_bytes_of_the_same_size_and_time_are_noticed(tmp_path: Path, model: Path) -> None:
    [file] = found(tmp_path, "file:m").files
    path = model / "model/a.bin"
    seen = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))

    with pytest.raises(ChangedError, match=r"a\.bin changed"):
        FileSource(tmp_path).request(file, 0, 2)


def test_where_the_hash_is_known_it_decides_and_no_time(tmp_path: Path, model: Path) -> None:
    from msgspec.structs import replace

    [file] = found(tmp_path, "file:m").files
    os.utime(model / "model/a.bin", ns=(0, 0))

    request = FileSource(tmp_path).request(replace(file, checksums={"sha256": "0" * 64}), 0, 2)

    assert request.url == (model / "model/a.bin").as_uri()
