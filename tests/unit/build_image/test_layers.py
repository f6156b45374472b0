import tarfile
from pathlib import Path

import pytest

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.steps.build_image.contents import files_of
from ci_steps.steps.build_image.layers import Entry, write_layer


def written(tmp_path: Path, *entries: Entry) -> tuple[Digest, int]:
    return write_layer(entries, tmp_path / "layer.tar", lambda _: None)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["lib/libc.so.6"], "would lie outside"),
        (["tmp/x"], "would lie outside"),
        (["opt/appendix/x"], "would lie outside"),
        (["/opt/app/x"], "would lie outside"),
        (["opt/app/../../etc/passwd"], "would lie outside"),
        (["opt/app//x"], "would lie outside"),
        (["opt/app/./x"], "would lie outside"),
        (["opt/app"], "would lie outside"),
        (["opt/app/.wh..wh..opq"], "would delete"),
        (["opt/model/.wh.d/x"], "would delete"),
        (["opt/app/x", "opt/app/x"], "twice"),
        (["opt/app/x", "opt/app/x/y"], "a file and a folder"),
    ],
)
def test_a_name_that_would_harm_the_image_is_bad_input(
    names: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        written(tmp_path, *(Entry(name, b"") for name in names))


def test_equal_entries_in_another_order_give_equal_bytes(tmp_path: Path) -> None:
    one, two = Entry("opt/app/a", b"1"), Entry("opt/app/b/c", b"2", executable=True)

    assert written(tmp_path, one, two) == written(tmp_path, two, one)


def test_folders_come_before_what_is_in_them(tmp_path: Path) -> None:
    written(tmp_path, Entry("opt/app/a-b", b""), Entry("opt/app/a/b", b""), Entry("opt/app/a!/b", b""))

    with tarfile.open(tmp_path / "layer.tar") as tar:
        names = tar.getnames()
    assert names == ["opt/app", "opt/app/a", "opt/app/a!", "opt/app/a!/b", "opt/app/a-b", "opt/app/a/b"]


def test_long_and_foreign_names_survive(tmp_path: Path) -> None:
    names = [f"opt/model/{'x' * 150}/{'y' * 120}", "opt/model/modèle.json", "opt/model/\udcff"]

    written(tmp_path, *(Entry(name, b"z") for name in names))

    with tarfile.open(tmp_path / "layer.tar") as tar:
        assert {member.name for member in tar if member.isfile()} == set(names)


def test_digest_and_size_are_those_of_the_file(tmp_path: Path) -> None:
    digest, size = written(tmp_path, Entry("opt/app/a", b"1" * 100_000))

    assert digest == Digest.of_file(tmp_path / "layer.tar")
    assert size == (tmp_path / "layer.tar").stat().st_size


def test_a_link_among_the_dependencies_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "deps").mkdir()
    (tmp_path / "deps" / "link").symlink_to("/etc/passwd")

    with pytest.raises(InputError, match="link is a link or a device"):
        list(files_of(tmp_path / "deps", "opt/app/deps"))
