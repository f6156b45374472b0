import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as reference  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ci_steps.errors import InputError
from ci_steps.model.metrics import METRICS
from ci_steps.model.settings import MetricRule
from ci_steps.steps.check_metrics.values import UndefinedError, refuse_other_positives, value_of
from tests.fakes.evaluated import Line, column, labelled, measured, rows_of

LABELS = {
    "texts": ("ham", "maybe", "spam", "toast"),
    "numbers": (0, 1, 5),
    "two texts": ("no", "yes"),
    "two numbers": (-1, 1),
    "booleans": (False, True),
}
TWO = [name for name, labels in LABELS.items() if len(labels) == 2]

OF_LABELS: dict[str, Callable[..., float]] = {
    "accuracy": reference.accuracy_score,
    **{
        f"{name}_{mean}": partial(getattr(reference, f"{name}_score"), average=mean)
        for name in ("precision", "recall", "f1")
        for mean in ("macro", "micro")
    },
}
OF_ONE_CLASS: dict[str, Callable[..., float]] = {
    name: getattr(reference, f"{name}_score") for name in ("precision", "recall", "f1")
}
OF_SCORES: dict[str, Callable[..., float]] = {
    "roc_auc": reference.roc_auc_score,
    "average_precision": reference.average_precision_score,
    "brier_score": reference.brier_score_loss,
    "log_loss": lambda truth, score, **more: reference.log_loss(
        truth, np.stack([1 - np.array(score), score], 1), **more
    ),
}
OF_NUMBERS: dict[str, Callable[..., float]] = {
    "mae": reference.mean_absolute_error,
    "rmse": reference.root_mean_squared_error,
    "mape": reference.mean_absolute_percentage_error,
    "r2": reference.r2_score,
}


def theirs(score: Callable[..., float], lines: list[Line], other: str = "prediction", **more: Any) -> float:
    """Return what scikit-learn makes of the lines; NaN where it warns that it has put a number in."""
    weight = column(lines, "weight")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return score(column(lines, "truth"), column(lines, other), sample_weight=weight, **more)
        except UserWarning:
            return float("nan")


def ours(metric: str, lines: list[Line], folder: Path, positive: str | None = None) -> float:
    try:
        return value_of(metric, rows_of(lines, folder), positive)
    except UndefinedError:
        return float("nan")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluations")


drawn = st.integers(0, 10_000)
few_or_many = st.sampled_from((1, 2, 5, 20, 120))
rare_or_not = st.sampled_from((0.02, 0.5, 0.98))


@pytest.mark.parametrize("metric", OF_LABELS)
@pytest.mark.parametrize("labels", LABELS)
@given(seed=drawn, n=few_or_many, rare=rare_or_not)
@settings(max_examples=25, deadline=None)
def test_a_metric_of_labels_is_that_of_scikit_learn_and_has_no_value_where_that_warns(
    metric: str, labels: str, seed: int, n: int, rare: float, folder: Path
) -> None:
    lines = labelled(n, LABELS[labels], seed=seed, rare=rare)

    assert ours(metric, lines, folder) == pytest.approx(
        theirs(OF_LABELS[metric], lines), rel=1e-12, nan_ok=True
    )


@pytest.mark.parametrize("labels", LABELS)
@given(seed=drawn, n=few_or_many, rare=rare_or_not)
@settings(max_examples=25, deadline=None)
def test_balanced_accuracy_is_the_mean_recall_of_the_classes_that_are_in_truth(
    labels: str, seed: int, n: int, rare: float, folder: Path
) -> None:
    lines = labelled(n, LABELS[labels], seed=seed, rare=rare)
    occurring = sorted(set(column(lines, "truth")))

    found = ours("balanced_accuracy", lines, folder)

    if len(occurring) == 1:
        assert np.isnan(found)
        return
    recall = partial(reference.recall_score, average="macro", labels=occurring)
    assert found == pytest.approx(theirs(recall, lines), rel=1e-12)
    if set(column(lines, "prediction")) <= set(occurring):
        assert found == pytest.approx(theirs(reference.balanced_accuracy_score, lines), rel=1e-12)


