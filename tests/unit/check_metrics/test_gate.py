import json
import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_steps.documents import MetricsReport
from ci_steps.errors import InputError
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.check_metrics import CASES
from ci_steps.selftest.evaluated import (
    BY_LENGTH,
    FLOOR,
    FLOOR_BY_LENGTH,
    VERSUS,
    Files,
    changed,
    claims,
    model,
)
from ci_steps.selftest.specimen import Specimen, evaluations, golden, jsonl
from ci_steps.steps.check_metrics import CheckMetrics

ROWS = evaluations()


def report(
    folder: Path, *rules: MetricRule, files: Files | None = None, baseline: Files | None = None
) -> MetricsReport:
    specimen = Specimen(files=files or model(ROWS), baseline=baseline, plan={"metrics": rules})
    return CheckMetrics().run(specimen.laid_out(folder))


def the(check: str, of: MetricsReport) -> Finding:
    [finding] = [f for f in of.findings if f.check == f"check-metrics.{check}"]
    return finding


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check}: {case.title}")
def test_the_gate_answers_its_selftest(case: Case, tmp_path: Path) -> None:
    assert case.answered(tmp_path) is case.wanted


def test_every_kind_of_rule_has_a_case_for_each_verdict_it_can_have() -> None:
    wanted: dict[str, set[Verdict]] = {}
    for case in CASES:
        if case.check != case.gate:
            wanted.setdefault(case.kind, set()).add(case.wanted)

    every = {Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.REFUSED}
    assert {kind: every - seen for kind, seen in wanted.items() if every - seen} == {}


def test_a_sound_model_passes_and_its_values_are_noted(tmp_path: Path) -> None:
    found = report(tmp_path, FLOOR, BY_LENGTH, baseline=model(evaluations(wrong=101)))

    assert found.verdict is Verdict.PASSED
    assert found.values == {
        "accuracy": 0.9,
        "accuracy where length=long": 0.9,
        "accuracy where length=short": 0.9,
    }
    assert all(f.next == "" for f in found.findings)


def test_a_comparison_says_both_values_the_interval_and_what_it_stands_on(tmp_path: Path) -> None:
    finding = the("versus", report(tmp_path, VERSUS, baseline=model(evaluations(wrong=90))))

    assert finding.observed == (
        "0.9 against 0.91: -0.01, interval [-0.016947, -0.0053944] (95 % one-sided), "
        "n = 1,000, 10 discordant pairs"
    )
    assert finding.where == "release.yaml:11"
    assert finding.interval is not None
    assert (finding.interval.margin, finding.interval.n) == (-0.03, 1000)


def test_where_lower_is_better_the_margin_lies_on_the_right(tmp_path: Path) -> None:
    rule = MetricRule(
        metric="log_loss", direction="lower", versus="baseline", worse_by_at_most=0.1, min_n=100
    )

    finding = the("versus", report(tmp_path, rule, baseline=model(evaluations(wrong=80))))

    assert finding.verdict is Verdict.PASSED
    assert finding.interval is not None
    assert finding.interval.margin == 0.1
    assert 0 < finding.interval.estimate < finding.interval.upper < 0.1


def test_too_few_examples_come_with_the_number_that_would_decide(tmp_path: Path) -> None:
    finding = the(
        "versus", report(tmp_path, VERSUS, files=model(evaluations(wrong=126)), baseline=model(ROWS))
    )

    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "it would pass at about 15,000 (80 % power)" in finding.next


def test_of_a_difference_past_the_margin_more_examples_would_refuse_and_that_is_said(tmp_path: Path) -> None:
    worse = the("versus", report(tmp_path, VERSUS, files=model(evaluations(wrong=132)), baseline=model(ROWS)))

    assert worse.verdict is Verdict.INCONCLUSIVE
    assert re.fullmatch(r"as it looks now, about [\d,]+ examples would refuse it \(80 % power\)", worse.next)


@pytest.mark.parametrize(("line", "why"), [(b"{\n", "line 1001"), (jsonl([ROWS[8]]), "line 1001")])
def test_a_line_that_is_wrong_is_to_be_corrected(tmp_path: Path, line: bytes, why: str) -> None:
    files = model(ROWS, **{"evaluations.jsonl": jsonl(ROWS) + line})

    unusable = the("evaluations", report(tmp_path, FLOOR, files=files))

    assert unusable.next == f"correct {why} of evaluations.jsonl and publish the model anew"


