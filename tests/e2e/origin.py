"""The checkout that every project is a copy of: made, trained and published once for a session."""

import fcntl
import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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
    shas = {}
    for variant in VARIANTS:
        told = project.ci_steps("models", "publish", f"models/{variant}", "--tag", variant, "--json")
        assert told.code == 0, told.said
        shas[variant] = str(told.objects[-1]["sha"]).removeprefix("sha256:")
    (folder / "release.yaml").unlink()
    return Origin(folder, engine, python, shas)


def shared_origin(factory: "pytest.TempPathFactory", engine: Engine) -> Origin:
    """Return the one that this run of pytest made, in whichever of its processes; nobody writes to it."""
    here = factory.getbasetemp()
    place = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    noted, folder = place / "origin.json", place / "origin" / "tweets"
    with (place / "origin.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not noted.exists():
            shutil.rmtree(folder.parent, ignore_errors=True)  # half of one, of a process that failed
            folder.parent.mkdir()
            made = origin_in(folder, engine)
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
