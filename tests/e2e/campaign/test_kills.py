"""A release that is killed goes on where it was, and leaves nothing behind."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_steps.documents import BuiltImage
from ci_steps.model.digest import Digest
from ci_steps.rundir import RunDir
from ci_steps.wiring import RELEASE
from tests.e2e.campaign.kills import Ground, Kill, Moments, forget, killed_release, orphans, tried
from tests.e2e.campaign.results import page, table
from tests.e2e.origin import Origin, a_copy, cache
from tests.e2e.project import Project

RESULTS = Path(__file__).with_name("RESULTS.md")
FULL = os.environ.get("CI_STEPS_CAMPAIGN") == "full"
KILLS = int(os.environ.get("CI_STEPS_KILLS", "200"))
SEED = 20
_LARGE = 50_000_000
"""Bytes of a layer that is made anew in every fifth release only: it takes longer than all the rest."""
_EASY = {"rate": 20, "seconds": 1, "warmup_seconds": 0.5, "p50_ms": 2000, "errors": 0, "achieved": 0.2}


@contextmanager
def a_ground(origin: Origin, folder: Path, caches: Path) -> Iterator[Ground]:
    temporary = folder / "temporary"
    temporary.mkdir(parents=True)
    with a_copy(origin, folder / "tweets") as project:
        project.configure(load=_EASY)
        yield Ground(project, caches, temporary)


@pytest.fixture
def caches(tmp_path: Path) -> Path:
    """Give a cache of this campaign's own that holds what the machine's holds."""
    for part in ("layers", "blobs"):
        if (cache() / part).is_dir():
            shutil.copytree(cache() / part, tmp_path / "cache" / part, copy_function=os.link)
    return tmp_path / "cache"


def digest_without_kills(ground: Ground, variant: str) -> Digest:
    """Build the image in a run that nothing disturbs before it has the image."""
    tried(ground, variant, "push-image")
    image = ground.run.read(BuiltImage).image
    shutil.rmtree(ground.project.run_dir)
    return image


@pytest.mark.campaign
@pytest.mark.skipif(FULL, reason="the full campaign kills in all of it")
def test_a_release_that_is_killed_once_in_every_step_comes_through(
    origin: Origin, tmp_path: Path, caches: Path
) -> None:
    with a_ground(origin, tmp_path / "one", caches) as ground:
        wanted = digest_without_kills(ground, "v1")
        forget(caches, _LARGE)
        kills = list(killed_release(ground, "v1", Moments(SEED), wanted))

    assert len(kills) >= len(RELEASE) - 1, table(kills)
    assert all(kill.harmless for kill in kills), f"{table(kills)}\n{kills}"
