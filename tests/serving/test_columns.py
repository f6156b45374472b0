"""Estimators that were fitted with column names get a table that has them, in the order of their training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]  # has no types
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector  # type: ignore[import-untyped]  # has no types
from sklearn.impute import SimpleImputer  # type: ignore[import-untyped]  # has no types
from sklearn.linear_model import LinearRegression, LogisticRegression  # type: ignore[import-untyped]  # has no types
from sklearn.model_selection import GridSearchCV  # type: ignore[import-untyped]  # has no types
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]  # has no types
from sklearn.preprocessing import OneHotEncoder, StandardScaler  # type: ignore[import-untyped]  # has no types

from serving.errors import ModelError
from serving.predictors.columns import columns
from tests.serving.running import Running, Serve
from tests.serving.test_sklearn import joblib_bytes, sklearn_model

WINES = pd.DataFrame(
    {
        "alcohol": [9.0, 10, 11, 12] * 5,
        "colour": ["red", "white", None, "red"] * 5,
        "sugar": [2.0, None, 4, 5] * 5,
    }
)
GOOD = [0, 0, 1, 1] * 5
WINE: Any = {
    "type": "object",
    "required": ["alcohol", "colour", "sugar"],
    "properties": {
        "alcohol": {"type": "number", "examples": [10.5]},
        "colour": {"type": ["string", "null"], "examples": ["red"]},
        "sugar": {"type": ["number", "null"], "examples": [2.5]},
    },
}
HOLES: list[dict[str, Any]] = [
    {"sugar": 3, "colour": "white", "alcohol": 11},
    {"sugar": None, "colour": "red", "alcohol": 9.5},
    {"sugar": 2, "colour": None, "alcohol": 9.5},
    {"sugar": None, "colour": None, "alcohol": 12},
]


def by_name(colours: Any = ("colour",)) -> Any:
    """Return the commonest pipeline: columns chosen by name, each kind made to numbers its own way."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    parts = [("n", numbers, ["alcohol", "sugar"]), ("c", OneHotEncoder(), colours)]
    return make_pipeline(ColumnTransformer(parts), LogisticRegression())


@pytest.fixture(scope="module")
def wines() -> Any:
    return by_name(["colour"]).fit(WINES, GOOD)


def without_pandas(folder: Path) -> dict[str, str]:
    """Return the environment of a server that has no pandas to import."""
    folder.mkdir()
    absent = "raise ModuleNotFoundError(\"No module named 'pandas'\", name='pandas')"
    (folder / "pandas.py").write_text(absent)
    return {"PYTHONPATH": str(folder)}


def warnings_of(server: Running) -> list[str]:
    assert server.stop() == 0
    server.wait_for("stopped")
    return [line["warning"] for line in server.lines if line["event"] == "warning"]


def test_columns_chosen_by_name_are_found_whatever_the_order_of_the_features(
    serve: Serve, tmp_path: Path, wines: Any
) -> None:
    server = serve(sklearn_model(tmp_path, joblib_bytes(wines), ["sugar", "colour", "alcohol"], WINE))

    answers = server.predict([{"sugar": 4, "colour": "red", "alcohol": 12}] * 3).json()

    row = pd.DataFrame({"alcohol": [12], "colour": ["red"], "sugar": [4]})
    assert [answer["score"] for answer in answers] == pytest.approx([wines.predict_proba(row)[0, 1]] * 3)
    assert warnings_of(server) == []


def test_null_is_a_missing_value_alone_and_among_others(serve: Serve, tmp_path: Path, wines: Any) -> None:
    server = serve(sklearn_model(tmp_path, joblib_bytes(wines), ["sugar", "colour", "alcohol"], WINE))

    singly = [server.predict(row).json() for row in HOLES]

    assert singly == server.predict(HOLES).json()
    table = pd.DataFrame(HOLES)[["alcohol", "colour", "sugar"]]
    assert [answer["score"] for answer in singly] == pytest.approx(wines.predict_proba(table)[:, 1].tolist())


