"""A model that a training logged with MLflow's own client, from its alias to a live service and back."""

import json
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contracts.sources.own_clients import variable
from tests.e2e.project import Completed, Engine, Project, free_port
from tests.e2e.sources.kit_files import LOAD

TRAINING = Path(__file__).with_name("mlflow_training.py")
ALLOWED = [
    *(f"builtins.{name}" for name in ("dict", "list", "str", "tuple")),
    "numpy.float64",
    "numpy.ndarray",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.StandardScaler",
]
LENGTH_WIDTH = {"length": 1, "width": 2.5, "petal size": -3}


@dataclass(frozen=True)
class Flowers:
    """A repository whose training has logged a model, and what MLflow calls it."""

    project: Project
    name: str
    commit: str
    run: str
    version: str
    id: str

    @property
    def by_alias(self) -> str:
        return f"mlflow:models/{self.name}@champion"

    def plan(self, address: str, **environ: str) -> Completed:
        asked = ("plan", "--model", address, "--environment", "production")
        return self.project.ci_steps(*asked, environ=self.project.environ(**environ))

    def stored(self) -> Path:
        """Return the model's own file on the server's disk."""
        artifacts = Path(variable("CI_STEPS_MLFLOW_ARTIFACTS", "mlflow"))
        [file] = artifacts.glob(f"*/models/{self.id}/artifacts/model.skops")
        return file


def call(route: str, **body: str) -> Any:
    """Change something at the server, over its REST API."""
    login = (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"])
    with requests.Session() as session:
        session.trust_env = False
        url = f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/{route}"
        answer = session.post(url, json=body, auth=login, timeout=30)
    assert answer.ok, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def flowers(the_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flowers]:
    python, name = variable("CI_STEPS_MLFLOW_PYTHON", "mlflow"), f"flowers-{secrets.token_hex(4)}"
    folder = tmp_path_factory.mktemp("origin") / "flowers"
    (folder / "tests").mkdir(parents=True)
    (folder / "train.py").write_text(TRAINING.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / ".gitignore").write_text("store/\n.release/\nrelease.yaml\n", encoding="utf-8")
    (folder / "tests" / "test_labels.py").write_text("def test_nothing_much() -> None:\n    assert True\n")
    commit = committed(folder)
    told = subprocess.run(
        [python, "train.py", name], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert told.returncode == 0, told.stderr
    # A short path: the proxy's admin socket lies in it.
    state = Path(tempfile.mkdtemp(prefix="ci-steps-", dir="/tmp"))
    project = Project(folder, the_engine, Path(python), {}, name, free_port(), state)
    accuracy = {"metric": "accuracy", "direction": "higher"}
    project.configure(
        registry=f"{the_engine.registry}/ci-steps-e2e/flowers",
        load=LOAD,
        scan={"allow": ALLOWED},
        metrics=[accuracy | {"floor": 0.8}],
    )
    try:
        yield Flowers(project, name, commit, **json.loads(told.stdout.splitlines()[-1]))
    finally:
        project.cleared()


def committed(folder: Path) -> str:
    who = {"NAME": "tests", "EMAIL": "tests@example.org"}
    environ = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    for command in (
        ["-c", "init.defaultBranch=main", "init", "-q"],
        ["add", "-A"],
        ["commit", "-q", "--no-gpg-sign", "-m", "A training"],
    ):
        subprocess.run(["git", *command], cwd=folder, env={**os.environ, **environ}, check=True)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
    )
    return head.stdout.strip()


def test_a_registered_model_goes_live_by_its_alias_and_is_traced_to_its_run(flowers: Flowers) -> None:
    project = flowers.project

    asked = ("release", "--model", flowers.by_alias, "--environment", "production")
    released = project.ci_steps(*asked, timeout=480)  # importing MLflow is slow on a busy machine

    assert released.code == 0, released.said
    assert f"is mlflow:models/{flowers.name}/1" in released.output
    manifest = project.document("plan")["manifest"]
    assert manifest["code"]["commit"] == flowers.commit
    assert manifest["config"]["values"] == {"C": "0.5", "seed": "7"}
    assert [data["uri"] for data in manifest["data"]] == ["https://example.org/flowers.csv#flowers"]
    traced = project.ci_steps("trace", project.service)
    for fact in (f"run: {flowers.run}", "version: 1", f"id: {flowers.id}", flowers.commit, 'seed="7"'):
        assert fact in traced.output, traced.said
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"http://{project.address}/predict", json=LENGTH_WIDTH, timeout=10)
    assert answer.json() == {"label": "large"}
    password = os.environ["MLFLOW_TRACKING_PASSWORD"]
    assert password not in released.said + traced.said
    for path in (*project.run_dir.rglob("*.json"), *(project.folder / "store").rglob("*")):
        assert path.is_dir() or password.encode() not in path.read_bytes()


def test_an_alias_that_moved_is_not_the_pinned_model(flowers: Flowers) -> None:
    pin = planned_sha(flowers, flowers.by_alias)
    about = {"source": f"models:/{flowers.id}", "model_id": flowers.id, "run_id": flowers.run}
    again = call("model-versions/create", name=flowers.name, **about)
    version = str(again["model_version"]["version"])
    call("registered-models/alias", name=flowers.name, alias="champion", version=version)

    refused = flowers.plan(f"{flowers.by_alias}#sha256={pin}")
    kept = flowers.plan(f"mlflow:models/{flowers.name}/1#sha256={pin}")

    assert refused.code == 2, refused.said
    assert f"moved: it was mlflow:models/{flowers.name}/1" in refused.said
    assert kept.code == 0, kept.said


def test_an_artifact_that_changed_under_its_version_is_never_served(flowers: Flowers, tmp_path: Path) -> None:
    address = f"mlflow:models/{flowers.name}/1"
    pin, file = planned_sha(flowers, address), flowers.stored()
    sound = file.read_bytes()
    nothing_kept = {"CI_STEPS_CACHE": str(tmp_path)}
    file.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    try:
        pinned = flowers.plan(f"{address}#sha256={pin}")
        by_sha = flowers.plan(f"{flowers.name}@{pin}", **nothing_kept)
        environ = flowers.project.environ(**nothing_kept)
        fetched = flowers.project.ci_steps("fetch-model", environ=environ)
    finally:
        file.write_bytes(sound)

    assert pinned.code == 2, pinned.said
    assert "model/model.skops changed" in pinned.said
    assert by_sha.code == 0, by_sha.said
    assert fetched.code == 4, fetched.said
    assert "model.skops" in fetched.output


def test_a_wrong_password_is_bad_input_that_is_not_repeated(flowers: Flowers) -> None:
    told = flowers.plan(flowers.by_alias, MLFLOW_TRACKING_PASSWORD="n0t-the-password")

    assert told.code == 2, told.said
    assert "does not let us see" in told.said
    assert "n0t-the-password" not in told.said


def planned_sha(flowers: Flowers, address: str) -> str:
    told = flowers.plan(address)
    assert told.code == 0, told.said
    return str(flowers.project.document("plan")["sha"]).removeprefix("sha256:")