@pytest.mark.parametrize("metric", OF_ONE_CLASS)
@pytest.mark.parametrize("labels", TWO)
@given(seed=drawn, n=few_or_many, rare=rare_or_not, first=st.booleans())
@settings(max_examples=25, deadline=None)
def test_precision_recall_and_f1_are_of_the_label_that_is_named_else_of_the_last(
    metric: str, labels: str, seed: int, n: int, rare: float, *, first: bool, folder: Path
) -> None:
    lines = labelled(n, LABELS[labels], seed=seed, rare=rare)
    positive = LABELS[labels][0 if first else 1]
    words = json.dumps(positive).strip('"')

    found = ours(metric, lines, folder, words if first else None)

    if len({*column(lines, "truth"), *column(lines, "prediction")}) < 2:
        assert np.isnan(found)
        return
    expected = theirs(OF_ONE_CLASS[metric], lines, pos_label=positive)
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("metric", OF_ONE_CLASS)
def test_one_class_of_many_has_a_score_where_it_is_named(metric: str, folder: Path) -> None:
    lines = labelled(90, LABELS["texts"])
    score = partial(OF_ONE_CLASS[metric], labels=["maybe"], average="macro")

    assert ours(metric, lines, folder, "maybe") == pytest.approx(theirs(score, lines), rel=1e-12)


@pytest.mark.parametrize("words", ["1", "1.0", "1e0"])
def test_a_number_names_the_positive_label_however_it_is_written(words: str, folder: Path) -> None:
    lines = labelled(40, (0, 1))

    assert ours("recall", lines, folder, words) == ours("recall", lines, folder)


@pytest.mark.parametrize("metric", OF_SCORES)
@pytest.mark.parametrize("labels", TWO)
@given(seed=drawn, n=few_or_many, rare=rare_or_not)
@settings(max_examples=25, deadline=None)
def test_a_metric_of_scores_is_that_of_scikit_learn(
    metric: str, labels: str, seed: int, n: int, rare: float, folder: Path
) -> None:
    lines = labelled(n, LABELS[labels], seed=seed, rare=rare)
    both = {*column(lines, "truth"), *column(lines, "prediction")}

    found = ours(metric, lines, folder)

    if len(both) < 2 or (len(set(column(lines, "truth"))) < 2 and metric in {"roc_auc", "average_precision"}):
        assert np.isnan(found)
        return
    more: dict[str, Any] = {"labels": list(LABELS[labels])} if metric in {"log_loss", "brier_score"} else {}
    if metric in {"average_precision", "brier_score"}:
        more["pos_label"] = LABELS[labels][1]
    assert found == pytest.approx(theirs(OF_SCORES[metric], lines, "score", **more), rel=1e-12)


