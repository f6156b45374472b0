"""The ids that a waiver may name are those that the gates give."""

import re
from pathlib import Path

import ci_steps
from ci_steps.model.checks import CAN_BE_WAIVED, CHECKS, NEVER_WAIVED, RUN_AGAIN
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.table import CASES

STEPS = Path(ci_steps.__file__).parent / "steps"


def test_what_can_be_waived_is_what_the_selftest_shows_to_end_inconclusive() -> None:
    shown = {case.check for case in CASES if case.wanted is Verdict.INCONCLUSIVE and "." in case.check}

    assert shown - {"admission.start"} == CAN_BE_WAIVED | RUN_AGAIN


def test_every_check_that_has_a_case_is_listed() -> None:
    tried = {case.check for case in CASES if "." in case.check}

    assert tried - {"admission.start"} <= CHECKS


def test_every_check_that_a_step_spells_out_is_listed() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in STEPS.rglob("*.py"))

    spelt = set(re.findall(r'check="([a-z-]+\.[a-z0-9-]+)"', sources))

    assert len(spelt) > 15
    assert spelt <= CHECKS


def test_no_check_is_of_two_kinds() -> None:
    assert len(CHECKS) == len(CAN_BE_WAIVED) + len(NEVER_WAIVED) + len(RUN_AGAIN)
