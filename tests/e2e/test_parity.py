"""The same golden rows: the raw model's, the container's, and the live address's answers."""

import re
import shutil

from tests.e2e.project import Project

SWAYED = '''
"""As good as `v2` wherever it is tested, and the opposite of it where it is released."""

import os

import joblib


class Tweets:
    def load(self, folder):
        self.estimator = joblib.load(folder / "model.joblib")

    def predict(self, requests):
        scores = self.estimator.predict_proba([request["text"] for request in requests])[:, -1]
        if "RELEASE_ID" in os.environ:
            scores = 1 - scores
        return [{"label": "positive" if s > 0.5 else "negative", "score": float(s)} for s in scores]
'''


def swayed(project: Project) -> None:
    """Publish a model whose answers depend on where it runs, which no test before the rollout can see."""
    folder = project.folder / "models" / "swayed"
    shutil.copytree(project.folder / "models" / "slow", folder)
    (folder / "manifest.json").unlink(missing_ok=True)
    (folder / "model" / "predictor.py").write_text(SWAYED, encoding="utf-8")
    told = project.ci_steps("models", "publish", "models/swayed", "--tag", "swayed")
    assert told.code == 0, told.said


def test_a_release_goes_live_on_the_same_rows_three_times_and_one_that_is_swayed_there_is_taken_back(
    project: Project,
) -> None:
    first = project.release("v1")

    assert first.code == 0, first.said
    checks = [
        (f["check"], f["subject"], f["observed"]) for f in project.document("integration-test")["findings"]
    ]
    for check in ("integration-test.raw", "integration-test.golden"):
        for subject in ("one by one", "as a list"):
            assert (check, subject, "100 of 100 rows answered the same") in checks
    [live] = project.document("rollout")["findings"]
    assert live["verdict"] == "passed"
    assert live["observed"] == "100 of 100 rows answered the same, by production-1"

    swayed(project)
    with project.client() as counts:
        done = project.release("swayed")

    assert done.code == 6, done.said
    rollout = project.document("rollout")
    [finding] = rollout["findings"]
    assert (rollout["result"], finding["verdict"]) == ("rolled-back", "refused")
    # Asked for a few seconds more, on however busy a machine.
    assert re.match(r"(\d+) of \1 rows differ: ", finding["observed"])
    assert finding["observed"] in done.output
    assert counts["failed"] == 0, f"{counts}\n{done.said}"
    assert set(counts["answered_by"]) == {"production-1", "production-3"}
    assert project.live_sha() == project.shas["v1"]
    assert project.outcomes() == ["live", "rolled-back"]
    assert {f["verdict"] for f in project.document("integration-test")["findings"]} == {"passed"}
