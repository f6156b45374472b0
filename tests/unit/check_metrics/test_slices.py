"""Slices: which are looked at, how strictly each is held, and that warnings alone are no evidence."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from ci_steps.documents import MetricsReport
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.selftest.evaluated import (
    BY_LENGTH,
    FLOOR,
    FLOOR_BY_LENGTH,
    VERSUS,
    Files,
    Row,
    model,
    with_tiny,
)
from ci_steps.selftest.specimen import Specimen, evaluations
from ci_steps.steps.check_metrics import CheckMetrics

ROWS = evaluations()
EVERY = replace(BY_LENGTH, slices=("*",))


def report(
    folder: Path, rule: MetricRule, ours: list[Row] = ROWS, theirs: list[Row] | None = None
) -> MetricsReport:
    baseline: Files | None = model(theirs) if theirs else None
    return CheckMetrics().run(
        Specimen(files=model(ours), baseline=baseline, plan={"metrics": (rule,)}).laid_out(folder)
    )


def of(report: MetricsReport, check: str, subject: str) -> Finding:
    [finding] = [f for f in report.findings if f.check == f"check-metrics.{check}" and subject in f.subject]
    return finding


def sliced(rows: list[Row], values: int) -> list[Row]:
    """Return the rows in so many slices of equal size, with wrong rows in each."""
    return [
        row | {"slices": {"region": f"r{place * values // len(rows):02}"}} for place, row in enumerate(rows)
    ]


def spoilt(rows: list[Row], value: str, count: int) -> list[Row]:
    """Return the rows, so many right ones of a slice made wrong."""
    right = [
        row["id"] for row in rows if row["slices"]["region"] == value and row["truth"] == row["prediction"]
    ]
    wrong = set(right[:count])
    return [row | {"prediction": "neither"} if row["id"] in wrong else row for row in rows]


def test_a_small_slice_warns_with_what_was_seen_and_what_it_lacks(tmp_path: Path) -> None:
    found = report(tmp_path, BY_LENGTH, with_tiny(ROWS, 12, 1), with_tiny(ROWS, 12))

    tiny = of(found, "versus", "length=tiny")
    assert tiny.verdict is Verdict.WARNED
    assert tiny.observed.startswith("12 examples: no harm proven; 100 needed to be held to the rule (")
    assert "guard: refused on proven harm, else warned" in tiny.rule
    assert tiny.interval is not None
    assert found.verdict is Verdict.WARNED


def test_a_small_slice_is_refused_where_harm_is_proven(tmp_path: Path) -> None:
    found = report(tmp_path, BY_LENGTH, with_tiny(ROWS, 12, 9), with_tiny(ROWS, 12))

    assert [f.subject for f in found.blocking] == ["accuracy where length=tiny versus baseline"]
    assert found.verdict is Verdict.REFUSED


def test_a_small_slice_never_passes_whatever_its_interval_says(tmp_path: Path) -> None:
    rule = replace(FLOOR_BY_LENGTH, floor=0.1)

    found = report(tmp_path, rule, with_tiny(ROWS, 20))

    assert of(found, "floor", "length=tiny").verdict is Verdict.WARNED


def test_a_slice_that_must_be_shown_is_inconclusive_where_it_is_small(tmp_path: Path) -> None:
    found = report(tmp_path, replace(BY_LENGTH, guard=False), with_tiny(ROWS, 12, 1), with_tiny(ROWS, 12))

    tiny = of(found, "versus", "length=tiny")
    assert tiny.verdict is Verdict.INCONCLUSIVE
    assert tiny.observed == "12 shared examples, 100 needed"


def test_nothing_is_guarded_where_the_whole_is_asked(tmp_path: Path) -> None:
    found = report(tmp_path, VERSUS, ROWS[:60], evaluations(60, wrong=20))

    assert found.verdict is Verdict.INCONCLUSIVE


def test_warnings_alone_leave_a_rule_inconclusive_and_say_what_is_missing(tmp_path: Path) -> None:
    found = report(tmp_path, BY_LENGTH, evaluations(120, wrong=12), evaluations(120, wrong=13))

    guard = of(found, "guard", "accuracy by length versus baseline")
    assert guard.verdict is Verdict.INCONCLUSIVE
    assert (
        guard.observed
        == "0 of 2 slices shown, with 0 of 120 examples (0 %), the rest only guarded against harm"
    )
    assert "the largest slice not shown has 60, and each is held to the rule from 100 on" in guard.next
    assert guard.where == "release.yaml:12"


def test_a_rule_that_is_shown_in_a_slice_says_how_much_that_is(tmp_path: Path) -> None:
    found = report(tmp_path, BY_LENGTH, with_tiny(ROWS, 12, 1), with_tiny(ROWS, 12))

    assert of(found, "guard", "").observed == (
        "2 of 3 slices shown, with 988 of 1,000 examples (98 %), the rest only guarded against harm"
    )


def test_every_slice_there_is_means_every_name_on_either_side(tmp_path: Path) -> None:
    both = [row | {"slices": row["slices"] | {"region": "north"}} for row in ROWS]
    theirs = [row | {"id": f"{row['id']}"} for row in ROWS]

    found = report(tmp_path, EVERY, both, theirs)

    assert of(found, "versus", "length=long").verdict is Verdict.PASSED
    lacking = [f.observed for f in found.findings if f.check == "check-metrics.slice" and f.next]
    lacking = [observed for observed in lacking if "have no slice" in observed]
    assert lacking == ["1,000 of 1,000 rows of the baseline have no slice 'region'"]


def test_every_slice_of_rows_that_have_none_is_inconclusive(tmp_path: Path) -> None:
    found = report(tmp_path, replace(FLOOR, slices=("*",)), [row | {"slices": {}} for row in ROWS])

    assert of(found, "slice", "").observed == "no row has any slice"
    assert found.verdict is Verdict.INCONCLUSIVE


def test_passing_needs_every_slice_by_itself(tmp_path: Path) -> None:
    rows = sliced(ROWS, 5)

    found = report(tmp_path, replace(EVERY, worse_by_at_most=0.05), spoilt(rows, "r03", 8), rows)

    verdicts = {f.subject[22:25]: f.verdict for f in found.findings if f.check == "check-metrics.versus"}
    assert verdicts.pop("r03") is not Verdict.PASSED
    assert set(verdicts.values()) == {Verdict.PASSED}


def test_harm_in_one_of_ten_slices_is_corrected_for_their_number_and_says_so(tmp_path: Path) -> None:
    rows = sliced(ROWS, 10)
    alone = [row for row in rows if row["slices"]["region"] == "r03"]
    rule = replace(EVERY, min_n=50)

    among = report(tmp_path / "ten", rule, spoilt(rows, "r03", 9), rows)
    by_itself = report(tmp_path / "one", rule, spoilt(alone, "r03", 9), alone)

    assert of(by_itself, "versus", "r03").verdict is Verdict.REFUSED
    assert of(among, "versus", "r03").verdict is Verdict.INCONCLUSIVE
    assert "harm by Holm over 10 slices" in of(among, "versus", "r03").rule
    assert "Holm" not in of(by_itself, "versus", "r03").rule


def test_large_harm_in_one_of_ten_slices_is_refused_all_the_same(tmp_path: Path) -> None:
    rows = sliced(ROWS, 10)

    found = report(tmp_path, replace(EVERY, min_n=50), spoilt(rows, "r03", 30), rows)

    assert [f.subject for f in found.blocking if f.verdict is Verdict.REFUSED] == [
        "accuracy where region=r03 versus baseline"
    ]


def test_slices_that_no_rule_looks_at_are_named(tmp_path: Path) -> None:
    rows = [row | {"slices": row["slices"] | {"region": "north", "age": 3}} for row in ROWS]

    some, every = (
        report(tmp_path / "a", FLOOR_BY_LENGTH, rows),
        report(tmp_path / "b", EVERY, rows, rows[:-1]),
    )

    assert some.not_checked == ("slices age, region: no rule looks at them",)
    assert every.not_checked == ()


@pytest.mark.parametrize(
    ("wrong", "verdict", "seen"),
    [
        (0, Verdict.WARNED, "no harm proven"),
        (8, Verdict.WARNED, "no harm proven"),
        (15, Verdict.REFUSED, "0.375"),
    ],
)
def test_a_small_slice_under_its_floor_is_refused_where_its_interval_proves_it(
    tmp_path: Path, wrong: int, verdict: Verdict, seen: str
) -> None:
    rule = replace(FLOOR_BY_LENGTH, floor=0.75, min_n=50)

    finding = of(report(tmp_path, rule, with_tiny(ROWS, 24, wrong)), "floor", "length=tiny")

    assert finding.verdict is verdict
    assert seen in finding.observed


def test_a_few_examples_prove_nothing_of_a_floor(tmp_path: Path) -> None:
    finding = of(report(tmp_path, FLOOR_BY_LENGTH, with_tiny(ROWS, 9, 9)), "floor", "length=tiny")

    assert finding.verdict is Verdict.WARNED
    assert "look at the rows it gets wrong" in finding.next


def test_a_large_guarded_slice_on_its_floor_passes_and_one_under_it_warns(tmp_path: Path) -> None:
    rule = replace(FLOOR_BY_LENGTH, guard=True)

    found = report(tmp_path, rule, evaluations(wrong=96, wrong_long=51))

    assert of(found, "floor", "length=short").verdict is Verdict.PASSED
    long = of(found, "floor", "length=long")
    assert long.verdict is Verdict.WARNED
    assert long.observed.endswith("n = 500: no harm proven, and not shown")