def test_a_single_named_column_is_a_table_of_one(serve: Serve, tmp_path: Path) -> None:
    line = LinearRegression().fit(WINES[["alcohol"]], WINES["alcohol"] * 2)
    server = serve(sklearn_model(tmp_path, joblib_bytes(line), ["alcohol"], WINE))

    assert server.predict({**HOLES[0], "alcohol": 3}).json() == {"label": pytest.approx(6)}


def test_features_that_are_not_the_trained_columns_keep_the_model_from_serving(
    serve: Serve, tmp_path: Path, wines: Any
) -> None:
    folder = sklearn_model(tmp_path, joblib_bytes(wines), ["sugar", "color", "alcohol"], WINE)

    server = serve(folder, until="model does not load")

    assert server.lines[-1]["reason"] == (
        "the features in model.yaml are not the columns that the estimator was fitted with:"
        " only in features: color; only in the estimator: colour"
    )
    assert server.process.wait(30) == 3


def test_names_that_pandas_is_needed_for_are_told_at_the_start(
    serve: Serve, tmp_path: Path, wines: Any
) -> None:
    folder = sklearn_model(tmp_path / "m", joblib_bytes(wines), ["alcohol", "colour", "sugar"], WINE)

    server = serve(folder, until="model does not load", **without_pandas(tmp_path / "none"))

    assert server.lines[-1]["reason"] == (
        "the estimator selects columns by name, which needs pandas; requirements.lock has no pandas"
    )


def test_without_pandas_rows_are_in_the_order_of_the_training_and_one_warning_says_what_is_amiss(
    serve: Serve, tmp_path: Path
) -> None:
    line = LinearRegression().fit(pd.DataFrame({"x": [0, 1, 0], "y": [0, 0, 1]}), [0, 10, 1])
    schema = {"type": "object", "properties": {name: {"type": "number"} for name in "xy"}}
    folder = sklearn_model(tmp_path / "m", joblib_bytes(line), ["y", "x"], {**schema, "required": ["x", "y"]})
    server = serve(folder, **without_pandas(tmp_path / "none"))

    answers = [server.predict({"x": 1, "y": 0}).json() for _ in range(20)]

    assert answers == [{"label": pytest.approx(10)}] * 20
    assert warnings_of(server) == ["UserWarning"]


@pytest.mark.parametrize(
    "colours", ["colour", ["colour"], slice("colour", "colour"), make_column_selector("col")]
)
def test_every_way_to_choose_a_column_by_name_is_known(colours: Any, tmp_path: Path, serve: Serve) -> None:
    parts = [("c", OneHotEncoder(), ["colour"] if colours == "colour" else colours), ("n", "drop", [0])]
    chosen = ColumnTransformer(parts)
    search = GridSearchCV(
        make_pipeline(chosen, LogisticRegression()), {"logisticregression__C": [1, 2]}, cv=2
    )
    content = joblib_bytes(search.fit(WINES, GOOD))
    folder = sklearn_model(tmp_path / "m", content, ["alcohol", "colour", "sugar"], WINE)

    server = serve(folder, until="model does not load", **without_pandas(tmp_path / "none"))

    assert "selects columns by name" in server.lines[-1]["reason"]


def test_names_with_spaces_are_those_that_lightgbm_keeps_with_underscores() -> None:
    class Boosted(LinearRegression):  # type: ignore[misc]  # its base has no types
        """Keeps names as LightGBM 4.7 does."""

        feature_names_in_ = ("fixed_acidity", "sugar")

    with pytest.raises(
        ModelError, match="only in features: fixed acidity; only in the estimator: fixed_acidity"
    ):
        columns(Boosted(), ("sugar", "fixed acidity"))

    Boosted.__module__ = "lightgbm.sklearn"
    assert columns(Boosted(), ("sugar", "fixed acidity")).features == ("fixed acidity", "sugar")
