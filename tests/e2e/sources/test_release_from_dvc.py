"""A model that a pipeline of DVC made and pushed: released by its tag, and traced back to its ingredients."""

import hashlib
import json
import os
import shutil

import yaml

from tests.dvc_repositories import DvcRepository
from tests.e2e.project import Project
from tests.e2e.sources.kit_files import LOAD
from tests.s3_servers import a_prefix

RAW = "data/tweets_GroundTruth.txt"


def trained(project: Project) -> str:
    """Let DVC make a model in the checkout, with its bytes in a bucket, push both; return the git URL."""
    v2, made = project.folder / "models" / "v2", project.folder / "models" / "made"
    shutil.copytree(v2, made, ignore=shutil.ignore_patterns("manifest.json", "metrics.json"))
    card = yaml.safe_load((v2 / "model.yaml").read_text(encoding="utf-8"))
    # Code, data and config are what DVC knows.
    left = {key: card[key] for key in ("name", "predictor", "python")}
    (made / "model.yaml").write_text(yaml.safe_dump(left), encoding="utf-8")
    accuracy = json.loads((v2 / "metrics.json").read_bytes())["metrics"][0]["value"]
    repository = DvcRepository(project.folder)
    repository.dvc("init")
    repository.point(str(a_prefix()), endpointurl=os.environ["AWS_ENDPOINT_URL_S3"])
    repository.write({"params.yaml": b"train: {C: 1.5, seed: 7}\n"})
    repository.pipeline(
        train={
            "cmd": "cp -r models/made trained",
            "deps": [RAW, "train.py"],
            "params": ["train"],
            "outs": ["trained"],
        },
        evaluate={
            "cmd": f"""echo '{{"accuracy": {accuracy}}}' > scores.json""",
            "deps": ["trained"],
            "metrics": [{"scores.json": {"cache": False}}],
        },
    )
    repository.commit("train", tag="tweets@v2.0.0")
    there = project.state / "tweets.git"
    repository.git("clone", "-q", "--bare", ".", str(there))
    return there.as_uri()


def test_a_model_that_a_pipeline_made_goes_live_by_its_tag(project: Project) -> None:
    project.configure(load=LOAD)
    url = trained(project)

    address = f"dvc:{url}@tweets@v2.0.0:trained"
    released = project.ci_steps("release", "--model", address, "--environment", "production")

    assert released.code == 0, released.said
    resolved = f"dvc:{url}@{project.commit}:trained"
    assert f"{address} is {resolved}, which is tweets@" in released.output
    manifest = project.document("plan")["manifest"]
    assert manifest["origin"]["address"] == resolved
    assert manifest["code"] == {"repository": url, "commit": project.commit, "dirty": False}
    md5 = hashlib.md5((project.folder / RAW).read_bytes(), usedforsecurity=False).hexdigest()
    assert manifest["data"] == [{"uri": f"dvc:{url}:{RAW}", "mark": f"md5:{md5}"}]
    assert manifest["config"]["values"] == {"train": {"C": 1.5, "seed": 7}}
    claims = [
        one for one in project.document("check-metrics")["findings"] if one["check"] == "check-metrics.claim"
    ]
    assert [one["verdict"] for one in claims] == ["passed"], "DVC's accuracy was not recomputed"
    assert project.get("/info")["ingredients"]["origin"]["address"] == resolved
    traced = project.ci_steps("trace", project.service)
    for ingredient in (
        f"origin       {resolved}",
        f"commit: {project.commit}",
        "stage: train",
        f"md5:{md5}"[:12],
        f"dvc:{url}:{RAW}",
    ):
        assert ingredient in traced.output, traced.said
    again = project.ci_steps("plan", "--model", address, "--environment", "production")
    assert again.code == 0, again.said
    kept = b"".join(path.read_bytes() for path in project.run_dir.rglob("*.json")).decode()
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in released.said + again.said + kept
