"""Which credentials are used for Google Cloud Storage, and what is said of those that are none."""

import json
from pathlib import Path

import pytest

from ci_steps.adapters.gcs_source import GcsSource
from ci_steps.adapters.gcs_source.credentials import CredentialsFile, GivenToken, Machine, Nobody, tokens
from ci_steps.errors import InputError
from ci_steps.model.address import Address


def written(path: Path, **said: object) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(said), encoding="utf-8")
    return str(path)


def test_a_file_that_is_named_comes_before_all(tmp_path: Path) -> None:
    key = written(tmp_path / "key.json", type="service_account")

    found = tokens(
        {"GOOGLE_APPLICATION_CREDENTIALS": key, "CLOUDSDK_AUTH_ACCESS_TOKEN": "ya29.planted"}, emulated=True
    )

    assert found == CredentialsFile(Path(key))


def test_a_token_is_sent_as_it_is_and_not_shown() -> None:
    found = tokens({"CLOUDSDK_AUTH_ACCESS_TOKEN": " ya29.planted\n"}, emulated=False)

    assert isinstance(found, GivenToken)
    assert found.headers() == {"Authorization": "Bearer ya29.planted"}
    assert "planted" not in repr(found)


def test_nobody_asks_an_emulator_and_where_that_is_wished() -> None:
    assert isinstance(tokens({}, emulated=True), Nobody)
    assert isinstance(tokens({"CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true"}, emulated=False), Nobody)


def test_a_person_s_login_is_found_where_gcloud_puts_it(tmp_path: Path) -> None:
    login = tmp_path / ".config/gcloud/application_default_credentials.json"
    written(login, type="authorized_user")

    assert tokens({"HOME": str(tmp_path)}, emulated=False) == CredentialsFile(login)
    assert isinstance(tokens({"HOME": str(tmp_path / "x")}, emulated=False), Machine)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"planted secret",
        b"[]",
        b"{}",
        b'{"type": "service_account", "private_key": "planted secret"}',
        b'{"type": "service_account", "client_email": "a", "token_uri": "b", "private_key": "planted"}',
    ],
)
def test_a_file_that_holds_no_credentials_is_named_and_not_repeated(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_bytes(content)

    with pytest.raises(InputError, match=r"key\.json holds no credentials") as error:
        CredentialsFile(tmp_path / "key.json").headers()
    assert "planted" not in f"{error.value}{error.value.hint}{error.value.__cause__!r}"


def test_credentials_of_another_kind_are_said_with_those_that_are_known(tmp_path: Path) -> None:
    written(tmp_path / "key.json", type="gdch_service_account")

    with pytest.raises(InputError, match="'gdch_service_account'") as error:
        CredentialsFile(tmp_path / "key.json").headers()
    assert "service_account, authorized_user, external_account" in error.value.hint


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no-such\.json cannot be read"):
        tokens({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "no-such.json")}, emulated=False)


def test_credentials_do_not_cross_a_network_in_clear() -> None:
    source = GcsSource(
        {"CLOUDSDK_AUTH_ACCESS_TOKEN": "ya29.planted", "STORAGE_EMULATOR_HOST": "http://10.0.0.1:4443"}
    )

    with pytest.raises(InputError, match="plain http"):
        source.resolve(Address.parse("gs://models/tweets"))


@pytest.mark.parametrize("rest", ["models", "//M/x", "//", "//a", "//-a/x", "//../x"])
def test_an_address_without_a_bucket_is_bad_input(rest: str) -> None:
    with pytest.raises(InputError, match="does not name a bucket"):
        GcsSource({}).resolve(Address("gs", rest))
