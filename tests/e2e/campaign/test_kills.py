"""A release that is killed goes on where it was, and leaves nothing behind."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker
import pytest

from ci_steps.documents import BuiltImage
from ci_steps.model.digest import Digest
from ci_steps.wiring import RELEASE
from tests.e2e.campaign.kills import Ground, Kill, Moments, forget, killed_release, orphans, tried
from tests.e2e.campaign.results import page, table
from tests.e2e.origin import Origin, a_copy, cache

RESULTS = Path(__file__).with_name("RESULTS.md")
FULL = os.environ.get("CI_STEPS_CAMPAIGN") == "full"
KILLS = int(os.environ.get("CI_STEPS_KILLS", "200")) if FULL else 1
VARIANTS = ("v1", "v2") if FULL else ("v1",)
"""One release after the other on the same service: the first goes where nothing serves."""
SEED = 20
LATEST = 1 if FULL else 0.4
"""Where each step is struck once and no more, no blow may come when the step is over."""
_SHORT = {"plan", "fetch-model", "scan-model", "check-metrics", "check-interface"}
"""Steps that may be over before the blow falls."""
_LARGE = 50_000_000
"""Bytes of a layer that is made anew in every fifth release only: it takes longer than all the rest."""
_EASY = {"rate": 20, "seconds": 1, "warmup_seconds": 0.5, "p50_ms": 2000, "errors": 0, "achieved": 0.5}


@contextmanager
def a_ground(origin: Origin, folder: Path, caches: Path) -> Iterator[Ground]:
    temporary = folder / "temporary"
    temporary.mkdir(parents=True)
    with a_copy(origin, folder / "tweets") as project:
        # A repository of its own, into which everything has to be sent.
        project.configure(load=_EASY, registry=f"{project.engine.registry}/ci-steps-e2e/{project.service}")
        yield Ground(project, caches, temporary)


@pytest.fixture
def caches(tmp_path: Path) -> Path:
    """Give a cache of this test's own that holds the layers of the machine's."""
    for path in (*cache().glob("layers/*.json"), *cache().glob("blobs/*")):
        copy = tmp_path / "cache" / path.parent.name / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return tmp_path / "cache"


def digest_without_kills(ground: Ground, variant: str, moments: Moments) -> Digest:
    """Build the image in a run that nothing disturbs until it has the image, on the machine's own cache."""
    undisturbed = Ground(ground.project, cache(), ground.temporary)
    moments.learn(tried(undisturbed, variant, "push-image").events)
    image = ground.run.read(BuiltImage).image
    shutil.rmtree(ground.project.run_dir)
    return image


@pytest.mark.campaign
@pytest.mark.timeout(3000 if FULL else 300)
def test_releases_that_are_killed_in_every_step_come_through_and_leave_nothing_behind(
    origin: Origin, tmp_path: Path, caches: Path
) -> None:
    began, releases, kills, moments = time.monotonic(), 0, list[Kill](), Moments(SEED, LATEST)
    while len(kills) < KILLS:
        with a_ground(origin, tmp_path / f"service-{releases}", caches) as ground:
            for variant in VARIANTS:
                wanted = digest_without_kills(ground, variant, moments)
                forget(caches, _LARGE if (releases + 1) % 5 else sys.maxsize)
                kills += killed_release(ground, variant, moments, wanted)
                releases += 1

    if FULL:
        seconds, cores = time.monotonic() - began, os.cpu_count() or 1
        RESULTS.write_text(page(kills, releases, seconds, SEED, cores), encoding="utf-8")
    left = {orphan for kill in kills for orphan in kill.orphans}
    assert all(kill.harmless for kill in kills), f"{table(kills)}\n{left}"
    assert {kill.step for kill in kills} >= set(RELEASE) - _SHORT, table(kills)


def test_what_a_killed_release_could_leave_is_found_where_it_is(
    origin: Origin, tmp_path: Path, caches: Path
) -> None:
    with a_ground(origin, tmp_path / "service", caches) as ground:
        assert list(orphans(ground)) == []
        half = ground.project.folder / "store" / "ledger" / ".half-entry"
        half.parent.mkdir()
        half.touch()
        making = caches / "layers" / "0123"
        making.mkdir()
        blob = min((caches / "blobs").iterdir(), key=lambda path: path.stat().st_size)
        blob.write_bytes(b"-" * blob.stat().st_size)
        locks = ground.project.state / "runs"
        locks.mkdir()
        (locks / "0123.lock").touch()
        with (
            closing(docker.from_env()) as client,
            subprocess.Popen(["sleep", "60"], env=ground.environ) as left,
        ):
            labels = {"ci_steps.run": "0123", "ci_steps.test": "1"}
            container = client.containers.create(ground.project.engine.python_image, labels=labels)
            try:
                found = set(orphans(ground))
            finally:
                left.kill()
                container.remove(force=True)

    assert found == {
        f"container {container.name}",
        f"file {half}",
        f"folder {making}",
        f"process {left.pid}",
        f"blob {blob.name} is not its digest",
    }
