"""What is fetched beside the model: evidence of those it is compared with, from the store or elsewhere."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_steps.adapters.kit_store import KitStore
from ci_steps.documents import FetchedModel, Plan
from ci_steps.errors import InputError
from ci_steps.model.verdict import Verdict
from ci_steps.rundir import RunDir
from ci_steps.selftest.case import Case
from ci_steps.selftest.fetch_model import CASES
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.steps.fetch_model import FetchModel
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.progress import Told

NAME = "specimen@9f2c41d"
OLDER = model_files(**{"golden.jsonl": b""})
BARE = model_files(**{"evaluations.jsonl": None})
ROWS = model_files()["evaluations.jsonl"]


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


def planned(tmp_path: Path, blobs: MemoryBlobs, specimen: Specimen) -> tuple[RunDir, FetchModel]:
    """Return a run directory that holds a plan alone; models are in the store, evidence in the project."""
    run = specimen.laid_out(tmp_path / "run")
    store = KitStore(blobs, "the store", Told())
    publish(store, specimen.files, tmp_path / "model")
    for number, files in enumerate(specimen.references.values()):
        publish(store, files, tmp_path / f"reference{number}")
    for each in run.read(Plan).evidence:
        (tmp_path / each.path).parent.mkdir(exist_ok=True)
        (tmp_path / each.path).write_bytes(specimen.evidence[each.sha])
    run.drop(FetchedModel)
    for folder in ("model", "references", "evidence"):
        shutil.rmtree(run.root / folder, ignore_errors=True)
    return run, FetchModel(store, tmp_path)


def publish(store: KitStore, files: Mapping[str, bytes], folder: Path) -> None:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    store.publish(manifest_of(files), folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check}: {case.title}")
def test_the_step_answers_its_selftest(case: Case, tmp_path: Path) -> None:
    assert case.answered(tmp_path) is case.wanted


def test_evidence_of_a_model_that_a_rule_names_comes_and_nothing_else_of_it(
    tmp_path: Path, blobs: MemoryBlobs
) -> None:
    run, step = planned(tmp_path, blobs, Specimen(references={NAME: OLDER, "specimen@0000000": OLDER}))

    fetched = step.run(run)

    [reference] = fetched.references
    assert reference.folder == f"references/{manifest_of(OLDER).sha.short}"
    came = ["evaluations.jsonl", "golden.jsonl", "interface.json", "metrics.json"]
    assert [file.path for file in reference.files] == came
    assert sorted(path.name for path in (run.root / reference.folder).iterdir()) == came


def test_a_rule_that_names_the_candidate_fetches_it_once(tmp_path: Path, blobs: MemoryBlobs) -> None:
    run, step = planned(tmp_path, blobs, Specimen(references={NAME: model_files()}))

    assert step.run(run).references == ()
    assert not (run.root / "references").exists()


def test_evidence_comes_with_its_digest_and_where_it_came_from(tmp_path: Path, blobs: MemoryBlobs) -> None:
    sha = manifest_of(BARE).sha
    run, step = planned(tmp_path, blobs, Specimen(files=BARE, evidence={sha: ROWS}))

    fetched = step.run(run)

    came = fetched.evidence_of(sha)
    assert came is not None
    assert came.source == f"evidence/{sha.short}.jsonl"
    assert run.verified(came.folder, came.file).read_bytes() == ROWS
    assert fetched.verdict is Verdict.PASSED


def test_evidence_of_a_model_that_nobody_asks_for_stays_where_it_is_and_is_said(
    tmp_path: Path, blobs: MemoryBlobs
) -> None:
    run, step = planned(tmp_path, blobs, Specimen(evidence={manifest_of(OLDER).sha: ROWS}))

    fetched = step.run(run)

    assert fetched.evidence == ()
    assert "neither released nor compared with" in fetched.not_checked[0]
    assert not (run.root / "evidence").exists()


def test_evidence_that_was_changed_is_refused_and_not_left_behind(tmp_path: Path, blobs: MemoryBlobs) -> None:
    sha = manifest_of(BARE).sha
    run, step = planned(tmp_path, blobs, Specimen(files=BARE, evidence={sha: ROWS}))
    (tmp_path / "evidence" / f"{sha.short}.jsonl").write_bytes(ROWS + b"\n")

    fetched = step.run(run)

    [finding] = fetched.blocking
    assert (finding.check, finding.verdict) == ("fetch-model.evidence", Verdict.REFUSED)
    assert finding.where == "release.yaml:30"
    assert fetched.evidence == ()
    assert not list((run.root / "evidence" / sha.short).iterdir())


def test_what_an_earlier_try_left_is_gone(tmp_path: Path, blobs: MemoryBlobs) -> None:
    run, step = planned(tmp_path, blobs, Specimen())
    for folder in ("references", "evidence"):
        (run.root / folder / "0" / "x").mkdir(parents=True)

    step.run(run)

    assert not (run.root / "references").exists()
    assert not (run.root / "evidence").exists()


def test_on_another_machine_both_are_brought_back_by_their_digest(tmp_path: Path, blobs: MemoryBlobs) -> None:
    sha = manifest_of(BARE).sha
    run, step = planned(tmp_path, blobs, Specimen(files=BARE, references={NAME: OLDER}, evidence={sha: ROWS}))
    fetched = step.run(run)
    run.write(fetched)
    for folder in ("references", "evidence"):
        shutil.rmtree(run.root / folder)

    assert step.lost(run)
    step.bring_back(run)

    assert not step.lost(run)
    for folder, file in ((each.folder, each.files[0]) for each in fetched.references):
        run.verified(folder, file)
    run.verified(fetched.evidence[0].folder, fetched.evidence[0].file)
    assert not (run.root / "fetched-again").exists()


@pytest.mark.parametrize(
    ("content", "said"), [(None, "is no longer there"), (b"{}\n", "is not the file that")]
)
def test_on_another_machine_other_evidence_is_bad_input(
    tmp_path: Path, blobs: MemoryBlobs, content: bytes | None, said: str
) -> None:
    sha = manifest_of(BARE).sha
    run, step = planned(tmp_path, blobs, Specimen(files=BARE, evidence={sha: ROWS}))
    run.write(step.run(run))
    shutil.rmtree(run.root / "evidence")
    path = tmp_path / "evidence" / f"{sha.short}.jsonl"
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError, match=said):
        step.bring_back(run)
    assert not (run.root / "evidence").exists()
