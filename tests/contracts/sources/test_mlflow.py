"""Models of MLflow's own tracking server, which asks for a password and serves artifacts by its proxy."""

import base64
import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from ci_steps.adapters.file_source import FileSource
from ci_steps.adapters.mlflow_source import Artifacts, MlflowSource, TrackingServer
from ci_steps.adapters.s3_source import S3Source
from ci_steps.adapters.transfer import Transfer
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.ports import Source
from tests.contracts.sources.own_clients import variable
from tests.contracts.sources.promises import Changing, Guarded, Promises, Remote
from tests.s3_servers import a_prefix

FILES = {"model/one": b"1", "model.yaml": b"predictor: {python: 'predictor:P'}\n"}


@dataclass(frozen=True)
class Tracking:
    """A tracking server, whose client stays as long as this file's tests."""

    client: "subprocess.Popen[str]"
    password: str = field(default_factory=lambda: variable("MLFLOW_TRACKING_PASSWORD", "mlflow"), repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        login = f"{os.environ['MLFLOW_TRACKING_USERNAME']}:{self.password}"
        return (self.password, base64.b64encode(login.encode()).decode())

    def publish(self, files: Mapping[str, bytes]) -> str:
        return f"mlflow:runs/{self.logged(files)}/model"

    def logged(self, files: Mapping[str, bytes], **where: str) -> str:
        """Log the files in a new run; return its id."""
        coded = {path: base64.b64encode(content).decode() for path, content in files.items()}
        return self._asked(do="log", files=coded, **where)

    def change(self, address: str, path: str, content: bytes) -> None:
        run = address.split("/")[1]
        self._asked(do="put", run=run, path=path, content=base64.b64encode(content).decode())

    def delete(self, address: str, path: str) -> None:
        self._asked(do="delete", run=address.split("/")[1], path=path)

    def nothing(self) -> str:
        return f"mlflow:runs/{'0' * 32}/model"

    def source(self) -> MlflowSource:
        return self.told()

    def stranger(self) -> tuple[MlflowSource, str]:
        other = "not-the-password-0123456789"
        return self.told(MLFLOW_TRACKING_PASSWORD=other), other

    def at(self, port: int) -> MlflowSource:
        return self.told(MLFLOW_TRACKING_URI=f"http://127.0.0.1:{port}")

    def told(self, **changes: str) -> MlflowSource:
        """Return the source with other variables."""
        given = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_")}
        server = TrackingServer.of(given | changes)
        return MlflowSource(server, Artifacts(server, _other))

    def call(self, route: str, **body: str) -> Any:
        """Change something at the server, over its REST API."""
        login = (os.environ["MLFLOW_TRACKING_USERNAME"], self.password)
        with requests.Session() as session:
            session.trust_env = False
            url = f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/{route}"
            answer = session.post(url, json=body, auth=login, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def registered(self, run: str, name: str) -> str:
        """Let the run's artifacts be the next version of a model; return its number."""
        source = f"mlflow-artifacts:/{self._experiment(run)}/{run}/artifacts/model"
        version = self.call("model-versions/create", name=name, source=source, run_id=run)
        return str(version["model_version"]["version"])

    def _experiment(self, run: str) -> str:
        told = self.call("runs/update", run_id=run)
        return str(told["run_info"]["experiment_id"])

    def _asked(self, **order: Any) -> str:
        assert self.client.stdin
        assert self.client.stdout
        self.client.stdin.write(json.dumps(order) + "\n")
        self.client.stdin.flush()
        line = self.client.stdout.readline()
        if not line:
            pytest.fail("MLflow's client ended, see what it wrote to standard error", pytrace=False)
        return str(json.loads(line))


def _other(scheme: str) -> Source:
    others: dict[str, Source] = {"file": FileSource(Path("/")), "s3": S3Source()}
    return others[scheme]


@pytest.fixture(scope="module")
def tracking() -> Iterator[Tracking]:
    command = [
        variable("CI_STEPS_MLFLOW_PYTHON", "mlflow"),
        str(Path(__file__).with_name("mlflow_client.py")),
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as client:
        yield Tracking(client)
        client.terminate()


class TestOfMlflow(Promises, Changing, Guarded, Remote):
    impossible = "#?%"

    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tracking: Tracking) -> Tracking:
        return tracking


@pytest.fixture(scope="module")
def name(tracking: Tracking) -> str:
    made = f"Contract {secrets.token_hex(4)}"
    tracking.call("registered-models/create", name=made)
    return made


def test_an_alias_stands_for_a_version_which_stays_when_the_alias_moves(
    tracking: Tracking, name: str
) -> None:
    first = tracking.registered(tracking.logged(FILES), name)
    second = tracking.registered(tracking.logged(FILES | {"model/one": b"2"}), name)
    by_alias, source = Address.parse(f"mlflow:models/{name}@champion"), tracking.source()

    tracking.call("registered-models/alias", name=name, alias="champion", version=first)
    then = source.resolve(by_alias)
    tracking.call("registered-models/alias", name=name, alias="champion", version=second)
    now = source.resolve(by_alias)

    assert then.origin.address == f"mlflow:models/{name}/{first}"
    assert now.origin.address == f"mlflow:models/{name}/{second}"
    assert source.resolve(Address.parse(then.origin.address)) == then


@pytest.mark.parametrize("rest", ["@nobody", "/99"])
def test_a_version_that_is_not_there_is_bad_input_that_names_it(
    tracking: Tracking, name: str, rest: str
) -> None:
    address = Address.parse(f"mlflow:models/{name}{rest}")

    with pytest.raises(InputError, match=f"has no {address}"):
        tracking.source().resolve(address)


def test_what_a_run_noted_is_known(tracking: Tracking) -> None:
    run = tracking.logged(FILES)
    tracking.call("runs/log-parameter", run_id=run, key="C", value="0.5")
    for key, value in (("accuracy", "0.9"), ("loss", "NaN")):
        tracking.call("runs/log-metric", run_id=run, key=key, value=value, timestamp="0")
    for key, value in (
        ("mlflow.source.git.commit", "ab" * 20),
        ("mlflow.source.git.repoURL", "https://me:s3cr3t-token@example.org/flowers.git"),
    ):
        tracking.call("runs/set-tag", run_id=run, key=key, value=value)

    found = tracking.source().resolve(Address.parse(f"mlflow:runs/{run}/model"))

    assert found.known.code
    assert found.known.code.commit == "ab" * 20
    assert found.known.code.repository == "https://example.org/flowers.git"
    assert found.known.config == {"C": "0.5"}
    assert found.known.metrics == {"accuracy": 0.9}
    assert found.origin.facts["run"] == run
    assert "s3cr3t" not in repr(found)


@pytest.mark.parametrize("scheme", ["file", "s3"])
def test_artifacts_that_lie_elsewhere_are_handed_to_the_source_of_that_place(
    tracking: Tracking, transfer: Transfer, tmp_path: Path, scheme: str
) -> None:
    place = a_prefix()
    there = {"file": (tmp_path / "artifacts").as_uri(), "s3": f"s3://{place.bucket}/{place.prefix}"}
    run = tracking.logged(FILES, to=there[scheme])
    source = tracking.source()

    found = source.resolve(Address.parse(f"mlflow:runs/{run}/model"))

    assert [file.path for file in found.files] == sorted(FILES)
    assert source.resolve(Address.parse(found.origin.address)) == found
    brought = transfer.bring(source, found.files)
    assert transfer.put(brought["model/one"], tmp_path / "one")
    assert (tmp_path / "one").read_bytes() == b"1"


def test_what_a_run_logged_for_the_kit_lies_beside_the_model(tracking: Tracking) -> None:
    run = tracking.logged(FILES | {"MLmodel": b"flavors: {}"})
    for path in ("ci_steps/golden.jsonl", "ci_steps/notes.txt", "eval_results_table.json", "plot.png"):
        tracking.change(f"mlflow:runs/{run}/model", f"../{path}", b"{}")

    found = tracking.source().resolve(Address.parse(f"mlflow:runs/{run}/model"))

    beside = {"golden.jsonl", "eval_results_table.json"}
    assert {file.path for file in found.files} == {*FILES, "MLmodel", *beside}
