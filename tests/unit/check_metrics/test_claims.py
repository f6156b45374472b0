import json
from pathlib import Path
from typing import Any

import pytest

from ci_steps.model.metrics import METRICS
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.check_metrics.claims import check_claims
from ci_steps.steps.check_metrics.values import value_of
from tests.fakes.evaluated import Line, labelled, measured, rows_of

CLAIM = {"metric": "accuracy", "direction": "higher", "dataset": "test", "slice": None}
LABELS = [
    line | {"slices": {"length": "long" if place % 3 else "short", "shouted": place % 2 == 0}}
    for place, line in enumerate(labelled(80, ("no", "yes")))
]


def checked(lines: list[Line], folder: Path, **claim: Any) -> Finding:
    path = folder / "metrics.json"
    path.write_text(json.dumps({"metrics": [CLAIM | {"n": len(lines)} | claim]}))
    found = check_claims(path, rows_of(lines, folder))
    assert not found.not_checked
    return found.findings[0]


def lines_for(metric: str) -> list[Line]:
    return measured(80) if METRICS[metric].needs == "numbers" else LABELS


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_claim_of_every_metric_is_recomputed(metric: Any, tmp_path: Path) -> None:
    lines = lines_for(metric.name)
    value = value_of(metric.name, rows_of(lines, tmp_path))
    claim = {"metric": metric.name, "direction": metric.direction}

    assert checked(lines, tmp_path, value=value, **claim).verdict is Verdict.PASSED
    assert checked(lines, tmp_path, value=round(value, 3), **claim).verdict is Verdict.PASSED
    assert checked(lines, tmp_path, value=value * 1.001, **claim).verdict is Verdict.REFUSED


def test_a_claim_is_of_the_label_and_the_part_that_it_names(tmp_path: Path) -> None:
    rows = rows_of(LABELS, tmp_path)
    part = {"length": "long", "shouted": "true"}
    value = value_of("recall", rows.where(part), "no")
    claim = {"metric": "recall", "positive": "no", "slice": part | {"shouted": True}}

    found = checked(LABELS, tmp_path, value=value, **claim | {"n": len(rows.where(part))})

    assert found.verdict is Verdict.PASSED
    assert found.subject == "recall of no where length=long and shouted=true"


@pytest.mark.parametrize(
    ("labels", "positive"), [((False, True), True), ((0, 1), 1), ((0, 1), 1.0), ((0, 1), "1")]
)
def test_a_label_that_is_no_text_is_named_as_it_is(
    labels: tuple[Any, Any], positive: Any, tmp_path: Path
) -> None:
    lines = labelled(40, labels)
    value = value_of("precision", rows_of(lines, tmp_path))

    found = checked(lines, tmp_path, metric="precision", positive=positive, value=value)

    assert found.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("claim", "verdict", "seen"),
    [
        (
            {"metric": "recall", "positive": "Yes"},
            Verdict.INCONCLUSIVE,
            "no row has the positive label 'Yes'",
        ),
        ({"metric": "roc_auc", "positive": "no"}, Verdict.INCONCLUSIVE, "score is that of 'yes'"),
        ({"metric": "f1_macro", "positive": "no"}, Verdict.REFUSED, "claimed of 'no', which f1_macro is not"),
        ({"metric": "brier_score"}, Verdict.REFUSED, "claimed that higher is better, which it is not"),
        ({"n": 79}, Verdict.REFUSED, "metrics.json claims n = 79, evaluations.jsonl has 80 rows"),
        ({"slice": {"length": "medium"}, "n": 0}, Verdict.INCONCLUSIVE, "there are no rows"),
        ({"slice": {"size": "long"}, "n": 80}, Verdict.REFUSED, "evaluations.jsonl has 0 rows"),
        ({"metric": "mae", "direction": "lower"}, Verdict.INCONCLUSIVE, "needs numbers"),
    ],
)
def test_a_claim_that_cannot_be_so_says_why(
    claim: dict[str, Any], verdict: Verdict, seen: str, tmp_path: Path
) -> None:
    found = checked(LABELS, tmp_path, **{"value": 0.5} | claim)

    assert (found.verdict, seen in found.observed) == (verdict, True), found.observed
