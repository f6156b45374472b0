"""Write the folder that `models publish` takes: a fitted classifier, and all that its release stands on."""

import hashlib
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import joblib

LOCK = Path(__file__).with_name("requirements.lock")
GOLDEN, FEWEST_GOLDEN = 300, 100


def write_folder(
    out: Path,
    *,
    name: str,
    estimator: Any,
    columns: Mapping[str, Sequence[Any]],
    requests: Sequence[dict[str, Any]],
    truths: Sequence[Any],
    table: Path,
    config: Mapping[str, Any],
) -> float:
    """Write a model folder and return its accuracy.

    ``columns`` are the features' values in the order in which the estimator takes them, ``requests`` and
    ``truths`` the examples that it was not fitted on, ``config`` what else made it.
    """
    if out.exists() and not (out / "model.yaml").is_file():
        sys.exit(f"{out} is there and is no model folder; name another one")
    shutil.rmtree(out, ignore_errors=True)
    (out / "model").mkdir(parents=True)
    joblib.dump(estimator, out / "model" / "model.joblib")

    given = answers(estimator, list(columns), requests)
    ids = [f"r{number}" for number in range(len(requests))]
    right = sum(answer["label"] == truth for answer, truth in zip(given, truths, strict=True))
    accuracy = right / len(requests)
    claim = {"metric": "accuracy", "direction": "higher", "value": accuracy, "n": len(requests)}
    write_json(out / "metrics.json", {"metrics": [claim | {"dataset": f"{table.stem}-test", "slice": None}]})
    write_json(out / "interface.json", interface(columns, estimator.classes_.tolist(), given[0]))
    write_lines(
        out / "evaluations.jsonl",
        (
            {"id": each, "truth": truth, "prediction": answer["label"]} | score_of(answer)
            for each, truth, answer in zip(ids, truths, given, strict=True)
        ),
    )
    golden = list(zip(ids, requests, given, strict=True))[:GOLDEN]
    write_lines(
        out / "golden.jsonl", ({"id": each, "request": ask, "answer": said} for each, ask, said in golden)
    )
    if len(golden) < FEWEST_GOLDEN:
        print(f"{out}: {len(golden)} golden rows; a release wants {FEWEST_GOLDEN}: test on more rows")

    ingredients = {
        "name": name,
        "predictor": {"sklearn": "model/model.joblib", "features": list(columns)},
        "data": [{"uri": table.as_posix(), "sha256": hashlib.sha256(table.read_bytes()).hexdigest()}],
        "config": dict(config),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    # JSON values are YAML too, so training needs no YAML package.
    lines = [f"{key}: {json.dumps(value, allow_nan=False)}\n" for key, value in ingredients.items()]
    (out / "model.yaml").write_text("".join(lines), encoding="utf-8")
    shutil.copyfile(LOCK, out / "requirements.lock")
    return accuracy


def answers(estimator: Any, features: list[str], requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask the estimator as the server does: a list of rows, or of values where there is one feature."""
    rows: list[Any] = [[request[feature] for feature in features] for request in requests]
    if len(features) == 1:
        rows = [row[0] for row in rows]
    labels = estimator.predict(rows).tolist()
    if not hasattr(estimator, "predict_proba"):
        return [{"label": label} for label in labels]
    classes = estimator.classes_.tolist()
    # The probability of the last of two classes, of the predicted one of several.
    columns = [1 if len(classes) == 2 else classes.index(label) for label in labels]
    chances = estimator.predict_proba(rows).tolist()
    return [
        {"label": label, "score": chance[column]}
        for label, chance, column in zip(labels, chances, columns, strict=True)
    ]


def interface(
    columns: Mapping[str, Sequence[Any]], classes: list[Any], answer: Mapping[str, Any]
) -> dict[str, Any]:
    """Promise what a request and an answer look like."""
    given = {name: {"type": nullable(values)} for name, values in columns.items()}
    said = {"label": {"enum": classes}, "score": {"type": "number", "minimum": 0, "maximum": 1}}
    pointers = {"prediction": "/label", "score": "/score"} if "score" in answer else {"prediction": "/label"}
    return {"input": closed(given), "output": closed({key: said[key] for key in answer}), **pointers}


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def kind(values: Sequence[Any]) -> str:
    return "number" if all(isinstance(value, int | float | None) for value in values) else "string"


def nullable(values: Sequence[Any]) -> str | list[str]:
    return [kind(values), "null"] if None in values else kind(values)


def score_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"score": answer["score"]} if "score" in answer else {}


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def write_lines(path: Path, rows: Iterable[object]) -> None:
    lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")
