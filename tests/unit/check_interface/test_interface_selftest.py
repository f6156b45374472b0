from pathlib import Path

import pytest

from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.check_interface import CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_gate_answers_each_case_as_it_must(case: Case, tmp_path: Path) -> None:
    assert case.answered(tmp_path) is case.wanted


@pytest.mark.parametrize("check", ["schema", "golden", "input", "output"])
def test_each_check_has_a_case_for_every_verdict(check: str) -> None:
    wanted = {case.wanted for case in CASES if case.check == f"check-interface.{check}"}

    assert wanted == {Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.REFUSED}


def test_a_first_release_is_never_refused_by_its_missing_baseline() -> None:
    assert {case.wanted for case in CASES if case.check == "check-interface.baseline"} == {
        Verdict.PASSED,
        Verdict.INCONCLUSIVE,
    }
