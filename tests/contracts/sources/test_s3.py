"""Models in buckets of a real S3 server, with and without versions."""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ci_steps.adapters.kit_store import Beyond, KitStore
from ci_steps.adapters.s3_blobs import S3Blobs
from ci_steps.adapters.s3_place import S3Place
from ci_steps.adapters.s3_source import S3Source
from ci_steps.adapters.transfer import ContentCache, Limits, Transfer
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.model.manifest import ModelFile
from ci_steps.model.sourced import Elsewhere, SourceFile
from ci_steps.model.wire import canonical
from ci_steps.ports import LostError
from tests.contracts.byte_server import Bytes, serving
from tests.contracts.sources.promises import Changing, Guarded, Promises, Remote
from tests.contracts.sources.s3_prefixes import Prefixes
from tests.fakes.progress import Told
from tests.s3_servers import BUCKET, client

VERSIONED = f"{BUCKET}-versions"


@pytest.fixture(scope="module")
def versioned() -> Prefixes:
    made = client()
    with suppress(made.exceptions.BucketAlreadyOwnedByYou):
        made.create_bucket(Bucket=VERSIONED)
    made.put_bucket_versioning(Bucket=VERSIONED, VersioningConfiguration={"Status": "Enabled"})
    return Prefixes(VERSIONED)


class TestOfABucket(Promises, Changing, Guarded, Remote):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls) -> Prefixes:
        client()
        return Prefixes(BUCKET)


class TestOfABucketWithVersions(Promises):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, versioned: Prefixes) -> Prefixes:
        return versioned


@pytest.fixture
def transfer(tmp_path: Path) -> Transfer:
    return a_transfer(tmp_path)


def a_transfer(folder: Path, **limits: Any) -> Transfer:
    return Transfer(ContentCache(folder / "cache"), Told(), Limits(pause=0.01, **limits))


# Versions


def test_an_object_that_was_overwritten_is_still_fetched_in_its_version(
    versioned: Prefixes, transfer: Transfer
) -> None:
    address = versioned.publish({"model/one": b"1"})
    found = S3Source().resolve(Address.parse(address))
    versioned.change(address, "model/one", b"2")
    versioned.delete(address, "model/one")

    brought = transfer.bring(S3Source(), found.files)

    assert brought["model/one"].sha256 == hashlib.sha256(b"1").hexdigest()
    with pytest.raises(InputError, match="holds no object"):
        S3Source().resolve(Address.parse(address))


def test_one_object_is_resolved_to_its_version(versioned: Prefixes, transfer: Transfer) -> None:
    address = f"{versioned.publish({'it.bin': b'1'})}/it.bin"
    first = S3Source().resolve(Address.parse(address))
    versioned.change(address.removesuffix("/it.bin"), "it.bin", b"2")

    assert first.origin.address.startswith(f"{address}?versionId=")
    assert S3Source().resolve(Address.parse(address)).files != first.files
    again = S3Source().resolve(Address.parse(first.origin.address))
    assert again == first
    assert transfer.read(S3Source(), again.files[0], most=1) == b"1"


@pytest.mark.parametrize("query", ["?versionId=no-such-version", "?version=1", "?versionId=1?x"])
def test_a_version_that_is_none_is_bad_input(versioned: Prefixes, query: str) -> None:
    address = f"{versioned.publish({'it.bin': b'1'})}/it.bin{query}"

    with pytest.raises(InputError, match=r"holds no object|is not the address"):
        S3Source().resolve(Address.parse(address))


# What S3 vouches for


