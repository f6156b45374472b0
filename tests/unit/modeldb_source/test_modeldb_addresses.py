"""What a modeldb: address may be, and what the environment must say."""

from pathlib import Path

import pytest

from ci_steps.adapters.file_source import FileSource
from ci_steps.adapters.handed_on import HandedOn
from ci_steps.adapters.modeldb_source import ModelDBSource, Server
from ci_steps.errors import InputError
from ci_steps.model.address import Address

HOST = {"MODELDB_HOST": "https://modeldb.example.org"}


def source() -> ModelDBSource:
    return ModelDBSource(Server.of(HOST), HandedOn(lambda _: FileSource(Path("/"))))


@pytest.mark.parametrize(
    ("rest", "why"),
    [
        ("a" * 64, "names a commit and no path in it"),
        (f"{'a' * 64}/models", "names no repository"),
        ("tweets/models", "names no commit and path in it"),
        (f"tweets/{'a' * 64}", "names no commit and path in it"),
    ],
)
def test_an_address_that_names_no_model_is_bad_input_with_the_forms(rest: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as error:
        source().resolve(Address("modeldb", rest))

    assert "modeldb:RUN_ID" in error.value.hint


def test_a_host_must_be_named() -> None:
    with pytest.raises(InputError, match="MODELDB_HOST is not set"):
        Server.of({})


def test_a_key_does_not_cross_a_network_in_clear() -> None:
    with pytest.raises(InputError, match="would cross the network in clear") as error:
        Server.of({"MODELDB_HOST": "http://modeldb:3000", "MODELDB_DEV_KEY": "hunter2hunter2"})

    assert "hunter2" not in f"{error.value}{error.value.hint}"
    assert Server.of({"MODELDB_HOST": "http://127.0.0.1:3000", "MODELDB_DEV_KEY": "k"}).rest.root


def test_the_names_of_modeldbs_own_client_will_do() -> None:
    server = Server.of({"VERTA_HOST": "modeldb.example.org", "VERTA_EMAIL": "a@b", "VERTA_DEV_KEY": "k"})

    assert server.rest.root == "https://modeldb.example.org"
    assert server.headers["Grpc-Metadata-email"] == "a@b"


def test_no_key_is_shown() -> None:
    assert "hunter2" not in repr(Server.of(HOST | {"MODELDB_DEV_KEY": "hunter2hunter2"}))
