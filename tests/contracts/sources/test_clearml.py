"""Models in ClearML, of which no server runs here: a small one of ours holds to the schemas of its client."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from ci_steps.adapters.clearml_source import ClearMLSource, Server
from ci_steps.adapters.file_source import FileSource
from ci_steps.adapters.handed_on import HandedOn
from ci_steps.adapters.s3_source import S3Source
from ci_steps.adapters.transfer import Transfer
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.digest import Digest
from ci_steps.ports import ChangedError, PartialError
from tests import s3_servers
from tests.contracts.sources.promises import (
    FILES_TO_CHANGE,
    Changing,
    Guarded,
    Promises,
    Remote,
    kit_model,
    sourced,
)
from tests.servers.clearml import ClearML, clearml


@dataclass(frozen=True)
class Tasks:
    """A task for each model."""

    server: ClearML

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.server.secret,)

    def publish(self, files: Mapping[str, bytes]) -> str:
        return f"clearml:{self.server.task(files)}"

    def nothing(self) -> str:
        return f"clearml:{'0' * 32}"

    def change(self, address: str, path: str, content: bytes) -> None:
        self.server.artifacts(address.removeprefix("clearml:"), {path: content})

    def delete(self, address: str, path: str) -> None:
        self.server.switch(f"drop/train.{address.removeprefix('clearml:')}/artifacts/{path}")

    def source(self) -> ClearMLSource:
        return self.told()

    def stranger(self) -> tuple[ClearMLSource, str]:
        other = secrets.token_hex(20)
        return self.told(CLEARML_API_SECRET_KEY=other), other

    def at(self, port: int) -> ClearMLSource:
        return self.told(CLEARML_API_HOST=f"http://127.0.0.1:{port}")

    def told(self, **changes: str) -> ClearMLSource:
        """Return the source with other variables; an empty value takes one away."""
        server = Server.of(self.server.variables | changes)
        return ClearMLSource(server, HandedOn(lambda _: FileSource(Path("/"))))


@pytest.fixture(scope="module")
def server() -> Iterator[ClearML]:
    with clearml() as running:
        yield running


class TestOfTasks(Promises, Changing, Guarded, Remote):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, server: ClearML) -> Tasks:
        return Tasks(server)

    def test_an_expired_token_is_had_anew_once(self, place: Tasks, model: Address) -> None:
        source = place.source()
        before = source.resolve(model)
        logins = place.server.switch("logins")["logins"]

        place.server.switch("expire")

        assert source.resolve(model) == before
        assert place.server.switch("logins")["logins"] == logins + 1

    def test_a_token_that_ends_soon_is_not_sent_along_for_bytes(self, place: Tasks, model: Address) -> None:
        place.server.switch("seconds", b"30")
        try:
            source = place.source()
            found = source.resolve(model)
            first, second = (source.request(found.files[0], 0, 0).headers for _ in range(2))
        finally:
            place.server.switch("seconds", b"3600")

        assert first["Authorization"] != second["Authorization"]

    def test_our_token_goes_to_the_file_server_alone(self, place: Tasks) -> None:
        server = place.source().server

        assert server.headers_for(f"{place.server.root}/x")
        assert not server.headers_for("https://files.example.org/x")
        assert not place.told(CLEARML_FILES_HOST="").server.headers_for(f"{place.server.root}/x")

    def test_a_file_server_that_nobody_named_says_what_is_missing(self, place: Tasks, model: Address) -> None:
        with pytest.raises(InputError, match="HTTP 401") as error:
            place.told(CLEARML_FILES_HOST="").resolve(model)

        assert "CLEARML_FILES_HOST" in error.value.hint

    def test_an_artifact_that_was_not_uploaded_to_its_end_is_partial(self, place: Tasks) -> None:
        address = place.publish(FILES_TO_CHANGE)
        task = address.removeprefix("clearml:")
        place.server.switch(f"put/train.{task}/artifacts/notes.txt", b"he")

        with pytest.raises(PartialError, match=r"notes\.txt .* has 2 bytes, and 6 were noted"):
            place.source().resolve(Address.parse(address))

    def test_other_bytes_of_the_same_length_are_an_error_of_their_own(
        self, place: Tasks, transfer: Transfer
    ) -> None:
        address = place.publish(FILES_TO_CHANGE)
        task = address.removeprefix("clearml:")
        place.server.switch(f"put/train.{task}/artifacts/model/one", b"2")
        source = place.source()

        with pytest.raises(ChangedError, match="one"):
            transfer.bring(source, source.resolve(Address.parse(address)).files)

    def test_a_task_that_was_deleted_is_bad_input(self, place: Tasks) -> None:
        task = place.server.task(FILES_TO_CHANGE)
        place.server.asked("tasks.delete", task=task)

        with pytest.raises(InputError, match=f"neither a model nor a task clearml:{task}") as error:
            place.source().resolve(Address.parse(f"clearml:{task}"))

        assert "CLEARML_API_HOST" in error.value.hint

    def test_a_task_that_still_runs_is_not_taken(self, place: Tasks) -> None:
        task = place.server.task(FILES_TO_CHANGE)
        place.server.asked("tasks.started", task=task)

        with pytest.raises(InputError, match="is in_progress: what it uploads may still change"):
            place.source().resolve(Address.parse(f"clearml:{task}"))

    def test_a_model_is_its_weights_and_the_artifacts_of_its_task(self, place: Tasks) -> None:
        task = place.server.task({"tweets/model.yaml": b"name: tweets\n", "plots/roc.png": b"png"})
        model = place.server.model(task, "a model.bin", b"weights", tags=["validated-by: anna", "best"])
        source = place.source()

        of_model = source.resolve(Address.parse(f"clearml:{model}"))
        of_task = source.resolve(Address.parse(f"clearml:{task}"))

        assert {file.path for file in of_model.files} == {"model.yaml", "model/a model.bin"}
        assert of_task.files == of_model.files
        assert of_model.origin.facts["task"] == task
        assert "published" not in of_model.origin.facts
        assert any("not published" in line for line in of_model.said)

    def test_a_published_model_says_who_validated_it(self, place: Tasks) -> None:
        task = place.server.task({"model.yaml": b"name: tweets\n"})
        model = place.server.model(task, "weights.bin", b"weights", tags=["validated-by: anna", "best"])
        place.server.asked("models.set_ready", model=model)

        found = place.source().resolve(Address.parse(f"clearml:{model}"))

        assert found.origin.facts["published"] == "yes"
        assert found.origin.facts["validated by"] == "anna"
        assert "best" not in str(found.origin)
        assert any("validated by anna" in line for line in found.said)

    def test_a_model_that_was_published_since_is_looked_at_anew(self, place: Tasks, tmp_path: Path) -> None:
        task = place.server.task(kit_model())
        address = Address.parse(f"clearml:{task}")
        models, _ = sourced(place.source(), tmp_path)
        draft = models.manifest(address)

        place.server.asked("tasks.publish", task=task)
        published = models.manifest(address)

        assert draft.origin
        assert published.origin
        assert "published" not in draft.origin.facts
        assert published.origin.facts["published"] == "yes"
        assert published.files == draft.files

    def test_of_several_models_of_a_task_one_must_be_named(self, place: Tasks) -> None:
        task = place.server.task({})
        models = [place.server.model(task, f"{n}.bin", b"weights") for n in range(2)]

        with pytest.raises(InputError, match="made 2 models") as error:
            place.source().resolve(Address.parse(f"clearml:{task}"))

        assert all(f"clearml:{model}" in error.value.hint for model in models)

    def test_an_archive_that_a_person_packed_is_refused(self, place: Tasks) -> None:
        task = place.server.task({"tweets.zip": b"PK"})

        with pytest.raises(InputError, match=r"holds the archive .*tweets\.zip and no model\.yaml"):
            place.source().resolve(Address.parse(f"clearml:{task}"))

    def test_a_project_stands_for_the_model_that_was_published_in_it_last(self, place: Tasks) -> None:
        name = f"teams/{secrets.token_hex(4)}"
        project = place.server.asked("projects.create", name=name)["id"]
        address, ids = Address.parse(f"clearml:projects/{name}"), []
        for _ in range(2):
            task = place.server.task({"model.yaml": b"name: tweets\n"})
            ids.append(place.server.model(task, "w.bin", b"weights", project=project))
        source, newest = place.source(), []

        with pytest.raises(InputError, match="has no published model"):
            source.resolve(address)
        for published in reversed(ids):
            place.server.asked("models.set_ready", model=published)
            newest.append(source.resolve(address).origin.address)

        assert newest == [f"clearml:{id_}" for id_ in reversed(ids)]

    def test_a_project_that_is_not_there_is_named(self, place: Tasks) -> None:
        with pytest.raises(InputError, match="has no project 'nobody'"):
            place.source().resolve(Address.parse("clearml:projects/nobody"))

    def test_a_folder_that_the_client_packed_is_the_model(self, place: Tasks, tmp_path: Path) -> None:
        task = place.server.task({})
        place.server.folder(task, "release", {f"v1/{path}": each for path, each in kit_model().items()})
        models, _ = sourced(place.source(), tmp_path)

        manifest, _ = models.imported(Address.parse(f"clearml:{task}"))

        assert {file.path for file in manifest.files} == set(kit_model())
        assert manifest.origin
        assert manifest.origin.facts["task"] == task

    def test_a_packed_folder_of_a_model_lies_below_its_name_and_the_weights_stay(
        self, place: Tasks, tmp_path: Path
    ) -> None:
        files = kit_model()
        inside = {path: content for path, content in files.items() if path.startswith("model/")}
        task = place.server.task({path: files[path] for path in files.keys() - inside.keys()})
        place.server.folder(task, "model", {path.removeprefix("model/"): b"old" for path in inside})
        [(path, weights)] = inside.items()
        model = place.server.model(task, path.removeprefix("model/"), weights)
        models, _ = sourced(place.source(), tmp_path)

        manifest, _ = models.imported(Address.parse(f"clearml:{model}"))

        assert {file.path for file in manifest.files} == set(files)
        assert manifest.file(path).digest == Digest.of(weights)

    @pytest.mark.parametrize("uri", ["https://me:hunter2@host/w", "https://host/w?X-Amz-Signature=hunter2"])
    def test_a_uri_that_lets_anyone_in_is_refused_and_not_repeated(self, place: Tasks, uri: str) -> None:
        task = place.server.task({"model.yaml": b"name: tweets\n"})
        model = place.server.asked("models.create", uri=uri, name="tweets", task=task)["id"]

        with pytest.raises(InputError, match="a login or a signature in its URL") as error:
            place.source().resolve(Address.parse(f"clearml:{model}"))

        assert "hunter2" not in f"{error.value}{error.value.hint}"

    def test_weights_that_lie_on_s3_are_brought_from_there(self, place: Tasks, transfer: Transfer) -> None:
        at = s3_servers.a_prefix()
        key = f"{at.prefix}/models/weights.bin"
        s3_servers.client().put_object(Bucket=at.bucket, Key=key, Body=b"weights")
        task = place.server.task({"model.yaml": b"name: tweets\n"})
        model = place.server.asked("models.create", uri=f"s3://{at.bucket}/{key}", name="tweets", task=task)
        source = ClearMLSource(place.source().server, HandedOn(lambda _: S3Source()))

        found = source.resolve(Address.parse(f"clearml:{model['id']}"))

        brought = transfer.bring(source, found.files)
        assert brought["model/weights.bin"].digest == Digest.of(b"weights")


@pytest.mark.parametrize(
    ("action", "body", "why"),
    [
        ("tasks.get_by_id", {}, "'task' is a required property"),
        ("tasks.get_by_id", {"task": 7}, "7 is not of type 'string'"),
        ("models.get_by_id", {"model": "m", "task": "t"}, "'task' was unexpected"),
        ("tasks.fetch", {"task": "t"}, "Unable to find endpoint"),
    ],
)
def test_our_server_refuses_what_the_schemas_do_not_allow(
    server: ClearML, action: str, body: Mapping[str, object], why: str
) -> None:
    headers = Tasks(server).source().server.headers_for(server.root)

    answer = requests.post(f"{server.root}/{action}", json=body, headers=dict(headers), timeout=30)

    assert answer.status_code in {400, 404}
    assert why in answer.json()["meta"]["result_msg"]