@pytest.mark.parametrize(("evaluations", "may_be_named"), [(None, True), (b"", False)])
def test_evaluations_of_elsewhere_are_advised_only_where_the_model_has_none(
    tmp_path: Path, evaluations: bytes | None, may_be_named: bool
) -> None:
    files = model(ROWS, **{"evaluations.jsonl": evaluations})

    unusable = the("evaluations", report(tmp_path, FLOOR, files=files))

    assert unusable.next.startswith("evaluate the model and publish it with its evaluations")
    assert ("`evidence:`" in unusable.next) is may_be_named


def test_a_limit_on_weighted_rows_shows_the_value_without_weights(tmp_path: Path) -> None:
    rows = [
        row | {"weight": 0.1 if row["truth"] != row["prediction"] else 1.0} for row in evaluations(wrong=300)
    ]

    floor = the("floor", report(tmp_path, FLOOR, files=model(rows)))

    assert floor.verdict is Verdict.WARNED
    assert floor.observed.startswith("0.9589 weighted, 0.7 unweighted, effective n = 758, interval")
    assert "by the weights alone" in floor.next


def test_weights_that_change_nothing_are_no_word_worth(tmp_path: Path) -> None:
    rows = [row | {"weight": 2.0} for row in ROWS]

    assert "weight" not in the("floor", report(tmp_path, FLOOR, files=model(rows))).observed


def test_ids_that_are_not_shared_are_counted(tmp_path: Path) -> None:
    finding = the("versus", report(tmp_path, VERSUS, baseline=model(evaluations(900, wrong=95))))

    assert finding.verdict is Verdict.PASSED
    assert finding.observed.endswith("ids not shared: 100 of the candidate, 0 of the baseline")


def test_a_slice_that_the_candidate_dropped_is_not_forgotten(tmp_path: Path) -> None:
    short = [row for row in ROWS if row["slices"]["length"] == "short"]
    elsewhere = [row | {"id": f"other-{row['id']}"} for row in short]

    found = report(tmp_path, BY_LENGTH, files=model(elsewhere), baseline=model(ROWS))

    dropped = next(f for f in found.findings if f.subject == "accuracy where length=long versus baseline")
    assert dropped.verdict is Verdict.INCONCLUSIVE
    assert dropped.observed == "0 examples on the smaller side, 100 needed"


def test_another_truth_names_the_id(tmp_path: Path) -> None:
    files = model(changed(ROWS, 500, truth="negative"))

    finding = the("truth", report(tmp_path, VERSUS, files=files, baseline=model(ROWS)))

    assert finding.observed == "id 't500' has another truth at the baseline (1 such ids)"


def test_other_weights_for_one_id_are_no_comparison(tmp_path: Path) -> None:
    files = model(changed(ROWS, 500, weight=50.0))

    finding = the("truth", report(tmp_path, VERSUS, files=files, baseline=model(ROWS)))

    assert finding.verdict is Verdict.INCONCLUSIVE


def test_weighted_accuracy_is_compared_by_bootstrap(tmp_path: Path) -> None:
    ours, theirs = (
        [row | {"weight": 1.0 + (place % 3)} for place, row in enumerate(evaluations(wrong=wrong))]
        for wrong in (90, 130)
    )

    finding = the("versus", report(tmp_path, VERSUS, files=model(ours), baseline=model(theirs)))

    assert finding.verdict is Verdict.PASSED
    assert "bootstrap" in finding.rule


def test_the_order_of_lines_changes_nothing(tmp_path: Path) -> None:
    rule = msgspec.structs.replace(VERSUS, metric="roc_auc")
    straight = report(tmp_path / "a", rule, baseline=model(evaluations(wrong=120)))
    turned = report(tmp_path / "b", rule, files=model(ROWS[::-1]), baseline=model(evaluations(wrong=120)))

    # Seeds belong to models, and turning the lines makes another model: only what was drawn may differ.
    ours, theirs = the("versus", straight).interval, the("versus", turned).interval
    assert ours is not None
    assert theirs is not None
    assert ours.estimate == theirs.estimate
    assert ours.lower == pytest.approx(theirs.lower, abs=0.003)


