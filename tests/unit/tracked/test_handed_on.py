"""Files that a tracking system only knows the place of."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ci_steps.adapters.file_source import FileSource
from ci_steps.adapters.handed_on import HandedOn
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import Request


@dataclass
class Bucket:
    """A source with one file for whatever it is asked."""

    name: str
    asked: list[str] = field(default_factory=list)

    def resolve(self, address: Address) -> Found:
        self.asked.append(address.unpinned)
        file = SourceFile(path=self.name, size=3, locator="there", mark="m1", checksums={"md5": "0" * 32})
        return Found(origin=Origin(address=address.unpinned, facts={}), files=(file,))

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        return Request(f"https://bucket/{file.locator}?{first}-{last}")


@pytest.mark.parametrize(
    ("uri", "asked"),
    [
        ("s3://bucket/a/m.bin", "s3://bucket/a/m.bin"),
        ("s3://minio:9000/bucket/a/m.bin", "s3://bucket/a/m.bin"),
        ("gs://bucket/a%20b/m.bin", "gs://bucket/a b"),
        ("azure://account.blob.core.windows.net/box/a/m.bin", "azure://account/box/a"),
        ("file:///mnt/models/../m.bin", "file:/mnt"),
    ],
)
def test_a_uri_is_asked_for_as_the_kit_writes_addresses(uri: str, asked: str) -> None:
    bucket = Bucket("m.bin")

    file = HandedOn(lambda _: bucket).file(uri, path="model/x", checksums={"sha256": "1" * 64}, where="run 1")

    assert bucket.asked == [asked]
    assert (file.path, file.mark) == ("model/x", "m1")
    assert file.checksums == {"md5": "0" * 32, "sha256": "1" * 64}


def test_a_version_of_an_object_is_asked_for() -> None:
    bucket = Bucket("m.bin")

    HandedOn(lambda _: bucket).file("s3://b/m.bin", path="m", checksums={}, where="run 1", version="v/1")

    assert bucket.asked == ["s3://b/m.bin?versionId=v%2F1"]


def test_its_own_source_asks_for_its_bytes() -> None:
    handed_on = HandedOn(lambda _: Bucket("m.bin"))
    file = handed_on.file("s3://b/m.bin", path="m", checksums={}, where="run 1")

    assert handed_on.request(file, 0, 2) == Request("https://bucket/there?0-2")
    ours = SourceFile(path="m", size=1, locator="run/1/m")
    assert handed_on.request(ours, 0, 0) is None


def test_a_file_on_this_machine_is_brought_from_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(b"abc")
    handed_on = HandedOn(lambda _: FileSource(Path("/")))

    file = handed_on.file((tmp_path / "m.bin").as_uri(), path="model/m.bin", checksums={}, where="run 1")

    request = handed_on.request(file, 0, 2)
    assert request
    assert request.url == (tmp_path / "m.bin").as_uri()


@pytest.mark.parametrize("uri", ["ftp://host/x", "s3://me:secret@bucket/x", "s3://bucket/x?sig=secret", "x"])
def test_a_place_that_is_not_known_or_holds_a_secret_is_bad_input_and_not_repeated(uri: str) -> None:
    with pytest.raises(InputError, match="not known here") as error:
        HandedOn(lambda _: Bucket("x")).file(uri, path="x", checksums={}, where="run 1")

    assert "secret" not in f"{error.value}{error.value.hint}"


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"run 1 names s3://b/m\.bin, which is not there"):
        HandedOn(lambda _: Bucket("other")).file("s3://b/m.bin", path="m", checksums={}, where="run 1")
