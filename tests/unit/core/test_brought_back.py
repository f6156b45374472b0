"""Between machines travel documents; what they name is fetched again by its digest."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from ci_steps.adapters.kit_store import KitStore
from ci_steps.documents import FetchedModel, Plan, ScanReport
from ci_steps.errors import InputError
from ci_steps.model.verdict import Verdict
from ci_steps.pipeline import Ran, Runner, Step
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.steps.fetch_model import FetchModel
from ci_steps.steps.scan_model import ScanModel
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.progress import Told

KINDS: dict[str, type[Step]] = {"fetch-model": FetchModel, "scan-model": ScanModel}
BASELINE = model_files(**{"golden.jsonl": b""})


class Unwatched:
    def began(self, step: str) -> None: ...

    def ended(self, ran: Ran) -> None: ...


@dataclass
class Agents:
    """A run directory whose documents came from another machine, and the store that both know."""

    run: RunDir
    blobs: MemoryBlobs

    @property
    def fetch(self) -> FetchModel:
        return FetchModel(store=KitStore(self.blobs, "the store", Told()), project=self.run.root.parent)

    @property
    def runner(self) -> Runner:
        return Runner(
            self.run,
            KINDS,
            lambda name: self.fetch if name == "fetch-model" else ScanModel(),
            Unwatched(),
            by="someone",
            version="0",
        )


@pytest.fixture
def agents(tmp_path: Path) -> Agents:
    blobs, run = MemoryBlobs(), Specimen(baseline=BASELINE).laid_out(tmp_path / "run")
    store = KitStore(blobs, "the store", Told())
    store.publish(run.read(Plan).manifest, run.root / "model")
    for path, content in BASELINE.items():
        (tmp_path / "published" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "published" / path).write_bytes(content)
    store.publish(manifest_of(BASELINE), tmp_path / "published")
    run.write(FetchModel(store=store, project=tmp_path).run(run))
    return Agents(run, blobs)


def contents(run: RunDir) -> dict[str, bytes]:
    paths = [path for folder in ("model", "baseline") for path in (run.root / folder).rglob("*")]
    return {str(path.relative_to(run.root)): path.read_bytes() for path in paths if path.is_file()}


def test_a_gate_on_another_machine_finds_the_files_that_the_document_names(agents: Agents) -> None:
    before = contents(agents.run)
    shutil.rmtree(agents.run.root / "model")
    shutil.rmtree(agents.run.root / "baseline")
    written = agents.run.read(Plan), (agents.run.root / "fetch-model.json").read_bytes()

    assert agents.fetch.lost(agents.run)
    agents.fetch.bring_back(agents.run)

    assert contents(agents.run) == before
    assert written == (agents.run.read(Plan), (agents.run.root / "fetch-model.json").read_bytes())
    assert not (agents.run.root / "fetched-again").exists()


def test_a_step_brings_back_what_it_opens_before_it_starts(agents: Agents) -> None:
    noted, section = agents.run.read(FetchedModel), agents.run.read(Plan).section(FetchModel.reads)
    agents.run.write(msgspec.structs.replace(noted, made_from={"plan": section}))
    shutil.rmtree(agents.run.root / "model")

    ran = agents.runner.alone("scan-model")

    assert ran.verdict is Verdict.PASSED
    assert isinstance(ran.document, ScanReport)
    assert (agents.run.root / "model" / "model" / "predictor.py").is_file()


def test_only_what_is_missing_is_fetched(agents: Agents) -> None:
    (agents.run.root / "model" / "golden.jsonl").unlink()
    kept = agents.run.root / "model" / "model" / "predictor.py"
    before = kept.stat().st_ino

    agents.fetch.bring_back(agents.run)

    assert kept.stat().st_ino == before
    assert not agents.fetch.lost(agents.run)


def test_a_file_that_is_here_with_other_bytes_is_not_replaced_but_refused_by_who_opens_it(
    agents: Agents,
) -> None:
    (agents.run.root / "model" / "model" / "predictor.py").write_text("import os\n")

    agents.fetch.bring_back(agents.run)

    with pytest.raises(InputError, match="is not what was fetched"):
        ScanModel().run(agents.run)


def test_a_store_that_changed_since_is_bad_input_and_leaves_no_file(agents: Agents) -> None:
    shutil.rmtree(agents.run.root / "model")
    sha = manifest_of(model_files()).file("golden.jsonl").sha256
    agents.blobs.held[f"objects/{sha}"] = b"{}"

    with pytest.raises(InputError, match="no longer holds what was fetched"):
        agents.fetch.bring_back(agents.run)
    assert not (agents.run.root / "model" / "golden.jsonl").exists()


@pytest.mark.parametrize("obstacle", ["file", "folder", "link"])
def test_what_stands_where_a_file_belongs_is_bad_input_and_is_not_followed(
    agents: Agents, tmp_path: Path, obstacle: str
) -> None:
    model, outside = agents.run.root / "model", tmp_path / "outside"
    outside.mkdir()
    if obstacle == "folder":
        (model / "golden.jsonl").unlink()
        (model / "golden.jsonl" / "x").mkdir(parents=True)
    else:
        shutil.rmtree(model)
        model.write_text("x") if obstacle == "file" else model.symlink_to(outside)

    with pytest.raises(InputError, match="cannot be put back"):
        agents.fetch.bring_back(agents.run)
    assert list(outside.iterdir()) == []
