"""Whose credentials are used for which storage account, and what is said where there are none."""

import base64

import pytest

from ci_steps.adapters.azure_source import AzureSource
from ci_steps.adapters.azure_source.account import Account
from ci_steps.adapters.azure_source.signing import Bearer, Nobody, Sas, SharedKey
from ci_steps.errors import InputError
from ci_steps.model.address import Address

KEY = base64.b64encode(b"a key that is nobody's").decode()
STRING = f"DefaultEndpointsProtocol=https;AccountName=models;AccountKey={KEY};EndpointSuffix=core.windows.net"
SAS = "sv=2020-12-06&sr=c&sp=rl&sig=planted%2Bsecret%3D"
ENTRA = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "planted-secret"}


def of(name: str = "models", **variables: str) -> Account:
    return Account.of(name, variables)


@pytest.mark.parametrize(
    ("variables", "signer"),
    [
        ({"AZURE_STORAGE_CONNECTION_STRING": STRING}, SharedKey),
        ({"AZURE_STORAGE_ACCOUNT": "models", "AZURE_STORAGE_KEY": KEY}, SharedKey),
        ({"AZURE_STORAGE_KEY": KEY}, SharedKey),
        ({"AZURE_STORAGE_SAS_TOKEN": f"?{SAS}"}, Sas),
        ({"AZURE_STORAGE_CONNECTION_STRING": f"SharedAccessSignature={SAS};"}, Sas),
        (ENTRA, Bearer),
        ({"AZURE_STORAGE_ACCOUNT": "others", "AZURE_STORAGE_KEY": KEY} | ENTRA, Bearer),
        ({"AZURE_STORAGE_ANON": "true"}, Nobody),
    ],
)
def test_the_credentials_that_are_set_for_the_account_are_used(
    variables: dict[str, str], signer: type
) -> None:
    account = of(**variables)

    assert isinstance(account.signer, signer)
    assert account.endpoint == "https://models.blob.core.windows.net"
    assert "planted" not in repr(account)
    assert KEY not in repr(account)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AZURE_STORAGE_ACCOUNT": "others", "AZURE_STORAGE_KEY": KEY},
        {"AZURE_STORAGE_CONNECTION_STRING": STRING.replace("models", "others")},
        {"AZURE_STORAGE_ANON": "false"},
    ],
)
def test_another_account_s_credentials_are_not_used(variables: dict[str, str]) -> None:
    with pytest.raises(InputError, match="no credentials for the storage account models") as error:
        of(**variables)

    assert ("others" in str(error.value)) == any("others" in value for value in variables.values())
    assert "AZURE_STORAGE_KEY" in error.value.hint
    assert KEY not in str(error.value)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"AZURE_STORAGE_KEY": "not base64!"}, "AZURE_STORAGE_KEY is not base64"),
        ({"AZURE_STORAGE_CONNECTION_STRING": "not-a-string"}, "is not a connection string"),
        ({"AZURE_STORAGE_SAS_TOKEN": "planted secret"}, "is not a shared access signature"),
        ({"AZURE_STORAGE_SAS_TOKEN": f"{SAS}\r\nHost: x"}, "is not a shared access signature"),
    ],
)
def test_credentials_that_cannot_be_any_are_named_and_not_repeated(
    variables: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError, match=said) as error:
        of(**variables)

    for value in variables.values():
        assert value not in f"{error.value}{error.value.hint}{error.value.__cause__!r}"


def test_keys_go_to_the_account_s_own_address_alone() -> None:
    with pytest.raises(InputError, match="AZURE_STORAGE_BLOB_ENDPOINT is not that of the storage account"):
        of(AZURE_STORAGE_KEY=KEY, AZURE_STORAGE_BLOB_ENDPOINT="https://others.blob.core.windows.net")


@pytest.mark.parametrize(
    "endpoint", ["https://models.blob.core.chinacloudapi.cn", "http://127.0.0.1:10000/models"]
)
def test_an_endpoint_that_is_named_is_used(endpoint: str) -> None:
    assert of(AZURE_STORAGE_KEY=KEY, AZURE_STORAGE_BLOB_ENDPOINT=endpoint).endpoint == endpoint


@pytest.mark.parametrize(
    "variables",
    [
        {"AZURE_STORAGE_SAS_TOKEN": SAS, "AZURE_STORAGE_BLOB_ENDPOINT": "http://10.0.0.1/models"},
        {"AZURE_STORAGE_CONNECTION_STRING": STRING.replace("=https", "=http")},
    ],
)
def test_credentials_do_not_cross_a_network_in_clear(variables: dict[str, str]) -> None:
    with pytest.raises(InputError, match="plain http"):
        of(**variables)


@pytest.mark.parametrize(
    "rest",
    [
        "//account",
        "//account/",
        "account/container",
        "//Account/container/m",
        "//ab/container/m",
        "//acc/c/m",
    ],
)
def test_an_address_without_an_account_and_a_container_is_bad_input(rest: str) -> None:
    with pytest.raises(InputError, match="does not name an account and a container"):
        AzureSource({}).resolve(Address("azure", rest))
