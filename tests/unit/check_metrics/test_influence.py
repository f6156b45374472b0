from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_steps.model.metrics import METRICS
from ci_steps.steps.check_metrics.rows import Floats
from ci_steps.steps.check_metrics.values import Measure, UndefinedError, measure
from tests.fakes.evaluated import Line, labelled, measured, rows_of

STEP = 1e-5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluations")


def moved(of: Measure, weight: Floats) -> Floats:
    """Return how a row's share of its weight moves the value, measured to both sides."""
    nudges = np.eye(len(weight)) * weight * STEP
    return np.array([of.value(weight + nudge) - of.value(weight - nudge) for nudge in nudges]) / (2 * STEP)


def lines_for(metric: str, seed: int, *, ties: bool) -> list[Line]:
    if METRICS[metric].needs == "numbers":
        return measured(30, seed=seed, ties=ties)
    many = METRICS[metric].needs == "labels" and not METRICS[metric].of_one_class and ties
    return labelled(30, ("a", "b", "c") if many else ("a", "b"), seed=seed)


@pytest.mark.parametrize("metric", METRICS)
@given(seed=st.integers(0, 10_000), ties=st.booleans())
@settings(max_examples=15, deadline=None)
def test_the_influence_of_a_row_is_how_its_weight_moves_the_value(
    metric: str, seed: int, *, ties: bool, folder: Path
) -> None:
    rows = rows_of(lines_for(metric, seed, ties=ties), folder)
    try:
        of = measure(metric, rows)
    except UndefinedError:
        return
    if not np.isfinite(value := of.value(rows.weight)):
        return

    found = of.influence(rows.weight)

    assert found == pytest.approx(moved(of, rows.weight), abs=1e-7 * max(1.0, abs(value)), rel=1e-5)
    assert found.sum() == pytest.approx(0, abs=1e-12 * max(1.0, abs(value)) * len(rows))


@pytest.mark.parametrize("metric", METRICS)
def test_rows_that_were_not_drawn_have_no_influence_and_change_nothing(metric: str, folder: Path) -> None:
    rows = rows_of(lines_for(metric, 3, ties=False), folder)
    left_out = np.arange(len(rows)) % 5 == 0
    weight = np.where(left_out, 0.0, rows.weight)
    of, rest = measure(metric, rows), rows.part(~left_out)

    assert of.value(weight) == pytest.approx(measure(metric, rest).value(rest.weight), rel=1e-12)
    assert not of.influence(weight)[left_out].any()


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "precision", "recall", "f1"])
def test_a_draw_without_a_positive_has_no_value(metric: str, folder: Path) -> None:
    rows = rows_of(lines_for(metric, 3, ties=False), folder)
    weight = np.where((rows.truth == 1) | (rows.prediction == 1), 0.0, 1.0)

    assert np.isnan(measure(metric, rows).value(weight))