def test_the_same_release_leaves_the_same_document(tmp_path: Path) -> None:
    rule = msgspec.structs.replace(VERSUS, metric="f1")
    baseline = model(evaluations(wrong=120))

    assert (
        report(tmp_path / "a", rule, baseline=baseline).digest
        == report(tmp_path / "b", rule, baseline=baseline).digest
    )


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("0.9", Verdict.PASSED),
        ("0.895", Verdict.REFUSED),
        ("0.90", Verdict.PASSED),
        ("0.9004", Verdict.REFUSED),
        ("0.9000000001", Verdict.PASSED),
        ("1.0", Verdict.REFUSED),
    ],
)
def test_a_claim_holds_to_the_digits_it_was_written_with(
    value: str, verdict: Verdict, tmp_path: Path
) -> None:
    written = claims({"value": 77.5, "n": 1000}).replace(b"77.5", value.encode())

    assert (
        the("claim", report(tmp_path, FLOOR, files=model(ROWS, **{"metrics.json": written}))).verdict
        is verdict
    )


def test_a_claim_for_a_slice_is_recomputed_on_that_slice(tmp_path: Path) -> None:
    written = claims({"value": 0.9, "n": 500, "slice": {"length": "long"}})

    found = report(tmp_path, FLOOR, files=model(ROWS, **{"metrics.json": written}))

    assert the("claim", found).verdict is Verdict.PASSED
    assert found.values["accuracy where length=long"] == 0.9


def test_a_claim_of_a_metric_we_do_not_know_is_listed_not_judged(tmp_path: Path) -> None:
    written = claims({"value": 0.9, "n": 1000}, {"metric": "mcc", "value": 0.8, "n": 1000})

    found = report(tmp_path, FLOOR_BY_LENGTH, files=model(ROWS, **{"metrics.json": written}))

    assert found.verdict is Verdict.PASSED
    assert found.not_checked == ("claim mcc = 0.8: the kit does not compute mcc",)


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (b"{", "truncated"),
        (b'{"metrics": []}', "none of its 0 claims"),
        (claims({"metric": "mcc", "value": 0.8, "n": 1000}), "none of its 1 claims"),
        (claims({"value": float("nan"), "n": 1000}), "malformed"),
    ],
)
def test_claims_that_nobody_can_check_are_inconclusive(written: bytes, seen: str, tmp_path: Path) -> None:
    finding = the("claim", report(tmp_path, FLOOR, files=model(ROWS, **{"metrics.json": written})))

    assert finding.verdict is Verdict.INCONCLUSIVE
    assert seen in finding.observed


def test_a_claim_without_the_scores_it_needs_is_inconclusive(tmp_path: Path) -> None:
    unscored = [{key: row[key] for key in row if key != "score"} for row in ROWS]
    written = claims({"metric": "roc_auc", "value": 0.9, "n": 1000})

    finding = the("claim", report(tmp_path, FLOOR, files=model(unscored, **{"metrics.json": written})))

    assert finding.verdict is Verdict.INCONCLUSIVE


def test_a_pointer_into_nested_answers_is_followed(tmp_path: Path) -> None:
    nested = [row | {"answer": {"a/b": [{"label": row["answer"]["label"]}]}} for row in golden(ROWS)]
    files: dict[str, Any] = {
        "interface.json": json.dumps({"prediction": "/a~1b/0/label"}).encode(),
        "golden.jsonl": jsonl(nested),
    }

    assert the("golden", report(tmp_path, FLOOR, files=model(ROWS, **files))).verdict is Verdict.PASSED


def test_a_pointer_to_an_item_of_a_number_that_python_reads_no_more_leads_nowhere(tmp_path: Path) -> None:
    files: dict[str, Any] = {
        "interface.json": json.dumps({"prediction": f"/{'9' * 5000}"}).encode(),
        "golden.jsonl": jsonl([row | {"answer": [1]} for row in golden(ROWS)]),
    }

    finding = the("golden", report(tmp_path, FLOOR, files=model(ROWS, **files)))

    assert finding.verdict is Verdict.REFUSED
    assert "answers nothing there" in finding.observed


def test_the_interval_of_a_value_ends_where_its_metric_does(tmp_path: Path) -> None:
    noise = random.Random(1)
    rows: list[Any] = [{"id": f"n{n}", "truth": n, "prediction": n + noise.gauss(0, 1)} for n in range(400)]
    rows = changed(rows, 2, prediction=1e300)
    rule = MetricRule(metric="spearman", direction="higher", floor=0.1, where="release.yaml:15")
    files = model(rows, **{"metrics.json": claims({"metric": "spearman", "value": 0.98, "n": 400})})

    finding = the("floor", report(tmp_path, rule, files=files))

    assert finding.interval is not None
    assert -1 <= finding.interval.lower < finding.interval.estimate < finding.interval.upper <= 1


