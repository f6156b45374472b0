"""Models in Azure's Blob service, which Azurite stands for: it verifies signatures as the service does."""

import os
from dataclasses import replace

import pytest

from ci_steps.adapters.azure_source import AzureSource
from ci_steps.adapters.transfer import Transfer
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from tests.contracts.sources.azure_place import Container
from tests.contracts.sources.promises import FILES_TO_CHANGE, Changing, Guarded, Promises, Remote


class TestOfAzure(Promises, Changing, Guarded, Remote):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls) -> Container:
        return Container()

    def test_a_shared_access_signature_reads_a_model(
        self, place: Container, model: Address, transfer: Transfer
    ) -> None:
        token = place.signature()
        source = place.told(AZURE_STORAGE_KEY="", AZURE_STORAGE_SAS_TOKEN=f"?{token}")

        found = source.resolve(model)

        assert found == place.source().resolve(model)
        assert len(transfer.bring(source, found.files)) == len(found.files)
        assert token[-20:] not in repr(found)
        assert token[-20:] not in repr(source)

    @pytest.mark.parametrize(("seconds", "rights"), [(-3600, "rl"), (3600, "r")])
    def test_a_signature_that_ended_or_may_not_list_is_bad_input_and_not_repeated(
        self, place: Container, model: Address, seconds: int, rights: str
    ) -> None:
        token = place.signature(seconds=seconds, rights=rights)
        source = place.told(AZURE_STORAGE_KEY="", AZURE_STORAGE_SAS_TOKEN=token)

        with pytest.raises(InputError) as error:
            source.resolve(model)

        assert token.partition("sig=")[2] not in f"{error.value}{error.value.hint}{error.value.__cause__!r}"

    def test_a_connection_string_says_where_and_who(self, place: Container, model: Address) -> None:
        string = (
            f"DefaultEndpointsProtocol=http;AccountName={place.account};AccountKey={place.key};"
            f"BlobEndpoint={os.environ['AZURE_STORAGE_BLOB_ENDPOINT']};"
        )
        source = AzureSource({"AZURE_STORAGE_CONNECTION_STRING": string})

        assert source.resolve(model) == place.source().resolve(model)
        assert place.key not in repr(source)

    def test_a_container_that_is_not_there_is_named(self, place: Container) -> None:
        with pytest.raises(InputError, match="has no container 'no-such-one'"):
            place.source().resolve(Address.parse(f"azure://{place.account}/no-such-one/m"))

    def test_without_credentials_only_public_containers_are_read_and_on_request(
        self, place: Container, model: Address
    ) -> None:
        with pytest.raises(InputError, match="no credentials for the storage account"):
            place.told(AZURE_STORAGE_KEY="").resolve(model)
        with pytest.raises(InputError, match="HTTP 403"):
            place.told(AZURE_STORAGE_KEY="", AZURE_STORAGE_ANON="true").resolve(model)

    def test_a_neighbour_whose_name_begins_the_same_is_another_model(self, place: Container) -> None:
        address = place.publish(FILES_TO_CHANGE)
        place.change(f"{address}-two", "model/two", b"2")

        found = place.source().resolve(Address.parse(address))

        assert {file.path for file in found.files} == set(FILES_TO_CHANGE)

    def test_a_listing_of_many_pages_is_read_to_its_end(self, place: Container, model: Address) -> None:
        paged = replace(place.source(), page=2)

        assert paged.resolve(model) == place.source().resolve(model)
