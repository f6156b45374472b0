"""A folder by its address, and a model that stands on another one."""

import shutil
from pathlib import Path

import yaml

from tests.e2e.project import Project
from tests.e2e.sources.kit_files import LOAD

ON_A_MODULE = '''\
"""The tweets' model, whose estimator lives apart."""

from pathlib import Path

import joblib


class Tweets:
    def load(self, folder: Path) -> None:
        self.estimator = joblib.load(folder.parent / "modules" / "words" / "model" / "model.joblib")

    def predict(self, requests: list) -> list:
        scores = self.estimator.predict_proba([request["text"] for request in requests])[:, -1]
        return [{"label": "positive" if s > 0.5 else "negative", "score": float(s)} for s in scores]
'''


def without_manifest(project: Project, variant: str, to: Path, **card: object) -> Path:
    """Copy a variant as training leaves it, with a changed model.yaml; its code is the checkout's."""
    shutil.copytree(project.folder / "models" / variant, to, ignore=shutil.ignore_patterns("manifest.json"))
    path = to / "model.yaml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    code = {"repository": "https://example.org/tweets.git", "commit": project.commit}
    path.write_text(yaml.safe_dump(written | {"code": code} | card), encoding="utf-8")
    return to


def test_a_folder_and_the_module_it_stands_on_go_live_by_their_address(
    project: Project, tmp_path: Path
) -> None:
    project.configure(load=LOAD)
    words = without_manifest(project, "v2", tmp_path / "words", name="words")
    imported = project.ci_steps("models", "import", f"file:{words}", "--json")
    assert imported.code == 0, imported.said
    module = imported.objects[-1]["sha"].removeprefix("sha256:")
    whole = without_manifest(
        project,
        "v2",
        tmp_path / "whole",
        modules=["words@" + module[:8]],
        predictor={"python": "predictor:Tweets"},
    )
    shutil.rmtree(whole / "model")
    (whole / "model").mkdir()
    (whole / "model" / "predictor.py").write_text(ON_A_MODULE, encoding="utf-8")

    released = project.ci_steps("release", "--model", f"file:{whole}", "--environment", "production")

    assert released.code == 0, released.said
    manifest = project.document("plan")["manifest"]
    assert manifest["origin"]["address"] == f"file:{whole}"
    assert manifest["modules"] == [{"name": "words", "sha": f"sha256:{module}"}]
    assert project.get("/info")["ingredients"]["modules"] == manifest["modules"]
    traced = project.ci_steps("trace", project.service)
    assert f"module       words@{module}" in traced.output, traced.said
    assert f"origin       file:{whole}" in traced.output
