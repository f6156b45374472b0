"""The checkout that every project is a copy of: made, trained and published once for a session."""

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from ci_steps import kit
from ci_steps.cli.screen import PlainLines
from ci_steps.wiring.outside import Outside
from tests.e2e.project import EXAMPLE, QUICK_TEST, Engine, Project, free_port

if TYPE_CHECKING:  # benchmarks have no pytest about them
    import pytest

VARIANTS = ("v1", "v2", "worse", "breaking", "slow", "broken", "evil")

_LABELS = '''"""The label rule alone: a test of the repository that need not wait for scikit-learn."""

from tweets import Tweet


def test_the_label_is_the_sign_of_the_mean_rating() -> None:
    assert Tweet(1, 3.2, "some words").label == "positive"
    assert Tweet(1, -0.25, "some words").label == "negative"
'''


BY_HEART = '''"""Right where it was asked before, which is what golden rows are for, and quick to start."""

import json

UNKNOWN = {"label": "negative", "score": 0.5}


class Tweets:
    def load(self, folder):
        self.answers = json.loads((folder / "answers.json").read_text(encoding="utf-8"))

    def predict(self, requests):
        return [self.answers.get(request["text"], UNKNOWN) for request in requests]
'''


@dataclass(frozen=True, slots=True)
class Origin:
    """What every project is a copy of: a git checkout with trained and published models."""

    folder: Path
    engine: Engine
    python: Path
    """The interpreter that trained them."""
    shas: Mapping[str, str]


def origin_in(folder: Path, engine: Engine) -> Origin:
    """Make the checkout, train every variant and publish it under its name."""
    _checkout(folder)
    # What unit-tests makes of the same locks: one environment for the training, the tests and the client.
    lock, pytest_lock = (folder / "requirements.lock").read_bytes(), kit.pytest_lock().read_bytes()
    python = Outside(PlainLines()).environments().python(lock, version="3.11", extra=pytest_lock)
    subprocess.run([python, "train.py", "--out", "models", *VARIANTS], cwd=folder, check=True)
    project = Project(folder, engine, python, {}, "origin", 1, folder)
    project.configure()
    shas = {variant: _published(project, variant) for variant in VARIANTS}
    (folder / "release.yaml").unlink()
    return Origin(folder, engine, python, shas)


def by_heart(trained: Origin, folder: Path) -> Origin:
    """Copy the checkout, and let `v1` and `v2` know their golden rows by heart, without scikit-learn.

    To import it takes a container more than a second of work, and a release starts four. What is about the
    service, and not about its model, can do without.
    """
    shutil.copytree(trained.folder, folder)
    project = Project(folder, trained.engine, trained.python, {}, "origin", 1, folder)
    project.configure()
    shas = {**trained.shas}
    for variant in ("v1", "v2"):
        _learn_by_heart(folder / "models" / variant)
        shas[variant] = _published(project, variant)
    (folder / "release.yaml").unlink()
    return replace(trained, folder=folder, shas=shas)


def shared_origin(factory: "pytest.TempPathFactory", engine: Engine) -> Origin:
    """Return the one that this run of pytest made, in whichever of its processes; nobody writes to it."""
    return _made_once(factory, engine, "origin", lambda folder: origin_in(folder, engine))


def shared_by_heart(factory: "pytest.TempPathFactory", engine: Engine) -> Origin:
    """Return the same with `v1` and `v2` that are quick to start."""
    return _made_once(
        factory, engine, "by-heart", lambda folder: by_heart(shared_origin(factory, engine), folder)
    )


def _made_once(
    factory: "pytest.TempPathFactory", engine: Engine, name: str, make: Callable[[Path], Origin]
) -> Origin:
    here = factory.getbasetemp()
    place = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    noted, folder = place / f"{name}.json", place / name / "tweets"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not noted.exists():
            shutil.rmtree(folder.parent, ignore_errors=True)  # half of one, of a process that failed
            folder.parent.mkdir()
            made = make(folder)
            noted.write_text(
                json.dumps({"python": str(made.python), "shas": {**made.shas}}), encoding="utf-8"
            )
    told = json.loads(noted.read_text(encoding="utf-8"))
    return Origin(folder, engine, Path(told["python"]), told["shas"])


@contextmanager
def a_copy(origin: Origin, folder: Path) -> Iterator[Project]:
    """Give a project in ``folder``; at the end nothing of it is left, however the test ended."""
    shutil.copytree(origin.folder, folder)
    # A short path: the proxy's admin socket lies in it, and the name of a UNIX socket has 107 characters.
    state = Path(tempfile.mkdtemp(prefix="ci-steps-", dir="/tmp"))
    project = Project(
        folder=folder,
        engine=origin.engine,
        python=origin.python,
        shas=origin.shas,
        service=f"tweets-{secrets.token_hex(4)}",
        port=free_port(),
        state=state,
    )
    project.configure()
    try:
        yield project
    finally:
        project.cleared()


def cache() -> Path:
    """Find the cache that the kit uses here, and so do its commands in these tests."""
    return Outside(PlainLines()).cache


def _published(project: Project, variant: str) -> str:
    """Publish a variant under its name and return its SHA."""
    told = project.ci_steps("models", "publish", f"models/{variant}", "--tag", variant, "--json")
    assert told.code == 0, told.said
    return str(told.objects[-1]["sha"]).removeprefix("sha256:")


def _learn_by_heart(model: Path) -> None:
    rows = [json.loads(line) for line in (model / "golden.jsonl").read_text(encoding="utf-8").splitlines()]
    answers = {row["request"]["text"]: row["answer"] for row in rows}
    ingredients = yaml.safe_load((model / "model.yaml").read_text(encoding="utf-8"))
    ingredients["predictor"] = {"python": "predictor:Tweets"}
    (model / "manifest.json").unlink()
    (model / "model" / "model.joblib").unlink()
    (model / "model" / "predictor.py").write_text(BY_HEART, encoding="utf-8")
    (model / "model" / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    (model / "model.yaml").write_text(yaml.safe_dump(ingredients), encoding="utf-8")
    (model / "requirements.lock").write_bytes(b"")


def _checkout(folder: Path) -> None:
    """Commit the example with a fixed name and date, so that model SHAs are the same everywhere."""
    out = shutil.ignore_patterns("__pycache__", ".*_cache", "demo", "models", "store", "release.yaml")
    shutil.copytree(EXAMPLE, folder, ignore=out)
    (folder / QUICK_TEST).write_text(_LABELS, encoding="utf-8")
    who = {"NAME": "tests", "EMAIL": "tests@example.org", "DATE": "2026-01-01T00:00:00Z"}
    environ = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    for command in (
        ["-c", "init.defaultBranch=main", "init", "-q"],
        ["-c", "core.autocrlf=false", "add", "-A"],
        ["commit", "-q", "--no-gpg-sign", "-m", "A model repository for tests"],
    ):
        subprocess.run(["git", *command], cwd=folder, env={**os.environ, **environ}, check=True)
