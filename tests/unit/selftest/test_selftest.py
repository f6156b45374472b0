"""A gate or a rule without evidence that it refuses and does not decide cannot be in the table."""

from collections import Counter

import pytest

from ci_steps.model.verdict import Verdict
from ci_steps.selftest.table import CASES
from ci_steps.wiring import GATES as CHECKED_GATES
from tests.unit.selftest.said import GATES, said_by

CASED = {(case.check, case.wanted) for case in CASES}
NEVER_UNDECIDED = {"fetch-model"}
"""Bytes are those that were published or they are not."""


def test_every_step_that_can_refuse_a_model_has_cases() -> None:
    assert {*GATES, "admission", "rollout"} == {case.gate for case in CASES}
    assert set(CHECKED_GATES) <= {*GATES}


@pytest.mark.parametrize("gate", [*GATES, "admission", "rollout"])
def test_every_gate_has_an_input_it_refuses_one_it_cannot_decide_and_one_that_passes(gate: str) -> None:
    wanted = {case.wanted for case in CASES if case.gate == gate}

    asked = {Verdict.REFUSED, Verdict.INCONCLUSIVE, Verdict.PASSED}
    assert wanted >= asked - ({Verdict.INCONCLUSIVE} if gate in NEVER_UNDECIDED else set())


@pytest.mark.parametrize("gate", GATES)
def test_every_check_has_a_case_for_every_verdict_that_its_source_names(gate: str) -> None:
    said = said_by(gate)
    pairs = {(check, verdict) for check, verdicts in said.items() for verdict in verdicts}

    assert said
    assert set(said) <= {check for check, _ in CASED}
    assert pairs <= CASED


@pytest.mark.parametrize(
    "check",
    [
        "check-metrics.floor",
        "check-metrics.ceiling",
        "check-metrics.versus",
        "check-metrics.claim",
        "check-metrics.golden",
        "check-interface.input",
        "check-interface.output",
        "integration-test.evaluations",
        "load-test.p50",
        "load-test.p95",
        "load-test.p99",
        "load-test.achieved",
        "scan-model.joblib",
    ],
)
def test_a_check_whose_verdict_is_computed_has_cases_for_all_three(check: str) -> None:
    wanted = {verdict for cased, verdict in CASED if cased == check}

    assert wanted >= {Verdict.REFUSED, Verdict.INCONCLUSIVE, Verdict.PASSED}


def test_no_two_cases_of_a_gate_have_the_same_name() -> None:
    titles = Counter((case.gate, case.check, case.title) for case in CASES)

    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.parametrize("gate", sorted({*GATES} - {"fetch-model"}))
def test_every_gate_has_an_input_that_passes_as_a_whole(gate: str) -> None:
    assert (gate, Verdict.PASSED) in CASED


def test_every_check_s_id_begins_with_its_gate() -> None:
    assert [case.check for case in CASES if case.check.partition(".")[0] != case.gate] == []
