"""The whole contract on real parts: the step, the ledger in a folder, the engine and HAProxy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_steps.adapters.blob_ledger import BlobLedger
from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.model.settings import EnvironmentSettings
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


def test_live_replaced_starved_and_gone_back_from_without_a_lost_request(engine: OnEngine) -> None:
    blobs = FolderBlobs(engine.folder / "store")
    runs = Runs(
        folder=engine.folder,
        target=engine.target,
        ledger=BlobLedger(blobs, "specimen", "production", engine.folder / "lock"),
        digest_of=pushed,
        repository=REPOSITORY,
        settle_seconds=10,
    )
    starving = EnvironmentSettings(target="docker", address=engine.address, memory_mb=32)
    assert runs.live("one").release

    with engine.under_requests() as counts:
        until(lambda: counts["production-1"] > 50)
        second = runs.live("two")
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
