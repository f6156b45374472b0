import random

import pytest

from ci_steps.model.verdict import Verdict
from tests.scans.judged import everything_allowed, judged
from tests.scans.samples import SAMPLES, Sample
from tests.scans.spoilt import COUNT, cut, extended, is_clean


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_an_honest_model_that_was_cut_off_never_passes(sample: Sample) -> None:
    clean = [content for content in cut(sample) if is_clean(sample, content)]

    # Without its end, a pickle in letters is a plain text: the predictor may not be one.
    clean = [
        content
        for content in clean
        if judged({sample.place: content}, everything_allowed(), sample.predictor).verdict is Verdict.PASSED
    ]
    assert [len(content) for content in clean] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_an_honest_model_with_a_byte_more_at_either_end_never_passes(sample: Sample) -> None:
    clean = [content for content in extended(sample) if is_clean(sample, content)]

    assert [(content[:1], content[-1:]) for content in clean] == []


def test_what_is_spoilt_is_the_same_each_time_and_differs() -> None:
    sample = random.Random(1).choice(SAMPLES)

    assert cut(sample) == cut(sample)
    assert len(set(cut(sample))) == COUNT
    assert len(set(extended(sample))) > COUNT // 2