def test_the_md5_of_an_object_in_one_piece_is_known_and_of_one_in_parts_is_not(transfer: Transfer) -> None:
    place = Prefixes(BUCKET)
    address = place.publish({"whole": b"1"})
    key = place.key(address, "parts")
    upload = client().create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    name = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
    parts = [
        {"PartNumber": n, "ETag": client().upload_part(**name, PartNumber=n, Body=bytes([n]) * size)["ETag"]}
        for n, size in ((1, 5 << 20), (2, 10))
    ]
    client().complete_multipart_upload(**name, MultipartUpload={"Parts": parts})

    files = {file.path: file for file in S3Source().resolve(Address.parse(address)).files}

    assert files["whole"].checksums == {"md5": hashlib.md5(b"1").hexdigest()}
    assert files["parts"].checksums == {}
    content = b"\x01" * (5 << 20) + b"\x02" * 10
    assert transfer.bring(S3Source(), [files["parts"]])["parts"].sha256 == hashlib.sha256(content).hexdigest()


def test_more_objects_than_are_asked_one_by_one_are_all_found(transfer: Transfer) -> None:
    files = {f"model/{number:03d}": b"%d" % number for number in range(70)}
    address = Prefixes(BUCKET).publish(files)

    found = S3Source().resolve(Address.parse(address))
    brought = transfer.bring(S3Source(), found.files)

    assert sum("md5" in file.checksums for file in found.files) == 64
    assert {path: file.sha256 for path, file in brought.items()} == {
        path: hashlib.sha256(content).hexdigest() for path, content in files.items()
    }


def test_a_neighbour_whose_name_begins_alike_is_no_part_of_it() -> None:
    address = Prefixes(BUCKET).publish({"one/it": b"1", "one-more/it": b"2", "one/sub/": b""})

    found = S3Source().resolve(Address.parse(f"{address}/one"))

    assert [file.path for file in found.files] == ["it"]


# Bad input


@pytest.mark.parametrize("text", ["s3://", "s3://UPPER/x", "s3:bucket/x", "s3:///x"])
def test_what_is_no_bucket_is_bad_input(text: str) -> None:
    with pytest.raises(InputError):
        S3Source().resolve(Address.parse(text))


def test_a_bucket_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="has no bucket 'no-such-bucket-here'") as refused:
        S3Source().resolve(Address.parse("s3://no-such-bucket-here/x"))

    assert refused.value.hint == "make it, or correct its name or AWS_ENDPOINT_URL_S3"


@pytest.mark.parametrize("text", ["s3://AKIA:word@models/x", "s3://word@models/x", "s3://models:word@/x"])
def test_a_secret_in_a_place_is_not_repeated(text: str) -> None:
    with pytest.raises(InputError) as error:
        S3Place.parse(text)

    assert "word" not in f"{error.value} {error.value.hint}"


def test_a_key_that_is_wrong_by_the_time_of_the_fetch_is_bad_input(transfer: Transfer) -> None:
    place = Prefixes(BUCKET)
    found = S3Source().resolve(Address.parse(place.publish({"model/one": b"1"})))
    source, secret = place.stranger()

    with pytest.raises(InputError, match=r"does not let us read .*one: HTTP 403") as error:
        transfer.bring(source, found.files)

    assert secret not in f"{error.value} {error.value.hint}"


def test_nothing_of_a_request_is_in_the_address_or_can_be_used_for_another() -> None:
    source = S3Source()
    [file] = source.resolve(Address.parse(Prefixes(BUCKET).publish({"it": b"12345"}))).files

    request = source.request(file, 1, 3)

    assert parse_qs(urlsplit(request.url).query) == {}
    signed = request.headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "if-match", "range"} <= set(signed)


# The kit's own store in a bucket


@dataclass(frozen=True)
class Counted:
    """What stands behind the scheme of an address, and how often it was asked for bytes."""

    s3: S3Source
    asked: list[str]

    def source(self, scheme: str) -> "Counted":
        assert scheme == "s3"
        return self

    def resolve(self, address: Address) -> Any:
        return self.s3.resolve(address)

    def request(self, file: SourceFile, first: int, last: int) -> Any:
        self.asked.append(file.locator.rpartition("/")[2])
        return self.s3.request(file, first, last)


