"""A program that Microsoft Entra ID knows reads a model from Azurite, which looks at its token over TLS."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_steps.adapters.azure_source import AzureSource
from ci_steps.adapters.transfer import Transfer
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from tests.contracts.sources.azure_entra import CLIENT, TENANT, Authority, authority, azurite_with_tokens
from tests.contracts.sources.azure_place import Container
from tests.contracts.sources.own_clients import variable
from tests.contracts.sources.promises import kit_model
from tests.free_ports import free_port


@pytest.fixture(scope="module")
def entra() -> Iterator[Authority]:
    with authority() as running:
        yield running


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("azurite")
    with azurite_with_tokens(folder) as (url, certificate), pytest.MonkeyPatch.context() as patch:
        # What requests, OpenSSL and so all clients read.
        patch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        patch.setenv("SSL_CERT_FILE", str(certificate))
        patch.setenv("AZURE_STORAGE_BLOB_ENDPOINT", url)
        yield url


@pytest.fixture(scope="module")
def model(endpoint: str) -> Address:
    assert endpoint == variable("AZURE_STORAGE_BLOB_ENDPOINT", "azure")
    return Address.parse(Container().publish(kit_model()))


def source(entra: Authority, endpoint: str, **changes: str) -> AzureSource:
    given = {
        "AZURE_STORAGE_BLOB_ENDPOINT": endpoint,
        "AZURE_AUTHORITY_HOST": entra.url,
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_SECRET": entra.secret,
    }
    return AzureSource({name: value for name, value in (given | changes).items() if value})


def test_a_program_with_a_secret_reads_a_model_with_one_token(
    entra: Authority, endpoint: str, model: Address, transfer: Transfer
) -> None:
    entra.given.clear()
    asked = source(entra, endpoint)

    brought = transfer.bring(asked, asked.resolve(model).files)

    assert {path: file.size for path, file in brought.items()} == {
        path: len(content) for path, content in kit_model().items()
    }
    assert len(entra.given) == 1
    assert entra.secret not in repr(asked)


def test_a_platform_s_token_is_taken_for_a_secret(
    entra: Authority, endpoint: str, model: Address, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(f"{entra.assertion}\n")

    asked = source(entra, endpoint, AZURE_CLIENT_SECRET="", AZURE_FEDERATED_TOKEN_FILE=str(token))

    assert asked.resolve(model).files


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"AZURE_CLIENT_SECRET": "planted-secret"}, "does not take the credentials: 'invalid_client'"),
        ({"AZURE_CLIENT_ID": "planted-secret"}, "does not take the credentials: 'unauthorized_client'"),
        ({"AZURE_TENANT_ID": "../planted-secret"}, "does not take the credentials: 'unauthorized_client'"),
    ],
)
def test_a_program_that_is_not_known_is_bad_input_and_its_secret_not_repeated(
    entra: Authority, endpoint: str, model: Address, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said) as error:
        source(entra, endpoint, **changes).resolve(model)

    assert "AZURE_CLIENT_SECRET" in error.value.hint
    assert "planted-secret" not in f"{error.value}{error.value.hint}{error.value.__cause__!r}"


def test_a_token_for_somebody_else_is_bad_input_and_not_repeated(
    entra: Authority, endpoint: str, model: Address
) -> None:
    entra.audience = "https://vault.azure.net"
    try:
        with pytest.raises(InputError, match="does not take the Azure credentials: HTTP 403") as error:
            source(entra, endpoint).resolve(model)
    finally:
        entra.audience = "https://storage.azure.com"

    assert entra.given[-1] not in f"{error.value}{error.value.hint}{error.value.__cause__!r}"


def test_an_authority_that_is_not_there_is_an_outside_error(
    entra: Authority, endpoint: str, model: Address
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(OutsideError, match=f"Microsoft Entra ID at {nowhere} does not answer"):
        source(entra, endpoint, AZURE_AUTHORITY_HOST=nowhere).resolve(model)
