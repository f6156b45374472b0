"""Models in Google Cloud Storage: fake-gcs-server stands for it, behind a door that asks for credentials."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from ci_steps.adapters.transfer import Transfer
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from tests.contracts.sources.gcs_front import fronted
from tests.contracts.sources.gcs_place import BUCKET, Bucket
from tests.contracts.sources.own_clients import variable
from tests.contracts.sources.promises import FILES_TO_CHANGE, Changing, Guarded, Promises, Remote
from tests.free_ports import free_port


class TestOfGcs(Promises, Changing, Guarded, Remote):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
        variable("STORAGE_EMULATOR_HOST", "gcs")
        with fronted() as front:
            yield Bucket(front, tmp_path_factory.mktemp("keys"))

    def test_one_token_does_for_all_requests(self, place: Bucket, model: Address, transfer: Transfer) -> None:
        source = place.source()
        place.front.grants.clear()

        transfer.bring(source, source.resolve(model).files)

        assert place.front.grants == ["service account"]

    def test_a_token_that_is_given_is_used(self, place: Bucket, model: Address) -> None:
        given = {"GOOGLE_APPLICATION_CREDENTIALS": "", "CLOUDSDK_AUTH_ACCESS_TOKEN": place.front.token}

        assert place.told(**given).resolve(model) == place.source().resolve(model)
        assert place.front.token not in repr(place.told(**given))

    def test_a_token_that_is_not_taken_is_bad_input_and_not_repeated(
        self, place: Bucket, model: Address
    ) -> None:
        source = place.told(GOOGLE_APPLICATION_CREDENTIALS="", CLOUDSDK_AUTH_ACCESS_TOKEN="ya29.secret-one")

        with pytest.raises(InputError, match="does not take the Google credentials") as error:
            source.resolve(model)
        assert "secret-one" not in f"{error.value}{error.value.hint}"

    def test_a_token_server_that_is_not_there_is_an_outside_error(
        self, place: Bucket, model: Address, tmp_path: Path
    ) -> None:
        away = replace(place.front, url=f"http://127.0.0.1:{free_port()}")
        key = away.key_file(tmp_path / "key.json")

        with pytest.raises(OutsideError, match="Google does not answer"):
            place.told(GOOGLE_APPLICATION_CREDENTIALS=str(key)).resolve(model)

    def test_an_emulator_without_credentials_is_asked_as_nobody(self, place: Bucket, model: Address) -> None:
        emulator = variable("STORAGE_EMULATOR_HOST", "gcs")
        source = place.told(GOOGLE_APPLICATION_CREDENTIALS="", STORAGE_EMULATOR_HOST=emulator)

        assert source.resolve(model) == place.source().resolve(model)

    def test_a_bucket_that_is_not_there_is_named(self, place: Bucket) -> None:
        with pytest.raises(InputError, match="has no bucket 'no-such-one'"):
            place.source().resolve(Address.parse("gs://no-such-one/m"))

    def test_a_neighbour_whose_name_begins_the_same_is_another_model(self, place: Bucket) -> None:
        address = place.publish(FILES_TO_CHANGE)
        place.change(f"{address}-two", "model/two", b"2")

        found = place.source().resolve(Address.parse(address))

        assert {file.path for file in found.files} == set(FILES_TO_CHANGE)

    def test_a_listing_of_many_pages_is_read_to_its_end(self, place: Bucket, model: Address) -> None:
        paged = replace(place.source(), page=2)

        assert paged.resolve(model) == place.source().resolve(model)

    def test_an_object_that_says_it_is_packed_comes_as_it_was_put(
        self, place: Bucket, transfer: Transfer, tmp_path: Path
    ) -> None:
        address = place.publish(FILES_TO_CHANGE)
        packed = gzip.compress(b"hello " * 1000)
        name = place.object_of(address, "packed.txt")
        self.put_packed(name, packed)
        source = place.source()

        brought = transfer.bring(source, source.resolve(Address.parse(address)).files)

        assert transfer.put(brought["packed.txt"], tmp_path / "packed.txt")
        assert (tmp_path / "packed.txt").read_bytes() == packed

    def put_packed(self, name: str, content: bytes) -> None:
        host = variable("STORAGE_EMULATOR_HOST", "gcs")
        answer = requests.post(
            f"{host}/upload/storage/v1/b/{BUCKET}/o",
            params={"uploadType": "media", "name": name, "contentEncoding": "gzip"},
            data=content,
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
