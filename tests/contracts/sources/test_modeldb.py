"""Models in ModelDB, of which no server runs here: a small one of ours holds to its published definitions."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from ci_steps.adapters.file_source import FileSource
from ci_steps.adapters.handed_on import HandedOn
from ci_steps.adapters.modeldb_source import ModelDBSource, Server
from ci_steps.adapters.transfer import Transfer
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.ports import ChangedError, PartialError
from tests.contracts.sources.promises import (
    FILES_TO_CHANGE,
    LARGE,
    Changing,
    Guarded,
    Promises,
    Remote,
    kit_model,
    part,
)
from tests.servers.modeldb_client import Client
from tests.servers.modeldb_server import EMAIL, ModelDB, modeldb


@dataclass(frozen=True)
class Place:
    """A server of ours, and its user."""

    server: ModelDB

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.server.key, self.server.stored.seal)

    @property
    def client(self) -> Client:
        return Client(self.server.root, EMAIL, self.server.key)

    def source(self) -> ModelDBSource:
        return self.told()

    def told(self, *, repository: str = "", **changes: str) -> ModelDBSource:
        """Return the source with other variables; an empty value takes one away."""
        handed_on = HandedOn(lambda _: FileSource(Path("/")))
        return ModelDBSource(Server.of(self.variables | changes), handed_on, repository)

    @property
    def variables(self) -> dict[str, str]:
        root, key = self.server.root, self.server.key
        return {"MODELDB_HOST": root, "MODELDB_EMAIL": EMAIL, "MODELDB_DEV_KEY": key}

    def stranger(self) -> tuple[ModelDBSource, str]:
        other = secrets.token_hex(16)
        return self.told(MODELDB_DEV_KEY=other), other

    def at(self, port: int) -> ModelDBSource:
        return self.told(MODELDB_HOST=f"http://127.0.0.1:{port}")


class Runs(Place):
    """A run for each model."""

    def publish(self, files: Mapping[str, bytes]) -> str:
        return f"modeldb:{self.client.run(files)}"

    def nothing(self) -> str:
        return "modeldb:no-such-run"

    def change(self, address: str, path: str, content: bytes) -> None:
        self.delete(address, path)
        self.client.artifact(address.removeprefix("modeldb:"), path, content)

    def delete(self, address: str, path: str) -> None:
        self.client.delete_artifact(address.removeprefix("modeldb:"), path)


class Commits(Place):
    """A commit for each model, in one repository."""

    def publish(self, files: Mapping[str, bytes]) -> str:
        repository = self.client.repository(f"models-{secrets.token_hex(4)}")
        return (
            f"modeldb:{repository}/{self.client.commit(repository, {}, files, 'models/tweets')}/models/tweets"
        )

    def nothing(self) -> str:
        repository = self.client.repository(f"empty-{secrets.token_hex(4)}")
        return f"modeldb:{repository}/{'0' * 64}/models/tweets"


@pytest.fixture(scope="module")
def server() -> Iterator[ModelDB]:
    with modeldb() as running:
        yield running


class TestOfRuns(Promises, Changing, Guarded, Remote):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, server: ModelDB) -> Runs:
        return Runs(server)

    def test_each_range_is_signed_anew_for_a_signature_may_have_expired(
        self, place: Runs, address: Address, files: Mapping[str, bytes]
    ) -> None:
        source = place.source()
        [large] = [file for file in source.resolve(address).files if file.path == LARGE]

        first, second = source.request(large, 0, 9), source.request(large, 10, 19)

        assert first.url != second.url
        assert part(first, 0, 9) + part(second, 10, 19) == files[LARGE][:20]

    def test_an_artifact_that_was_logged_and_not_uploaded_is_named(self, place: Runs) -> None:
        run = place.client.run(FILES_TO_CHANGE)
        place.server.stored.files.pop(f"run/{run}/model/one")

        with pytest.raises(InputError, match=f"artifact model/one of run {run} is not there") as error:
            place.source().resolve(Address.parse(f"modeldb:{run}"))

        assert "uploaded" in error.value.hint

    def test_an_artifact_that_was_cut_off_is_not_what_its_name_says(
        self, place: Runs, transfer: Transfer
    ) -> None:
        run = place.client.run({"model/weights.bin": b"0123456789"})
        place.client.upload(run, "model/weights.bin", b"01234")
        source = place.source()

        with pytest.raises(ChangedError, match="weights"):
            transfer.bring(source, source.resolve(Address.parse(f"modeldb:{run}")).files)

    def test_a_run_that_was_deleted_is_bad_input_also_between_two_ranges(self, place: Runs) -> None:
        run = place.client.run(FILES_TO_CHANGE)
        source = place.source()
        found = source.resolve(Address.parse(f"modeldb:{run}"))
        place.client.delete_run(run)

        with pytest.raises(InputError, match=f"no run modeldb:{run}"):
            source.resolve(Address.parse(f"modeldb:{run}"))
        with pytest.raises(InputError, match="no artifact"):
            source.request(found.files[0], 0, 0)

    def test_a_server_that_fails_is_an_outside_error(self, place: Runs, model: Address) -> None:
        place.server.down = True
        try:
            with pytest.raises(OutsideError, match="HTTP 500"):
                place.source().resolve(model)
        finally:
            place.server.down = False

    def test_our_keys_go_to_modeldb_alone_and_not_to_where_the_bytes_lie(
        self, place: Runs, model: Address
    ) -> None:
        with modeldb() as elsewhere:
            other = Place(elsewhere).told(MODELDB_HOST=place.server.root, MODELDB_DEV_KEY=place.server.key)

            assert other.server.headers_for(f"{place.server.root}/storage/x")
            assert not other.server.headers_for(f"{elsewhere.root}/storage/x")

    def test_only_the_folder_that_holds_model_yaml_is_the_model(self, place: Runs) -> None:
        files = {f"tweets/{path}": content for path, content in kit_model().items()}
        run = place.client.run(files | {"plots/roc.png": b"png"})

        found = place.source().resolve(Address.parse(f"modeldb:{run}"))

        assert {file.path for file in found.files} == set(kit_model())


class TestOfCommits(Promises, Guarded, Remote):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, server: ModelDB) -> Commits:
        return Commits(server)

    def test_other_bytes_than_were_committed_are_an_error_of_their_own(
        self, place: Commits, transfer: Transfer
    ) -> None:
        address = place.publish(FILES_TO_CHANGE)
        source = place.source()
        found = source.resolve(Address.parse(address))

        place.server.stored.files[f"blob/{address.removeprefix('modeldb:')}/model/one"] = b"2"

        with pytest.raises(ChangedError, match="one"):
            transfer.bring(source, found.files)
        with pytest.raises(ChangedError, match="one"):
            transfer.bring(source, source.resolve(Address.parse(address)).files)

    def test_fewer_bytes_than_were_committed_are_partial(self, place: Commits) -> None:
        address = place.publish(FILES_TO_CHANGE)
        place.server.stored.files[f"blob/{address.removeprefix('modeldb:')}/notes.txt"] = b"he"

        with pytest.raises(PartialError, match=r"notes\.txt .* has 2 bytes, and 6 were noted"):
            place.source().resolve(Address.parse(address))

    def test_a_repository_may_be_named_or_come_from_the_environment(
        self, place: Commits, model: Address
    ) -> None:
        number, _, rest = model.rest.partition("/")
        name = place.server.repositories[int(number)]["name"]

        assert place.source().resolve(Address.parse(f"modeldb:{name}/{rest}")) == place.source().resolve(
            model
        )
        assert place.told(repository=name).resolve(Address.parse(f"modeldb:{rest}")).files
        with pytest.raises(InputError, match="names no repository") as error:
            place.source().resolve(Address.parse(f"modeldb:{rest}"))
        assert "MODELDB_REPOSITORY" in error.value.hint

    def test_a_path_that_is_no_dataset_is_named_with_those_that_are(
        self, place: Commits, model: Address
    ) -> None:
        commit = model.unpinned.removesuffix("/models/tweets")

        with pytest.raises(InputError, match="models/other is not a dataset of the commit") as error:
            place.source().resolve(Address.parse(f"{commit}/models/other"))

        assert "models/tweets" in error.value.hint


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("experiment-run/logArtifact", {"id": "r", "artefact": {}}, "'artefact' was unexpected"),
        (
            "experiment-run/logArtifact",
            {"id": "r", "artifact": {"artifact_type": "PIE"}},
            "'PIE' is not one of",
        ),
        ("experiment-run/getUrlForArtifact", {"id": 7}, "7 is not of type 'string'"),
        ("experiment-run/fetchArtifact", {"id": "r"}, "no method is asked for by"),
    ],
)
def test_our_server_refuses_what_the_definitions_do_not_allow(
    server: ModelDB, path: str, body: Mapping[str, object], why: str
) -> None:
    headers = {**Server.of(Place(server).variables).headers}

    answer = requests.post(f"{server.root}/api/v1/modeldb/{path}", json=body, headers=headers, timeout=30)

    assert answer.status_code in {400, 404}
    assert why in answer.json()["message"]
