"""What every source of models promises, tried on its real server.

A test file makes a :class:`Place` of its server and takes the promises that can be tried there:

    class TestOfAzure(Promises, Changing, Guarded, Remote):
        @pytest.fixture(scope="class")
        @classmethod
        def place(cls) -> AzurePlace: ...
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol
from urllib.parse import unquote, urlsplit

import pytest
import requests

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import Beyond, KitStore
from ci_steps.adapters.programs import ChildPrograms
from ci_steps.adapters.sourcing import SourcedModels
from ci_steps.adapters.transfer import ContentCache, Transfer
from ci_steps.errors import InputError, OutsideError, StepError
from ci_steps.model.address import Address
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import ChangedError, Request, Source
from ci_steps.selftest.specimen import model_files
from tests.fakes.progress import Told
from tests.free_ports import free_port

LARGE = "model/weights.bin"
ODD = "model/dépôt with spaces/100% a+b #1?.txt"
FILES: Mapping[str, bytes] = {
    LARGE: b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(100_000)),  # 3.2 MB
    "model/empty": b"",
    "model/one": b"1",
    ODD: "ünïcödé\n".encode(),
    "notes.txt": b"hello\n",
}
_CARD = {
    "name": "specimen",
    "predictor": {"python": "predictor:Tweets"},
    "data": [{"uri": "https://example.org/specimen.txt", "sha256": "0" * 64}],
    "config": {"seed": 1},
    "python": "3.11",
}


def kit_model(**changes: bytes) -> dict[str, bytes]:
    """Return the files of a model in the kit's own form; ``changes`` replace some."""
    return model_files(**changes) | {"model.yaml": json.dumps(_CARD).encode()}


class Place(Protocol):
    """A server with room for the models of one test file."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What its credentials are, and must be seen nowhere; none where it has none."""

    def publish(self, files: Mapping[str, bytes]) -> str:
        """Put the files there as one new model, by the system's own client; return its address."""

    def source(self) -> Source:
        """Return the source under test, as it is used."""

    def nothing(self) -> str:
        """Return an address under which nothing was ever published."""


class ChangingPlace(Place, Protocol):
    """One whose models can be overwritten in place, under the same address."""

    def change(self, address: str, path: str, content: bytes) -> None:
        """Put other bytes in the place of a file of a model."""

    def delete(self, address: str, path: str) -> None:
        """Take a file of a model away."""


class GuardedPlace(Place, Protocol):
    """One that wants credentials."""

    def stranger(self) -> tuple[Source, str]:
        """Return the source with wrong credentials, and the secret in them that must be in no message."""


class RemotePlace(Place, Protocol):
    """One that is reached over a network."""

    def at(self, port: int) -> Source:
        """Return the source as it is, but told that its server is at this port of 127.0.0.1."""


@dataclass
class Watched:
    """A source, and whether it was asked for bytes."""

    source: Source
    asked: list[str] = field(default_factory=list)

    def resolve(self, address: Address) -> Found:
        return self.source.resolve(address)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        self.asked.append(file.path)
        return self.source.request(file, first, last)


def sourced(source: Source, folder: Path) -> tuple[SourcedModels, Told]:
    """Return a store and a cache of its own, filled from the source."""
    told = Told()
    transfer = Transfer(ContentCache(folder / "cache"), told)
    store = KitStore(
        FolderBlobs(folder / "store"), "the store", told, Beyond(lambda: transfer, lambda _: source)
    )
    programs = ChildPrograms(os.environ)
    return SourcedModels(store, lambda _: source, (), transfer, folder / "scratch", programs, told), told


