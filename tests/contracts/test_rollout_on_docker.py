"""The whole contract on real parts: the step, the ledger in a folder, the engine and HAProxy."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from ci_steps.adapters.blob_ledger import BlobLedger
from ci_steps.adapters.docker_target import DockerTarget
from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.model.settings import EnvironmentSettings
from ci_steps.model.verdict import Verdict
from tests.fakes.platforms import OnEngine, until
from tests.fakes.rollouts import Runs
from tests.fakes.serving_image import REPOSITORY, pushed


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[OnEngine]:
    platform = OnEngine(tmp_path)
    try:
        yield platform
    finally:
        platform.cleared()


def runs_on(engine: OnEngine) -> Runs[DockerTarget, BlobLedger]:
    blobs = FolderBlobs(engine.folder / "store")
    return Runs(
        folder=engine.folder,
        target=engine.target,
        ledger=BlobLedger(blobs, "specimen", "production", engine.folder / "lock"),
        digest_of=pushed,
        repository=REPOSITORY,
        settle_seconds=10,
    )


def test_a_release_that_answers_otherwise_through_the_live_address_is_taken_back_unnoticed(
    engine: OnEngine,
) -> None:
    runs = runs_on(engine)
    here = EnvironmentSettings(target="docker", address=engine.address)
    first = runs.roll_out(runs.planned("one", target=here))

    with engine.under_requests() as counts:
        until(lambda: counts["production-1"] > 50)
        skewed = runs.roll_out(runs.planned("skewed", target=here))
        until(lambda: counts["production-1"] > 100 + counts["production-3"])

    [same], [other] = first.findings, skewed.findings
    assert same.observed == "100 of 100 rows answered the same, by production-1"
    assert (skewed.result, other.verdict) == ("rolled-back", Verdict.REFUSED)
    # Asked for a few seconds more, on however busy a machine.
    assert re.match(r"(\d+) of \1 rows differ: ", other.observed)
    assert set(counts) == {"production-1", "production-3"}, counts
    assert runs.endings() == ["live", "rolled-back"]
    live = runs.ledger.history().live
    assert live == first.release
    assert live is not None
    assert engine.target.observe().runs(live)
    # What was live took over again as it ran: nobody started it.
    assert sum(said.startswith("starting ") for said in engine.told.said) == 2
    assert engine.running() == {"blue-1", "proxy"}


def test_live_replaced_starved_and_gone_back_from_without_a_lost_request(engine: OnEngine) -> None:
    runs = runs_on(engine)
    here = EnvironmentSettings(target="docker", address=engine.address)
    starving = msgspec.structs.replace(here, memory_mb=32)
    assert runs.live("one", target=here).release

    with engine.under_requests() as counts:
        until(lambda: counts["production-1"] > 50)
        second = runs.live("two", target=here)
        until(lambda: counts["production-3"] > 50)
        starved = runs.roll_out(runs.planned("hungry", target=starving))
        back = runs.roll_back()
        again = runs.roll_back(run_id="back-again")

    assert starved.result == "rolled-back"
    assert "out of memory (limit 32 MiB)" in starved.reason
    assert starved.before == second.release
    assert (back.result, again.result) == ("live", "nothing-to-do")
    assert set(counts) == {"production-1", "production-3"}, counts
    assert runs.endings() == ["live", "live", "rolled-back", "live"]
    live = runs.ledger.history().live
    assert live is not None
    assert engine.target.observe().runs(live)
