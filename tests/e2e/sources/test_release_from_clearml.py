"""A model that ClearML's own client published: released by its id, and traced back to what it is made of."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tests.e2e.project import Project
from tests.e2e.sources.kit_files import LOAD
from tests.servers.clearml import ClearML, clearml

REPOSITORY = "https://example.org/tweets.git"
WEIGHTS = "model/model.joblib"


@pytest.fixture(scope="module")
def server() -> Iterator[ClearML]:
    with clearml() as running:
        yield running


def model_folder(project: Project, to: Path) -> Path:
    """Copy a model as training leaves it, without what ClearML knows: metrics, packages, ingredients."""
    left_out = shutil.ignore_patterns("manifest.json", "metrics.json", "requirements.lock", "__pycache__")
    shutil.copytree(project.folder / "models" / "v2", to, ignore=left_out)
    card = yaml.safe_load((to / "model.yaml").read_text(encoding="utf-8"))
    left = {key: card[key] for key in ("name", "predictor")}
    (to / "model.yaml").write_text(yaml.safe_dump(left), encoding="utf-8")
    return to


def environ(project: Project, server: ClearML) -> Mapping[str, str]:
    return project.environ(**server.variables)


def test_a_model_that_clearmls_client_published_goes_live_by_its_id(
    project: Project, server: ClearML, tmp_path: Path
) -> None:
    project.configure(load=LOAD)
    git = ["git", "-C", str(project.folder)]
    subprocess.run([*git, "remote", "add", "origin", REPOSITORY], check=True)
    trained = project.folder / "models" / "v2"
    lock = (trained / "requirements.lock").read_text(encoding="utf-8")
    accuracy = json.loads((trained / "metrics.json").read_bytes())["metrics"][0]["value"]
    made = server.published(
        project.folder,
        folder=str(model_folder(project, tmp_path / "trained")),
        weights=WEIGHTS,
        config={"seed": 7, "C": 1.5},
        datasets={"tweets": "d" * 32},
        metrics={"accuracy": accuracy},
        requirements=dict(re.findall(r"^([\w.-]+)==([\w.]+)", lock, re.MULTILINE)),
        tags=["validated-by: anna", "best so far"],
        publish=True,
    )
    address = f"clearml:{made['model']}"

    asked = ("release", "--model", address, "--environment", "production")
    released = project.ci_steps(*asked, environ=environ(project, server))

    assert released.code == 0, released.said
    assert "is published in ClearML, validated by anna" in released.said
    manifest = project.document("plan")["manifest"]
    assert manifest["origin"]["address"] == address
    facts = manifest["origin"]["facts"]
    assert {name: facts[name] for name in ("model", "task", "published", "validated by")} == {
        **made,
        "published": "yes",
        "validated by": "anna",
    }
    assert manifest["code"] == {"repository": REPOSITORY, "commit": project.commit, "dirty": False}
    assert manifest["data"] == [{"uri": "clearml-dataset:tweets", "mark": f"clearml:{'d' * 32}"}]
    assert manifest["config"]["values"] == {"General/seed": 7, "General/C": 1.5}
    assert manifest["environment"]["python"] == "3.11"
    claims = [
        one for one in project.document("check-metrics")["findings"] if one["check"] == "check-metrics.claim"
    ]
    assert [one["verdict"] for one in claims] == ["passed"], "ClearML's accuracy was not recomputed"
    assert project.get("/info")["ingredients"]["origin"]["address"] == address
    traced = project.ci_steps("trace", project.service)
    for ingredient in (
        f"origin       {address}",
        made["task"],
        "anna",
        project.commit,
        "clearml-dataset:tweets",
    ):
        assert ingredient in traced.output, traced.said
    kept = b"".join(path.read_bytes() for path in project.run_dir.rglob("*.json")).decode()
    assert server.secret not in released.said + kept


def test_of_uncommitted_code_the_changes_are_kept_and_unit_tests_are_inconclusive(
    project: Project, server: ClearML, tmp_path: Path
) -> None:
    project.configure()
    folder = model_folder(project, tmp_path / "trained")
    lock = (project.folder / "models" / "v2" / "requirements.lock").read_bytes()
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    diff = "--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-seed = 7\n+seed = 8\n"
    script = {
        "binary": "python3.11",
        "repository": f"https://me:hunter2hunter2@{REPOSITORY.removeprefix('https://')}",
        "version_num": project.commit,
        "diff": diff,
    }
    task = server.task(files | {"requirements.lock": lock}, script=script)

    asked = ("plan", "--model", f"clearml:{task}", "--environment", "production")
    planned = project.ci_steps(*asked, environ=environ(project, server))
    tested = project.ci_steps("unit-tests")

    assert planned.code == 0, planned.said
    assert "is not published in ClearML: nobody there has approved it" in planned.said
    manifest = project.document("plan")["manifest"]
    assert manifest["code"] == {"repository": REPOSITORY, "commit": project.commit, "dirty": True}
    assert "code.diff" in {file["path"] for file in manifest["files"]}
    assert "hunter2" not in planned.said + json.dumps(manifest)
    assert tested.code == 5, tested.said