class Promises:
    """Those of every source."""

    beside: ClassVar[frozenset[str]] = frozenset()
    """Paths of files that the system puts beside those that are published."""
    impossible: ClassVar[str] = ""
    """Characters that the system has in no file name."""

    @pytest.fixture(scope="class")
    @classmethod
    def files(cls) -> dict[str, bytes]:
        gone = dict.fromkeys(map(ord, cls.impossible), "_")
        return {path.translate(gone): content for path, content in FILES.items()}

    @pytest.fixture(scope="class")
    @classmethod
    def address(cls, place: Place, files: dict[str, bytes]) -> Address:
        return Address.parse(place.publish(files))

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, place: Place) -> Address:
        """Publish a model in the kit's form, which no test changes."""
        return Address.parse(place.publish(kit_model()))

    def test_resolving_twice_gives_the_same(self, place: Place, address: Address) -> None:
        assert place.source().resolve(address) == place.source().resolve(address)

    def test_the_resolved_address_is_one_and_names_the_same(self, place: Place, address: Address) -> None:
        found = place.source().resolve(address)

        again = place.source().resolve(Address.parse(found.origin.address))

        assert again.files == found.files
        assert again.origin == found.origin

    def test_every_file_is_found_once_by_its_path_and_size(
        self, place: Place, address: Address, files: dict[str, bytes]
    ) -> None:
        found = place.source().resolve(address)

        sizes = {file.path: file.size for file in found.files if file.path not in self.beside}
        assert sizes == {path: len(content) for path, content in files.items()}
        assert len(found.files) == len({file.path for file in found.files})

    def test_checksums_are_those_of_the_bytes(
        self, place: Place, address: Address, files: dict[str, bytes]
    ) -> None:
        for file in place.source().resolve(address).files:
            for kind in file.checksums.keys() & {"sha256", "md5"}:
                if file.path in files:
                    assert file.checksums[kind] == hashlib.new(kind, files[file.path]).hexdigest()

    def test_every_byte_comes_as_it_was_published(
        self, place: Place, address: Address, files: dict[str, bytes], transfer: Transfer, tmp_path: Path
    ) -> None:
        source = place.source()

        brought = transfer.bring(source, source.resolve(address).files)

        for path, content in files.items():
            sha256 = hashlib.sha256(content).hexdigest()
            assert brought[path] == ModelFile(path=path, size=len(content), sha256=sha256)
            assert transfer.put(brought[path], tmp_path / "out" / path)
            assert (tmp_path / "out" / path).read_bytes() == content

    def test_a_range_is_these_bytes(self, place: Place, address: Address, files: dict[str, bytes]) -> None:
        source = place.source()
        [large] = [file for file in source.resolve(address).files if file.path == LARGE]

        for first, last in ((0, 0), (1_000_000, 2_500_000), (large.size - 3, large.size - 1)):
            assert part(source.request(large, first, last), first, last) == files[LARGE][first : last + 1]

    def test_a_model_is_known_by_the_sha_of_its_files(
        self, place: Place, model: Address, tmp_path: Path
    ) -> None:
        source = Watched(place.source())
        models, told = sourced(source, tmp_path)

        manifest = models.manifest(model)

        found = {file.path: file.sha256 for file in manifest.files if file.path not in self.beside}
        assert found == {path: hashlib.sha256(data).hexdigest() for path, data in kit_model().items()}
        assert manifest.origin == place.source().resolve(model).origin
        assert any(manifest.sha.hex in line for line in told.said)

    def test_a_second_plan_fetches_nothing(self, place: Place, model: Address, tmp_path: Path) -> None:
        source = Watched(place.source())
        models, _ = sourced(source, tmp_path)
        first = models.manifest(model)
        assert source.asked
        source.asked.clear()

        assert models.manifest(model) == first
        assert source.asked == []

    def test_an_address_of_nothing_is_bad_input_that_names_it(self, place: Place) -> None:
        nothing = place.nothing()

        with pytest.raises(InputError) as error:
            place.source().resolve(Address.parse(nothing))

        assert nothing in str(error.value)
        assert error.value.hint

    def test_no_secret_is_in_what_is_found(self, place: Place, model: Address, tmp_path: Path) -> None:
        models, told = sourced(place.source(), tmp_path)
        manifest = models.manifest(model)

        for secret in place.secrets:
            assert len(secret) > 7, "too short to be looked for"
            assert secret not in repr(place.source().resolve(model))
            assert secret not in repr(manifest)
            assert secret not in "\n".join(told.said)
            for path in (tmp_path / "store").rglob("*.json"):
                assert secret not in path.read_text(encoding="utf-8")


class Changing:
    """Those of a source whose models can be overwritten in place."""

    def test_a_file_that_changed_since_is_an_error_of_its_own(
        self, place: ChangingPlace, transfer: Transfer
    ) -> None:
        address = place.publish(FILES_TO_CHANGE)
        source = place.source()
        found = source.resolve(Address.parse(address))

        place.change(address, "model/one", b"2")

        with pytest.raises(ChangedError, match="one"):
            transfer.bring(source, found.files)
        assert not transfer.cache.place(Digest.of(b"2")).exists()

    def test_a_file_that_is_gone_is_an_error_that_names_it(
        self, place: ChangingPlace, transfer: Transfer
    ) -> None:
        address = place.publish(FILES_TO_CHANGE)
        source = place.source()
        found = source.resolve(Address.parse(address))

        place.delete(address, "model/one")

        with pytest.raises(StepError, match="one"):
            transfer.bring(source, found.files)

    def test_a_changed_model_is_not_the_pinned_one(self, place: ChangingPlace, tmp_path: Path) -> None:
        address = place.publish(kit_model())
        models, _ = sourced(place.source(), tmp_path)
        pin = models.manifest(Address.parse(address)).sha.hex

        place.change(address, "golden.jsonl", b"")

        with pytest.raises(ChangedError, match=r"golden\.jsonl changed"):
            models.manifest(Address.parse(f"{address}#sha256={pin}"))


class Guarded:
    """Those of a source that wants credentials."""

    def test_wrong_credentials_are_bad_input_and_not_repeated(
        self, place: GuardedPlace, model: Address
    ) -> None:
        source, secret = place.stranger()

        with pytest.raises(InputError) as error:
            source.resolve(model)

        said = f"{error.value} {error.value.hint} {error.value.__cause__!r}"
        assert error.value.hint
        assert secret not in said

    def test_it_has_secrets_to_look_for(self, place: GuardedPlace) -> None:
        assert place.secrets


class Remote:
    """Those of a source that is reached over a network."""

    def test_a_server_that_is_not_there_is_an_outside_error(self, place: RemotePlace, model: Address) -> None:
        port = free_port()

        with pytest.raises(OutsideError) as error:
            place.at(port).resolve(model)

        said = f"{error.value} {error.value.hint}"
        assert f"127.0.0.1:{port}" in said
        assert not [secret for secret in place.secrets if secret in said]


FILES_TO_CHANGE = {"model/one": b"1", "notes.txt": b"hello\n"}


def part(request: Request, first: int, last: int) -> bytes:
    """Return what the request gives, as bytes ``first`` to ``last`` of a file."""
    if request.url.startswith("file://"):
        return Path(unquote(urlsplit(request.url).path)).read_bytes()[first : last + 1]
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(request.url, headers=dict(request.headers), timeout=30)
    assert answer.status_code == 206, answer.text
    return answer.content
