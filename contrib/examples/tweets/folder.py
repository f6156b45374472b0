"""The model folder: every file that a release stands on, made from real answers."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import joblib
from sklearn.metrics import accuracy_score, roc_auc_score

from estimators import Answer, Trained
from tweets import SOURCE, Tweet
from variants import BoobyTrap, Variant

HERE = Path(__file__).parent
DATASET = "hutto-gilbert-2014-test"
GOLDEN_ROWS = 300


def write_folder(
    variant: Variant, shared: Trained, training: list[Tweet], test: list[Tweet], to: Path
) -> float:
    """Make the variant's model folder and return its accuracy on the test part."""
    _clear(to)
    _write_model(variant, shared, training, to / "model")
    answers = _answers(variant, shared, to / "model", test)
    metrics = measured(variant, test, answers)
    _write_json(to / "interface.json", interface(variant))
    _write_json(to / "metrics.json", {"metrics": metrics})
    _write_rows(
        to / "evaluations.jsonl", (evaluation(variant, t, a) for t, a in zip(test, answers, strict=True))
    )
    _write_rows(to / "golden.jsonl", golden(test, answers))
    shutil.copyfile(HERE / "requirements.lock", to / "requirements.lock")
    (to / "model.yaml").write_text(_ingredients(variant), encoding="utf-8")
    return float(metrics[0]["value"])


def interface(variant: Variant) -> dict[str, Any]:
    """Promise what a request and an answer look like."""
    text = {"type": "string"}
    label = {"type": "string", "enum": ["negative", "positive"]}
    score = {"type": "number", "minimum": 0, "maximum": 1}
    return {
        "input": _closed_object({"text": text}),
        "output": _closed_object({variant.prediction: label, "score": score}),
        "prediction": f"/{variant.prediction}",
        "score": "/score",
    }


def evaluation(variant: Variant, tweet: Tweet, answer: Answer) -> dict[str, Any]:
    """One row of evaluations: what the raters said and what the model says."""
    return {
        "id": tweet.id,
        "truth": tweet.label,
        "prediction": answer[variant.prediction],
        "score": answer["score"],
        "slices": {"length": tweet.length},
    }


def golden(test: list[Tweet], answers: list[Answer]) -> list[dict[str, Any]]:
    """Draw requests, the same for every variant, with the raw model's answers."""
    rows = sorted(zip(test, answers, strict=True), key=lambda row: (row[0].bucket, row[0].number))
    return [{"id": t.id, "request": {"text": t.text}, "answer": a} for t, a in rows[:GOLDEN_ROWS]]


def measured(variant: Variant, test: list[Tweet], answers: list[Answer]) -> list[dict[str, Any]]:
    """Accuracy overall, ROC AUC overall, and accuracy for each length."""
    rows = [evaluation(variant, t, a) for t, a in zip(test, answers, strict=True)]
    truths = [row["truth"] for row in rows]
    auc = roc_auc_score([truth == "positive" for truth in truths], [row["score"] for row in rows])
    claims = [_claim("accuracy", _accuracy(rows), len(rows)), _claim("roc_auc", auc, len(rows))]
    for length in ("short", "medium", "long"):
        part = [row for row in rows if row["slices"]["length"] == length]
        claims.append(_claim("accuracy", _accuracy(part), len(part), {"length": length}))
    return claims


def _write_model(variant: Variant, shared: Trained, training: list[Tweet], to: Path) -> None:
    to.mkdir(parents=True)
    if variant.booby_trap is None:
        (to / "model.joblib").write_bytes(shared.file)
    else:
        estimator = joblib.load(BytesIO(shared.file))
        estimator.note_ = BoobyTrap(variant.booby_trap)
        # Compressed, because a scanner that does not decompress calls it clean.
        joblib.dump(estimator, to / "model.joblib", compress=("zlib", 3))
    if variant.predictor is not None:
        shutil.copyfile(HERE / "predictors" / f"{variant.predictor}.py", to / "predictor.py")
    if variant.max_characters is not None:
        [(label, count)] = Counter(tweet.label for tweet in training).most_common(1)
        unread = {"label": label, "score": count / len(training)}
        _write_json(to / "settings.json", {"max_characters": variant.max_characters, "unread": unread})


def _answers(variant: Variant, shared: Trained, model: Path, test: list[Tweet]) -> list[Answer]:
    if variant.predictor is None or not variant.askable:
        return shared.answers
    predictor = import_module(f"predictors.{variant.predictor}").Tweets()
    predictor.load(model)
    return list(predictor.predict([{"text": tweet.text} for tweet in test]))


def _ingredients(variant: Variant) -> str:
    python = {"python": "predictor:Tweets"}
    sklearn = {"sklearn": "model/model.joblib", "features": ["text"]}
    limits = {} if variant.max_characters is None else {"max_characters": variant.max_characters}
    source = {"uri": SOURCE.as_posix(), "sha256": hashlib.sha256((HERE / SOURCE).read_bytes()).hexdigest()}
    lines = {
        "name": "tweets",
        "predictor": sklearn if variant.predictor is None else python,
        "data": [source],
        "config": variant.recipe.config() | limits,
        "python": "3.11",
    }
    # JSON values are YAML too, so training needs no YAML package.
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in lines.items())


def _clear(folder: Path) -> None:
    if folder.exists() and not (folder / "model.yaml").is_file():
        raise FileExistsError(f"{folder} is there and is not a model folder; name another with --out")
    shutil.rmtree(folder, ignore_errors=True)


def _closed_object(properties: dict[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _claim(metric: str, value: float, n: int, part: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "metric": metric,
        "value": float(value),
        "direction": "higher",
        "n": n,
        "dataset": DATASET,
        "slice": part,
    }


def _accuracy(rows: list[dict[str, Any]]) -> float:
    return float(accuracy_score([row["truth"] for row in rows], [row["prediction"] for row in rows]))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
