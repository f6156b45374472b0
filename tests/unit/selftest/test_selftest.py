"""A gate or a kind of rule without evidence that it refuses and does not decide cannot be in the table."""

from collections import Counter
from pathlib import Path

import pytest

from ci_steps.documents import MetricsReport, Report
from ci_steps.model.checks import CHECKS
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.proof import shortfalls
from ci_steps.selftest.table import CASES, proven
from ci_steps.selftest.table import GATES as IN_THE_TABLE
from ci_steps.wiring import GATES as CHECKED_GATES
from tests.unit.selftest.said import GATES, said_by

CASED = {(case.check, case.wanted) for case in CASES}
KINDS = sorted({(case.gate, case.kind) for case in CASES if case.kind})
ANSWERS = (Verdict.REFUSED, Verdict.INCONCLUSIVE, Verdict.PASSED)
CANNOT_BE_TRIED_HERE = {"push-image.digest", "push-image.promoted"}
"""What a registry gave back is compared by its digest; a registry is needed, and the contracts have one."""


def never(folder: Path) -> Report:
    raise AssertionError(f"{folder} is not wanted: the table is built without running a case")


def case_of(wanted: Verdict, check: str = "check-metrics.floor", rule: str = "") -> Case:
    return Case("check-metrics", check, wanted, f"{wanted.value} by {check}", never, rule)


WHOLE = [case_of(wanted) for wanted in ANSWERS]
OTHERS = [case_of(wanted, "check-metrics.guard") for wanted in ANSWERS]
SOUND = case_of(Verdict.PASSED, "check-metrics")


def test_every_step_that_can_refuse_a_model_is_in_the_table() -> None:
    assert {*IN_THE_TABLE} == {*GATES, "admission", "rollout"}
    assert set(CHECKED_GATES) <= {*GATES}


@pytest.mark.parametrize(("gate", "kind"), KINDS, ids=": ".join)
def test_every_kind_of_rule_is_refused_is_left_undecided_and_is_let_go_on(gate: str, kind: str) -> None:
    wanted = {case.wanted for case in CASES if (case.gate, case.kind) == (gate, kind)}

    assert {Verdict.REFUSED, Verdict.INCONCLUSIVE} <= wanted
    assert any(verdict.lets_go_on for verdict in wanted)


@pytest.mark.parametrize("verdict", ANSWERS)
@pytest.mark.parametrize(("gate", "kind"), KINDS, ids=": ".join)
def test_a_table_in_which_a_kind_lacks_one_answer_cannot_be_built(
    gate: str, kind: str, verdict: Verdict
) -> None:
    def is_it(case: Case) -> bool:
        same = case.wanted.lets_go_on if verdict is Verdict.PASSED else case.wanted is verdict
        return same and (case.gate, case.kind) == (gate, kind)

    with pytest.raises(
        ValueError, match=f"^{gate}: no case of '{kind}' must be {verdict.value}: nothing shows"
    ):
        proven([case for case in CASES if not is_it(case)])


def test_a_table_without_a_sound_input_for_a_gate_with_several_rules_cannot_be_built() -> None:
    assert [*shortfalls([*WHOLE, *OTHERS, SOUND])] == []
    assert [*shortfalls([*WHOLE, *OTHERS])] == ["check-metrics: no case passes as a whole"]


def test_a_gate_with_one_rule_passes_where_its_rule_does() -> None:
    assert [*shortfalls(WHOLE)] == []


def test_a_gate_that_is_only_seen_as_a_whole_proves_nothing_of_any_rule() -> None:
    refused = case_of(Verdict.REFUSED, "check-metrics")

    assert [*shortfalls([refused])] == ["check-metrics: no case passes as a whole"]
    assert [*shortfalls([SOUND])] == ["check-metrics: none of its kinds of rules has a case"]


def test_what_one_kind_shows_is_not_shown_for_another_of_the_same_check() -> None:
    cases = [*WHOLE, case_of(Verdict.REFUSED, rule="floor by slice"), SOUND]

    assert [line.partition(": nothing")[0] for line in shortfalls(cases)] == [
        "check-metrics: no case of 'floor by slice' must be inconclusive",
        "check-metrics: no case of 'floor by slice' must be passed",
    ]


def test_a_warning_lets_go_on() -> None:
    cases = [case for case in WHOLE if case.wanted is not Verdict.PASSED]

    assert [*shortfalls([*cases, case_of(Verdict.WARNED)])] == []


def test_a_case_of_another_gate_s_check_cannot_be_in_the_table() -> None:
    foreign = case_of(Verdict.REFUSED, "load-test.p99")

    assert "'refused by load-test.p99' is a case of load-test.p99" in next(shortfalls([foreign]))


def test_every_check_has_a_case() -> None:
    assert {case.check for case in CASES} >= CHECKS - CANNOT_BE_TRIED_HERE


@pytest.mark.parametrize("gate", GATES)
def test_every_check_has_a_case_for_every_verdict_that_its_source_names(gate: str) -> None:
    said = said_by(gate)
    pairs = {(check, verdict) for check, verdicts in said.items() for verdict in verdicts}

    assert said
    assert set(said) <= {check for check, _ in CASED}
    assert pairs <= CASED


def test_no_two_cases_of_a_kind_have_the_same_name() -> None:
    titles = Counter((case.gate, case.kind, case.check, case.title) for case in CASES)

    assert [title for title, count in titles.items() if count > 1] == []


@pytest.mark.parametrize(
    ("check", "answered"),
    [
        ("check-metrics.floor", Verdict.INCONCLUSIVE),
        ("check-metrics", Verdict.REFUSED),
        ("check-metrics.ceiling", None),
    ],
)
def test_a_case_is_answered_by_the_worst_finding_of_its_own_check(
    check: str, answered: Verdict | None, tmp_path: Path
) -> None:
    findings = tuple(
        Finding(check=f"check-metrics.{kind}", verdict=verdict, observed="as told", rule="none")
        for kind, verdict in (
            ("floor", Verdict.PASSED),
            ("floor", Verdict.INCONCLUSIVE),
            ("guard", Verdict.REFUSED),
        )
    )
    case = Case("check-metrics", check, Verdict.PASSED, "three", lambda _: MetricsReport(findings=findings))

    assert case.answered(tmp_path) is answered