@pytest.mark.parametrize(
    ("path", "content", "verdict", "seen"),
    [
        ("interface.json", None, Verdict.INCONCLUSIVE, "no interface.json"),
        ("interface.json", b"{}", Verdict.INCONCLUSIVE, "no pointer `prediction`"),
        ("interface.json", b'{"prediction": "label"}', Verdict.INCONCLUSIVE, "not a JSON pointer"),
        ("interface.json", b'{"prediction": "/other"}', Verdict.REFUSED, "answers nothing there"),
        ("golden.jsonl", b"", Verdict.INCONCLUSIVE, "no rows"),
        ("golden.jsonl", b"{\n", Verdict.INCONCLUSIVE, "line 1"),
    ],
)
def test_golden_rows_that_cannot_be_held_against_evaluations_do_not_pass(
    path: str, content: bytes | None, verdict: Verdict, seen: str, tmp_path: Path
) -> None:
    finding = the("golden", report(tmp_path, FLOOR, files=model(ROWS, **{path: content})))

    assert finding.verdict is verdict
    assert seen in finding.observed


def test_a_bad_rule_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="asks nothing"):
        report(tmp_path, MetricRule(metric="accuracy", direction="higher", where="release.yaml:3"))


def test_evaluations_changed_after_they_were_fetched_are_bad_input(tmp_path: Path) -> None:
    run = Specimen(plan={"metrics": (FLOOR,)}).laid_out(tmp_path)
    (tmp_path / "model" / "evaluations.jsonl").write_bytes(jsonl(evaluations(wrong=0)))

    with pytest.raises(InputError, match="not what was fetched"):
        CheckMetrics().run(run)


def test_one_row_that_carries_all_the_weight_is_not_a_thousand_examples(tmp_path: Path) -> None:
    rows = [row | {"weight": 1.0 if n == 999 else 1e-300} for n, row in enumerate(ROWS)]
    files = model(rows, **{"metrics.json": claims({"value": 1.0, "n": 1000})})

    alone = report(tmp_path / "alone", FLOOR, files=files)
    compared = report(tmp_path / "compared", VERSUS, files=files, baseline={**files, "x": b"other"})

    assert the("floor", alone).verdict is Verdict.INCONCLUSIVE
    assert "1,000 examples, whose weights leave the worth of 1, " in the("floor", alone).observed
    assert the("versus", compared).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("weight", [5e-324, 1.0, 4.0])
def test_equal_weights_leave_every_example_its_worth(tmp_path: Path, weight: float) -> None:
    rows = [row | {"weight": weight} for row in ROWS]

    assert the("floor", report(tmp_path, FLOOR, files=model(rows))).verdict is Verdict.PASSED


@pytest.mark.parametrize("spoilt", ["golden.jsonl", "interface.json"])
def test_a_file_nested_too_deeply_is_inconclusive(tmp_path: Path, spoilt: str) -> None:
    deep = "[" * 5000 + "]" * 5000
    lines = {
        "golden.jsonl": f'{{"id": "t0", "request": 1, "answer": {deep}}}',
        "interface.json": f'{{"prediction": "/label", "input": {deep}}}',
    }
    files = model(ROWS, **{spoilt: lines[spoilt].encode()})

    assert the("golden", report(tmp_path, FLOOR, files=files)).verdict is Verdict.INCONCLUSIVE


def test_a_golden_id_that_comes_twice_is_inconclusive(tmp_path: Path) -> None:
    files = model(ROWS, **{"golden.jsonl": jsonl(golden(ROWS, 1) * 100)})

    assert "line 2: id 't0' was there before" in the("golden", report(tmp_path, FLOOR, files=files)).observed


def test_the_waiver_of_a_first_release_does_not_cover_a_baseline_without_evaluations(tmp_path: Path) -> None:
    unevaluated = model(evaluations(wrong=90), **{"evaluations.jsonl": None})

    found = report(tmp_path, VERSUS, baseline=unevaluated)

    assert [f.check for f in found.blocking] == ["check-metrics.baseline-evaluations"]
