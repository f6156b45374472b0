import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as reference  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_steps.selftest.specimen import jsonl
from ci_steps.steps.check_metrics.rows import Rows, read_rows
from ci_steps.steps.check_metrics.values import UndefinedError, measure, value_of

Line = dict[str, Any]


def rows_of(lines: list[Line], folder: Path) -> Rows:
    path = folder / "evaluations.jsonl"
    path.write_bytes(jsonl(lines))
    return read_rows(path)


def classified(n: int, classes: int = 2, *, seed: int = 1) -> list[Line]:
    draw = random.Random(seed)
    return [
        {
            "id": f"r{number}",
            "truth": f"c{draw.randrange(classes)}",
            "prediction": f"c{draw.randrange(classes)}",
            "score": draw.choice((0.0, 1.0, round(draw.random(), 1))),
            "weight": draw.choice((0.5, 1.0, 3.0)),
        }
        for number in range(n)
    ]


def measured(n: int) -> list[Line]:
    draw = random.Random(2)
    return [
        {
            "id": f"r{i}",
            "truth": draw.gauss(3, 2),
            "prediction": draw.gauss(3, 2),
            "weight": draw.random() + 0.1,
        }
        for i in range(n)
    ]


def column(lines: list[Line], name: str) -> list[Any]:
    return [line[name] for line in lines]


@pytest.mark.parametrize("seed", range(5))
def test_metrics_of_two_classes_are_those_of_scikit_learn(seed: int, tmp_path: Path) -> None:
    lines = classified(200, seed=seed)
    rows = rows_of(lines, tmp_path)
    truth, prediction = column(lines, "truth"), column(lines, "prediction")
    score, weight = np.array(column(lines, "score")), column(lines, "weight")

    found = {name: value_of(name, rows) for name in ("accuracy", "f1", "roc_auc", "log_loss")}

    assert found == pytest.approx(
        {
            "accuracy": reference.accuracy_score(truth, prediction, sample_weight=weight),
            "f1": reference.f1_score(truth, prediction, pos_label="c1", sample_weight=weight),
            "roc_auc": reference.roc_auc_score(truth, score, sample_weight=weight),
            "log_loss": reference.log_loss(truth, np.stack([1 - score, score], 1), sample_weight=weight),
        },
        rel=1e-12,
    )


def test_f1_of_more_than_two_classes_is_the_macro_mean(tmp_path: Path) -> None:
    lines = classified(100, classes=4)

    found = value_of("f1", rows_of(lines, tmp_path))

    assert found == pytest.approx(
        reference.f1_score(
            column(lines, "truth"),
            column(lines, "prediction"),
            average="macro",
            sample_weight=column(lines, "weight"),
        )
    )


def test_errors_of_numbers_are_those_of_scikit_learn(tmp_path: Path) -> None:
    lines = measured(150)
    rows = rows_of(lines, tmp_path)
    truth, prediction, weight = (column(lines, name) for name in ("truth", "prediction", "weight"))

    assert value_of("mae", rows) == pytest.approx(
        reference.mean_absolute_error(truth, prediction, sample_weight=weight)
    )
    assert value_of("rmse", rows) == pytest.approx(
        reference.root_mean_squared_error(truth, prediction, sample_weight=weight)
    )


@pytest.mark.parametrize(
    ("metric", "lines", "why"),
    [
        ("mae", classified(40), "needs numbers, and truth is text"),
        ("roc_auc", classified(40, classes=3), "two classes, and there are 3"),
        ("log_loss", classified(40, classes=3), "two classes, and there are 3"),
        ("log_loss", [line | {"score": 1.5} for line in classified(9)], "outside 0 to 1"),
        ("roc_auc", [line | {"score": None} for line in classified(9)], "9 of 9 rows have none"),
        ("roc_auc", [line | {"truth": "c1"} for line in classified(9)], "both classes"),
        (
            "f1",
            [line | {"truth": "c1", "prediction": "c1"} for line in classified(9)],
            "at least two classes",
        ),
    ],
)
def test_a_metric_without_what_it_needs_has_no_value(
    metric: str, lines: list[Line], why: str, tmp_path: Path
) -> None:
    rows = rows_of(lines, tmp_path)

    with pytest.raises(UndefinedError, match=why):
        value_of(metric, rows)


@pytest.mark.parametrize("metric", ["accuracy", "f1", "roc_auc", "log_loss"])
def test_the_influence_of_a_row_is_how_its_weight_moves_the_value(metric: str, tmp_path: Path) -> None:
    rows = rows_of(classified(60), tmp_path)
    of, step = measure(metric, rows), 1e-6

    moved = []
    for place in range(len(rows)):
        nudged = rows.weight.copy()
        nudged[place] *= 1 + step
        moved.append((of.value(nudged) - of.value(rows.weight)) / step)

    assert of.influence(rows.weight) == pytest.approx(moved, abs=1e-5)
    assert of.influence(rows.weight).sum() == pytest.approx(0, abs=1e-12)


def test_the_influence_on_macro_f1_and_rmse_is_how_a_weight_moves_them(tmp_path: Path) -> None:
    for metric, lines in (("f1", classified(60, classes=3)), ("rmse", measured(60))):
        rows = rows_of(lines, tmp_path)
        of, nudged = measure(metric, rows), rows.weight.copy()
        nudged[7] *= 1 + 1e-6

        moved = (of.value(nudged) - of.value(rows.weight)) / 1e-6

        assert of.influence(rows.weight)[7] == pytest.approx(moved, abs=1e-5)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_no_value_depends_on_the_order_of_lines(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("rows")
    lines = classified(50, seed=seed)
    shuffled = random.Random(seed).sample(lines, len(lines))

    for metric in ("accuracy", "f1", "roc_auc", "log_loss"):
        assert value_of(metric, rows_of(lines, folder)) == value_of(metric, rows_of(shuffled, folder))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_turning_every_score_round_turns_the_area_round(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    lines = classified(50, seed=seed)
    turned = [line | {"score": 1 - line["score"]} for line in lines]

    area = value_of("roc_auc", rows_of(lines, folder))

    assert value_of("roc_auc", rows_of(turned, folder)) == pytest.approx(1 - area)
