import json

import pytest

from ci_steps.model.verdict import Verdict
from tests.scans.judged import judged, proposed, settings
from tests.scans.samples import HERE, SAMPLES, UNREAD, Sample

READ = [sample for sample in SAMPLES if sample.name not in UNREAD]


@pytest.mark.parametrize("sample", READ, ids=lambda sample: sample.name)
def test_an_honest_model_passes_with_what_is_proposed_for_it(sample: Sample) -> None:
    proposal = proposed(sample.files)

    report = judged(sample.files, settings(proposal.allow, proposal.code), sample.predictor)

    assert proposal.verdict is Verdict.PASSED, [finding.sentence for finding in proposal.blocking]
    assert report.verdict is Verdict.PASSED, [finding.sentence for finding in report.blocking]


@pytest.mark.parametrize("sample", READ, ids=lambda sample: sample.name)
def test_an_honest_model_needs_every_name_that_is_proposed_for_it(sample: Sample) -> None:
    proposal = proposed(sample.files)

    if proposal.allow:
        fewer = settings(proposal.allow[1:], proposal.code)
        assert judged(sample.files, fewer, sample.predictor).verdict is Verdict.REFUSED


@pytest.mark.parametrize("name", UNREAD)
def test_an_honest_model_that_nobody_reads_is_inconclusive(name: str) -> None:
    sample = next(sample for sample in SAMPLES if sample.name == name)

    assert judged(sample.files, settings()).verdict is Verdict.INCONCLUSIVE


def test_the_honest_models_are_many_small_and_tell_what_made_them() -> None:
    made = json.loads((HERE / "versions.json").read_text())
    here = [sample for sample in SAMPLES if sample.path.parent == HERE]

    assert len(SAMPLES) >= 60
    assert set(made) == {sample.name for sample in here}
    assert all(len(sample.content) < 30_000 for sample in SAMPLES)
    assert sum(len(sample.content) for sample in SAMPLES) < 600_000
