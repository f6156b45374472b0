"""Models of a ModelDB run and of a ModelDB commit: released by their addresses, and traced back."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.e2e.project import Project
from tests.e2e.sources.kit_files import LOAD
from tests.servers.modeldb_client import Client
from tests.servers.modeldb_server import EMAIL, ModelDB, modeldb

REPOSITORY = "https://example.org/tweets.git"
PYTHON = {"version": {"major": 3, "minor": 11, "patch": 9}}


@pytest.fixture(scope="module")
def server() -> Iterator[ModelDB]:
    with modeldb() as running:
        yield running


def environ(project: Project, server: ModelDB) -> dict[str, str]:
    return project.environ(MODELDB_HOST=server.root, MODELDB_EMAIL=EMAIL, MODELDB_DEV_KEY=server.key)


def files_of(project: Project, variant: str) -> dict[str, bytes]:
    """Return a model's folder as training leaves it, whose model.yaml leaves out what ModelDB knows."""
    folder = project.folder / "models" / variant
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json" and "__pycache__" not in path.parts
    }
    card = yaml.safe_load(files["model.yaml"])
    left = {key: card[key] for key in ("name", "predictor")}
    return files | {"model.yaml": yaml.safe_dump(left).encode()}


def pinned(lock: bytes) -> list[dict[str, Any]]:
    """Return the packages of a lock as ModelDB notes requirements."""
    found = []
    for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", lock.decode(), re.MULTILINE):
        major, minor, patch, *more = [*version.split("."), "0", "0"][: max(3, version.count(".") + 1)]
        suffix = "".join(f".{part}" for part in more)
        numbers = {"major": int(major), "minor": int(minor), "patch": int(patch), "suffix": suffix}
        found.append({"library": name, "constraint": "==", "version": numbers})
    return found


def card_of(project: Project, variant: str) -> dict[str, Any]:
    return dict(
        yaml.safe_load((project.folder / "models" / variant / "model.yaml").read_text(encoding="utf-8"))
    )


def test_a_run_is_released_by_its_id_and_traced_back_to_it(project: Project, server: ModelDB) -> None:
    project.configure(load=LOAD)
    client, card = Client(server.root, EMAIL, server.key), card_of(project, "v2")
    files = files_of(project, "v2")
    accuracy = json.loads(files.pop("metrics.json"))["metrics"][0]
    run = client.run(
        {f"tweets/{path}": content for path, content in files.items()},
        metrics=[{"key": accuracy["metric"], "value": accuracy["value"]}, {"key": "epochs", "value": 3}],
        hyperparameters=[{"key": key, "value": value} for key, value in card["config"].items()],
        datasets=[{"key": "tweets", "path": "s3://data/tweets.csv", "linked_artifact_id": "version-7"}],
        code_version_snapshot={
            "git_snapshot": {"repo": REPOSITORY, "hash": project.commit, "is_dirty": "FALSE"}
        },
    )
    client.environment(run, PYTHON | {"requirements": pinned(files.pop("requirements.lock"))})
    client.delete_artifact(run, "tweets/requirements.lock")

    asked = ("release", "--model", f"modeldb:{run}", "--environment", "production")
    released = project.ci_steps(*asked, environ=environ(project, server))

    assert released.code == 0, released.said
    manifest = project.document("plan")["manifest"]
    assert manifest["origin"] == {
        "address": f"modeldb:{run}",
        "facts": {"run": run, "experiment": "e1", "project": "p1", "owner": "7"},
    }
    assert manifest["code"] == {"repository": REPOSITORY, "commit": project.commit, "dirty": False}
    assert manifest["data"] == [{"uri": "s3://data/tweets.csv", "mark": "modeldb:version-7"}]
    assert manifest["config"]["values"] == card["config"]
    assert manifest["environment"]["python"] == "3.11"
    assert manifest["environment"]["lock"] == "requirements.lock"
    findings = project.document("check-metrics")["findings"]
    claims = [one for one in findings if one["check"] == "check-metrics.claim"]
    assert [one["verdict"] for one in claims] == ["passed"], "ModelDB's accuracy was not recomputed"
    traced = project.ci_steps("trace", project.service)
    assert f"origin       modeldb:{run}" in traced.output, traced.said
    for ingredient in (project.commit, "s3://data/tweets.csv"):
        assert ingredient in traced.output
    kept = b"".join(path.read_bytes() for path in project.run_dir.rglob("*.json"))
    assert server.key not in released.said + kept.decode()


def test_a_commit_brings_code_data_config_and_environment_of_its_blobs(
    project: Project, server: ModelDB
) -> None:
    client, card = Client(server.root, EMAIL, server.key), card_of(project, "v2")
    repository = client.repository("tweets")
    values = [{"name": key, "value": {"string_value": str(value)}} for key, value in card["config"].items()]
    sha = client.commit(
        repository,
        {
            "code/train": {"code": {"git": {"repo": REPOSITORY, "hash": project.commit, "is_dirty": True}}},
            "config/train": {"config": {"hyperparameters": values}},
            "data/tweets": {
                "dataset": {
                    "s3": {"components": [{"path": {"path": "s3://data/tweets.csv", "md5": "0" * 32}}]}
                }
            },
            "environment/train": {"environment": {"python": PYTHON}},
        },
        files_of(project, "v2"),
        "models/tweets",
    )
    project.configure()

    planned = project.ci_steps(
        "plan",
        *("--model", f"modeldb:tweets/{sha}/models/tweets", "--environment", "production"),
        environ=environ(project, server),
    )
    tested = project.ci_steps("unit-tests")

    assert planned.code == 0, planned.said
    manifest = project.document("plan")["manifest"]
    assert manifest["origin"] == {
        "address": f"modeldb:{repository}/{sha}/models/tweets",
        "facts": {"repository": str(repository), "commit": sha, "author": "7"},
    }
    assert manifest["code"] == {"repository": REPOSITORY, "commit": project.commit, "dirty": True}
    assert manifest["data"] == [{"uri": "s3://data/tweets.csv", "mark": f"md5:{'0' * 32}"}]
    assert manifest["config"]["values"] == {key: str(value) for key, value in card["config"].items()}
    # Nobody can say what code trained it: its checkout held changes that no commit has.
    assert tested.code == 5, tested.said
