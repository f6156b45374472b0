"""Models that MLflow saved: asked by the server's predictor, and by the raw program that it is held to."""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from ci_steps.steps.golden import raw_program
from ci_steps.steps.scan_model.content import opened
from ci_steps.steps.scan_model.names import reaches_beyond
from ci_steps.steps.scan_model.reading import read
from serving.errors import ModelError
from serving.predictors.pyfunc import answers, load_pyfunc, plain

REPOSITORY = Path(__file__).parents[2]
ROW = {"types": "float64", "size": 1.0, "count": 2, "year": 2026, "new": True, "bytes": 3}
WANTED: dict[str, list[Any]] = {
    "a table": [ROW | {"kind": "a"}, ROW | {"kind": None}],
    "times and holes": [{"at": None, "size": None}, {"at": "2026-02-28T00:00:00", "size": 2.5}],
    "a list of numbers, one of them none": [{"label": 1.0}, {"label": None}],
    "one text a request": [{"label": "AB"}, {"label": "CD"}],
    "arrays": [{"label": 3.0}, {"label": 7.5}],
    "named arrays in and out": [{"sum": 3.0, "twice": [2.0, 4.0]}, {"sum": 7.5, "twice": [7.0, 8.0]}],
    "no signature": [{"seen": ["a", "b"]}, {"seen": ["a", "b"]}],
    "type hints": [{"label": "ba"}, {"label": "dc"}],
    "as code": [{"label": "hello ab"}, {"label": "hello cd"}],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    python = os.environ.get("CI_STEPS_MLFLOW_PYTHON")
    if not python:
        why = 'CI_STEPS_MLFLOW_PYTHON not set: run `make test`, or eval "$(contrib/engine/mlflow)"'
        pytest.fail(why, pytrace=False)
    script, program = Path(__file__).with_name("pyfunc_models.py"), raw_program.__file__
    done = subprocess.run(
        [python, script, folder, program],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("model", WANTED)
def test_a_model_answers_as_a_list_and_one_by_one_and_as_the_raw_one_does(
    told: dict[str, Any], model: str
) -> None:
    wanted = [WANTED[model], WANTED[model]]

    assert told[model]["served"] == wanted
    assert told[model]["raw"] == wanted


def test_every_kind_of_model_was_asked(told: dict[str, Any]) -> None:
    assert told.keys() == WANTED.keys()


def test_a_python_model_as_mlflow_pickles_it_is_refused_whatever_is_allowed(
    told: dict[str, Any], folder: Path
) -> None:
    assert told
    path = "model/python_model.pkl"
    with opened(folder / "0" / path) as content:
        reading = read(path, content)

    assert reading.shown.format == "pickle"
    assert any(reaches_beyond(name) for name in reading.shown.globals)


def test_a_model_as_code_needs_its_source_allowed_and_no_more(told: dict[str, Any], folder: Path) -> None:
    saved = folder / str(list(told).index("as code")) / "model"
    read_as = {}
    for name in ("MLmodel", "flowers.py"):
        with opened(saved / name) as content:
            read_as[name] = read(f"model/{name}", content).shown

    assert (read_as["MLmodel"].format, read_as["MLmodel"].globals) == ("mlmodel", frozenset())
    assert read_as["MLmodel"].problems == ()
    assert read_as["flowers.py"].source


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (pd.DataFrame({"a": [1, 2], "b": ["x", None]}), [{"a": 1, "b": "x"}, {"a": 2, "b": None}]),
        (pd.Series(["x", "y"]), [{"label": "x"}, {"label": "y"}]),
        (np.array([[1.0, math.inf], [2, 3]]), [{"label": [1.0, None]}, {"label": [2.0, 3.0]}]),
        (
            [{"label": "x", "score": np.float32(0.5)}, {"label": "y"}],
            [{"label": "x", "score": 0.5}, {"label": "y"}],
        ),
        ({"a": np.array([1, 2])}, [{"a": 1}, {"a": 2}]),
        ([b"\0\1\2", pd.NaT], [{"label": "AAEC"}, {"label": None}]),
    ],
)
def test_whatever_form_a_model_answers_in_each_row_has_one_answer_of_json(given: Any, wanted: Any) -> None:
    assert answers(given, 2) == wanted


@pytest.mark.parametrize("given", ["text", 1.0, {"a": [1]}, {"a": 1}])
def test_an_answer_that_is_not_one_a_row_is_an_error(given: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="answer"):
        answers(given, 2)


def test_what_is_no_json_is_an_error_that_names_its_type() -> None:
    with pytest.raises(TypeError, match="object, which is no JSON"):
        plain(object())


def test_a_folder_outside_of_the_model_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not model/ or below it"):
        load_pyfunc(tmp_path, {"folder": "../elsewhere"})