@pytest.mark.parametrize("metric", OF_NUMBERS)
@given(seed=drawn, n=few_or_many, ties=st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_metric_of_numbers_is_that_of_scikit_learn(
    metric: str, seed: int, n: int, *, ties: bool, folder: Path
) -> None:
    lines = measured(n, seed=seed, ties=ties)
    if metric == "r2" and len(set(column(lines, "truth"))) < 2:
        assert np.isnan(ours(metric, lines, folder))
        return

    assert ours(metric, lines, folder) == pytest.approx(theirs(OF_NUMBERS[metric], lines), rel=1e-9)


@given(seed=drawn, n=few_or_many, ties=st.booleans())
@settings(max_examples=50, deadline=None)
def test_spearman_without_weights_is_that_of_scipy(seed: int, n: int, *, ties: bool, folder: Path) -> None:
    from scipy.stats import spearmanr  # type: ignore[import-untyped]  # it ships no types

    lines = [line | {"weight": 1.0} for line in measured(n, seed=seed, ties=ties)]
    truth, prediction = column(lines, "truth"), column(lines, "prediction")
    differ = len(set(truth)) > 1 and len(set(prediction)) > 1
    expected = float(spearmanr(truth, prediction).statistic) if differ else float("nan")

    assert ours("spearman", lines, folder) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("metric", METRICS)
@given(seed=drawn)
@settings(max_examples=15, deadline=None)
def test_a_row_of_weight_three_is_three_rows(metric: str, seed: int, folder: Path) -> None:
    lines = (
        measured(25, seed=seed, ties=metric != "mape")
        if METRICS[metric].needs == "numbers"
        else (labelled(25, LABELS["two texts"], seed=seed))
    )
    whole = [line | {"weight": 1.0 + 2 * (place % 3 == 0)} for place, line in enumerate(lines)]
    repeated = [
        line | {"id": f"{line['id']}-{copy}", "weight": 1.0}
        for line in whole
        for copy in range(int(line["weight"]))
    ]

    assert ours(metric, whole, folder) == pytest.approx(ours(metric, repeated, folder), nan_ok=True)


@pytest.mark.parametrize("metric", METRICS)
@given(seed=drawn)
@settings(max_examples=15, deadline=None)
def test_no_value_depends_on_the_order_of_lines(metric: str, seed: int, folder: Path) -> None:
    numbers = METRICS[metric].needs == "numbers"
    lines = measured(50, seed=seed) if numbers else labelled(50, LABELS["two texts"], seed=seed)
    turned = lines[::-1]

    assert ours(metric, lines, folder) == ours(metric, turned, folder)


@given(seed=drawn)
@settings(max_examples=25, deadline=None)
def test_turning_every_score_round_turns_the_area_round(seed: int, folder: Path) -> None:
    lines = labelled(50, LABELS["two texts"], seed=seed)
    turned = [line | {"score": 1 - line["score"]} for line in lines]

    assert ours("roc_auc", turned, folder) == pytest.approx(1 - ours("roc_auc", lines, folder))


TWO_TEXTS, MANY_TEXTS = labelled(40, LABELS["two texts"]), labelled(40, LABELS["texts"])


@pytest.mark.parametrize(
    ("metric", "lines", "why"),
    [
        ("mae", TWO_TEXTS, "needs numbers, and truth is text"),
        ("spearman", TWO_TEXTS, "needs numbers, and truth is text"),
        ("roc_auc", MANY_TEXTS, "two classes, and there are 4"),
        ("log_loss", MANY_TEXTS, "two classes, and there are 4"),
        ("log_loss", [line | {"score": 1.5} for line in TWO_TEXTS], "outside 0 to 1"),
        ("brier_score", [line | {"score": -0.1} for line in TWO_TEXTS], "outside 0 to 1"),
        ("roc_auc", [line | {"score": None} for line in TWO_TEXTS], "40 of 40 rows have none"),
        ("roc_auc", [line | {"truth": "yes"} for line in TWO_TEXTS], "both classes"),
        ("average_precision", [line | {"truth": "yes"} for line in TWO_TEXTS], "both classes"),
        ("average_precision", [line | {"truth": "no"} for line in TWO_TEXTS], "both classes"),
        ("f1", [line | {"truth": "yes", "prediction": "yes"} for line in TWO_TEXTS], "at least two classes"),
        ("f1", MANY_TEXTS, "there are 4: ask for f1_macro or f1_micro, or name the positive one"),
        ("recall", MANY_TEXTS, "ask for recall_macro or recall_micro"),
        ("precision", [line | {"prediction": "no"} for line in TWO_TEXTS], "is never predicted"),
        ("precision_macro", [line | {"prediction": "no"} for line in TWO_TEXTS], "is never predicted"),
        ("recall", [line | {"truth": "no"} for line in TWO_TEXTS], "is never the truth"),
        ("balanced_accuracy", [line | {"truth": "no"} for line in TWO_TEXTS], "two classes in truth"),
        ("mape", [*measured(9), measured(10)[9] | {"truth": 0}], "which is 0 in 1 of 10 rows"),
        ("r2", [line | {"truth": 0.1} for line in measured(9)], "truth is one and the same"),
        ("spearman", [line | {"truth": 0.1} for line in measured(9)], "truth is one and the same"),
        (
            "spearman",
            [line | {"prediction": 0.1} for line in measured(9)],
            "predictions are one and the same",
        ),
    ],
)
def test_a_metric_without_what_it_needs_has_no_value(
    metric: str, lines: list[Line], why: str, folder: Path
) -> None:
    rows = rows_of(lines, folder)

    with pytest.raises(UndefinedError, match=why):
        value_of(metric, rows)


@pytest.mark.parametrize("metric", METRICS)
def test_no_rows_have_no_value(metric: str, folder: Path) -> None:
    rows = rows_of(TWO_TEXTS, folder).where({"length": "long"})

    with pytest.raises(UndefinedError, match="no rows"):
        value_of(metric, rows)


@pytest.mark.parametrize(
    ("metric", "positive", "why"),
    [
        ("recall", "Yes", "no row has the positive label 'Yes'; labels are no, yes"),
        ("roc_auc", "Yes", "no row has the positive label 'Yes'"),
        ("roc_auc", "no", "score is that of 'yes', the last label in sorted order"),
        ("log_loss", "no", "score is that of 'yes'"),
    ],
)
def test_a_positive_label_that_is_none_or_not_that_of_score_leaves_no_value(
    metric: str, positive: str, why: str, folder: Path
) -> None:
    rows = rows_of(TWO_TEXTS, folder)

    with pytest.raises(UndefinedError, match=why):
        value_of(metric, rows, positive)


def test_a_rule_for_the_score_of_another_label_than_the_last_is_bad_input(folder: Path) -> None:
    rows = rows_of(TWO_TEXTS, folder)
    asked = MetricRule(metric="roc_auc", direction="higher", floor=0.6, where="release.yaml:9")

    refuse_other_positives([asked, replace(asked, positive="yes"), replace(asked, positive="Yes")], rows)
    refuse_other_positives([replace(asked, metric="recall", positive="no")], rows)
    with pytest.raises(InputError, match=r"^release.yaml:9: roc_auc cannot be of 'no'") as refused:
        refuse_other_positives([replace(asked, positive="no")], rows)

    assert refused.value.hint.startswith("leave positive out")
