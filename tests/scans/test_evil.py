import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ci_steps.model.verdict import Verdict
from tests.scans.evil import FAMILIES, every
from tests.scans.judged import everything_allowed, judged, judgements

OF_ITS_OWN = re.compile(
    "model's own|from elsewhere|unknown type|private name|without its number|of an adapter|for pickle.load"
)
TOP = Path(__file__).parents[2]


@pytest.mark.parametrize("family", FAMILIES)
def test_no_malicious_file_passes_even_where_all_that_honest_models_need_is_allowed(family: str) -> None:
    passed = [each.evil.name for each in judgements()[family] if each.verdict < Verdict.INCONCLUSIVE]

    assert passed == []


@pytest.mark.parametrize("family", FAMILIES)
def test_each_malicious_file_is_blocked_by_a_finding_of_its_own(family: str) -> None:
    assert [each.evil.name for each in judgements()[family] if not each.checks] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_what_propose_writes_for_a_malicious_file_lets_it_pass_only_where_no_listing_could_tell(
    family: str,
) -> None:
    trusted = {each.evil.name for each in judgements()[family] if each.trusted}

    # They name a class of the model's own, whose source needs its own entry in scan.code; and a
    # proposal does not know who loads the file, which the step does.
    assert {name for name in trusted if not OF_ITS_OWN.search(name)} == set()


def test_a_malicious_file_alone_is_judged_as_it_is_among_others() -> None:
    chosen = random.Random(5).sample([each for family in judgements().values() for each in family], 40)

    for each in chosen:
        report = judged({**each.evil.beside, each.evil.path: each.evil.content}, everything_allowed())
        assert report.verdict >= each.verdict, each.evil.name


def test_the_malicious_files_are_many_and_differ() -> None:
    for files in every().values():
        assert len({evil.name for evil in files}) == len(files)
        assert len({(evil.path, evil.content) for evil in files}) == len(files)
    assert sum(map(len, every().values())) >= 600


def test_a_malicious_file_does_what_it_should_not_where_it_is_loaded() -> None:
    """In processes of their own: nothing in this one loads any of them."""
    loaded = {f"{family}: {e.name}" for family, files in every().items() for e in files if e.loader}
    command = [sys.executable, "-m", "tests.scans.victim"]

    done = subprocess.run(command, cwd=TOP, capture_output=True, check=True, timeout=120)

    assert loaded - set(json.loads(done.stdout)) == set()
    assert len(loaded) > 200
