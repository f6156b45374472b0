"""The sklearn flavour, with real estimators in real files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped]  # has no types
import pytest
import skops.io  # type: ignore[import-untyped]  # has no types
from sklearn.dummy import DummyClassifier  # type: ignore[import-untyped]  # has no types
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]  # has no types
from sklearn.linear_model import LinearRegression, LogisticRegression  # type: ignore[import-untyped]  # has no types
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]  # has no types
from sklearn.svm import LinearSVC  # type: ignore[import-untyped]  # has no types

from tests.serving.folders import write_model
from tests.serving.running import Serve

TEXTS = ["good day", "fine day", "good fine", "bad night", "poor night", "bad poor"]
LABELS = ["positive"] * 3 + ["negative"] * 3
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}}
POINT = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}}


def joblib_bytes(estimator: Any) -> bytes:
    out = io.BytesIO()
    joblib.dump(estimator, out)
    return out.getvalue()


def sklearn_model(
    folder: Path, content: bytes, features: list[str], request: Any, file: str = "model/model.joblib"
) -> Path:
    predictor = {"kind": "sklearn", "file": file, "features": features}
    return write_model(folder, {file: content}, predictor, request=request, answer={"type": "object"})


@pytest.fixture(scope="module")
def words() -> Any:
    return make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(TEXTS, LABELS)


@pytest.mark.parametrize("suffix", ["joblib", "skops"])
def test_a_pipeline_of_one_feature_answers_label_and_chance_of_the_last_class(
    serve: Serve, tmp_path: Path, words: Any, suffix: str
) -> None:
    content = joblib_bytes(words) if suffix == "joblib" else skops.io.dumps(words)
    server = serve(sklearn_model(tmp_path, content, ["text"], TEXT, f"model/model.{suffix}"))

    answers = server.predict([{"text": text} for text in ("good day", "bad night")]).json()

    assert [answer["label"] for answer in answers] == ["positive", "negative"]
    chances = words.predict_proba(["good day", "bad night"])[:, 1].tolist()
    assert [answer["score"] for answer in answers] == chances


def test_several_features_are_a_row_in_the_named_order(serve: Serve, tmp_path: Path) -> None:
    line = LinearRegression().fit([[0, 0], [1, 0], [0, 1]], [0, 1, 10])
    server = serve(sklearn_model(tmp_path, joblib_bytes(line), ["y", "x"], POINT))

    answer = server.predict({"x": 1, "y": 0}).json()

    assert answer == {"label": pytest.approx(10)}  # no score: a regression has no chances


def test_a_classifier_of_three_answers_the_chance_of_what_it_says(serve: Serve, tmp_path: Path) -> None:
    model = DummyClassifier(strategy="prior").fit([[0]] * 10, [1] * 2 + [2] * 5 + [3] * 3)
    server = serve(sklearn_model(tmp_path, joblib_bytes(model), ["x"], POINT))

    assert server.predict({"x": 1}).json() == {"label": 2, "score": 0.5}


def test_a_classifier_without_chances_answers_its_label_alone(serve: Serve, tmp_path: Path) -> None:
    model = LinearSVC().fit([[0, 0], [1, 1]], [False, True])
    server = serve(sklearn_model(tmp_path, joblib_bytes(model), ["x", "y"], POINT))

    assert server.predict({"x": 1, "y": 1}).json() == {"label": True}


def test_a_feature_that_the_schema_forgot_to_require_is_a_422(
    serve: Serve, tmp_path: Path, words: Any
) -> None:
    server = serve(sklearn_model(tmp_path, joblib_bytes(words), ["text"], TEXT))

    response = server.predict([{"text": "good"}, {}])

    assert response.status_code == 422
    assert response.json()["problems"] == [
        {"index": 1, "pointer": "", "reason": '"text" is a feature of the model and is missing'}
    ]


@pytest.mark.parametrize(
    ("content", "predictor", "reason"),
    [
        (b"not a pickle", {"features": ["text"]}, "the sklearn predictor does not load"),
        (joblib_bytes({}), {"features": ["text"]}, "holds a dict, which cannot predict"),
        (joblib_bytes({}), {"features": []}, "names no features"),
        (joblib_bytes({}), {"features": ["text"], "file": "manifest.json"}, "is not in model/"),
    ],
)
def test_a_file_that_is_no_estimator_ends_the_server_with_its_reason(
    serve: Serve, tmp_path: Path, content: bytes, predictor: dict[str, Any], reason: str
) -> None:
    whole = {"kind": "sklearn", "file": "model/model.joblib", **predictor}
    folder = write_model(tmp_path, {"model/model.joblib": content}, whole)

    server = serve(folder, until="model does not load")

    assert reason in server.lines[-1]["reason"]
    assert server.process.wait(30) == 3