@pytest.fixture
def place() -> S3Place:
    client()
    return S3Place.parse(f"s3://{BUCKET}/{secrets.token_hex(8)}")


def a_store(place: S3Place, folder: Path) -> tuple[KitStore, list[str]]:
    counted, transfer = Counted(S3Source(), []), a_transfer(folder)
    beyond = Beyond(lambda: transfer, counted.source)
    return KitStore(S3Blobs(place), str(place), Told(), beyond), counted.asked


CONTENTS = {f"model/{number}": b"%d" % number * 1000 for number in range(20)}
FILES = tuple(
    ModelFile(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())
    for path, content in CONTENTS.items()
)


def stored(place: S3Place, *, but: int = 0) -> None:
    for file in FILES[but:]:
        key = f"{place.prefix}objects/{file.sha256}"
        client().put_object(Bucket=place.bucket, Key=key, Body=CONTENTS[file.path])


def test_a_store_in_a_bucket_gives_its_files_and_the_second_time_asks_nothing(
    place: S3Place, tmp_path: Path
) -> None:
    stored(place)
    store, asked = a_store(place, tmp_path)

    assert store.fetch(FILES, tmp_path / "one") == ()
    assert sorted(asked) == sorted(file.sha256 for file in FILES)
    again, asked_again = a_store(place, tmp_path)
    assert again.fetch(FILES, tmp_path / "two") == ()

    assert asked_again == []
    for path, content in CONTENTS.items():
        assert (tmp_path / "one" / path).read_bytes() == content
        assert (tmp_path / "two" / path).read_bytes() == content


def test_a_file_that_a_store_in_a_bucket_lost_is_told_of(place: S3Place, tmp_path: Path) -> None:
    stored(place, but=1)
    store, _ = a_store(place, tmp_path)

    with pytest.raises(LostError, match="has lost object"):
        store.fetch(FILES, tmp_path / "out")


def test_a_spoilt_object_in_a_bucket_is_named_and_not_left(place: S3Place, tmp_path: Path) -> None:
    stored(place)
    key = f"{place.prefix}objects/{FILES[3].sha256}"
    client().put_object(Bucket=place.bucket, Key=key, Body=CONTENTS[FILES[4].path])
    store, _ = a_store(place, tmp_path)

    assert store.fetch(FILES, tmp_path / "out") == (tmp_path / "out" / FILES[3].path,)
    assert not (tmp_path / "out" / FILES[3].path).exists()
    assert len(list((tmp_path / "out" / "model").iterdir())) == len(FILES) - 1


def test_what_the_store_only_knows_the_place_of_comes_from_there(place: S3Place, tmp_path: Path) -> None:
    stored(place, but=1)
    elsewhere = Prefixes(BUCKET).publish({"it": CONTENTS[FILES[0].path]})
    [there] = S3Source().resolve(Address.parse(elsewhere)).files
    store, _ = a_store(place, tmp_path)
    noted = canonical(Elsewhere(address=elsewhere, file=_known(there, FILES[0])))
    key = f"{place.prefix}elsewhere/{FILES[0].sha256}.json"
    client().put_object(Bucket=place.bucket, Key=key, Body=noted)

    assert store.fetch(FILES, tmp_path / "out") == ()
    assert (tmp_path / "out" / FILES[0].path).read_bytes() == CONTENTS[FILES[0].path]


def _known(there: SourceFile, file: ModelFile) -> SourceFile:
    return SourceFile(
        path=file.path,
        size=there.size,
        locator=there.locator,
        mark=there.mark,
        checksums={"sha256": file.sha256},
    )


def test_a_bucket_behind_a_server_that_does_not_answer_as_s3_is_an_outside_error() -> None:
    with serving(Bytes({})) as base:
        source = Prefixes("models").told(AWS_ENDPOINT_URL_S3=base)

        with pytest.raises((OutsideError, InputError)) as error:
            source.resolve(Address.parse("s3://models/x"))

    assert base in str(error.value) or "holds no object" in str(error.value)
