"""Run inside a released image, by its own python3: the model answers rows without its server.

It is told a JSON list of requests on its standard input and writes one JSON object: how each row was
answered by itself, and how all were at once. It shares no code with the server on purpose, so that where the
two differ, the server is to blame. Nothing but the standard library and what the model itself needs.
"""

import importlib
import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Predict = Callable[[list[Any]], list[Any]]
_MISSING = float("nan")


def loaded(folder: Path, predictor: dict[str, Any]) -> Predict:
    if predictor["kind"] == "python":
        return _by_class(folder / "model", *predictor["entry"].split(":"))
    if predictor["kind"] == "pyfunc":
        return _by_mlflow(folder / predictor["folder"])
    return _by_estimator(folder / predictor["file"], predictor["features"])


def _by_class(home: Path, module: str, name: str) -> Predict:
    sys.path.append(str(home))
    made = getattr(importlib.import_module(module), name)()
    found = made.load(home)  # which may be a classmethod that returns one
    model = found if isinstance(found, type(made)) else made
    return lambda requests: list(model.predict(requests))


def _by_mlflow(folder: Path) -> Predict:
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow.pyfunc  # type: ignore[import-not-found]
    from mlflow.utils.proto_json_utils import (  # type: ignore[import-not-found]
        cast_df_types_according_to_schema,
    )

    model = mlflow.pyfunc.load_model(str(folder))
    schema = model.metadata.get_input_schema()

    def asked(requests: list[Any]) -> Any:
        if model.metadata._is_signature_from_type_hint():  # noqa: SLF001 - MLflow has no public word for it
            return requests
        if schema is None:
            return _frame(requests)
        if schema.is_tensor_spec():
            return _tensors(requests, schema)
        columns = schema.input_names() if schema.has_input_names() else None
        rows = requests if columns or len(schema.inputs) > 1 else [[request] for request in requests]
        return cast_df_types_according_to_schema(_frame(rows, columns=columns), schema)

    def predict(requests: list[Any]) -> list[Any]:
        given = model.predict(asked(requests))
        if isinstance(given, dict):
            lists = {
                name: _hole(json.loads(json.dumps(list(each), default=_native)))
                for name, each in given.items()
            }
            return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        if hasattr(given, "columns"):
            return [_without_holes(row) for row in given.to_dict("records")]
        values = given.tolist() if hasattr(given, "tolist") else list(given)
        return [value if isinstance(value, dict) else {"label": _hole(value)} for value in values]

    return predict


def _frame(rows: list[Any], columns: list[str] | None = None) -> Any:
    import pandas as pd  # type: ignore[import-untyped]

    return pd.DataFrame(rows, columns=columns)


def _tensors(requests: list[Any], schema: Any) -> Any:
    import numpy as np

    if not schema.has_input_names():
        return np.array(requests, dtype=schema.inputs[0].type)
    return {
        each.name: np.array([row[each.name] for row in requests], dtype=each.type) for each in schema.inputs
    }


def _without_holes(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): _hole(value) for name, value in row.items()}


def _hole(value: Any) -> Any:
    """Return null for what is no number and no time: JSON has no other word for it."""
    if isinstance(value, list):
        return [_hole(each) for each in value]
    endless = isinstance(value, float) and not math.isfinite(value)
    return None if endless or type(value).__name__ in {"NaTType", "NAType"} else value


def _by_estimator(file: Path, features: list[str]) -> Predict:
    if file.suffix == ".skops":
        from skops.io import get_untrusted_types, load  # type: ignore[import-untyped]

        estimator = load(file, trusted=get_untrusted_types(file=file))  # scan-model settled what it may name
    else:
        import joblib  # type: ignore[import-untyped]  # noqa: TID251 - runs in the image, never in the kit

        estimator = joblib.load(file)

    def predict(requests: list[Any]) -> list[Any]:
        table = _table([[request[name] for name in features] for request in requests], features, estimator)
        labels = estimator.predict(table).tolist()
        if not hasattr(estimator, "predict_proba"):
            return [{"label": label} for label in labels]
        chances = estimator.predict_proba(table).tolist()
        classes = estimator.classes_.tolist()
        return [
            {"label": label, "score": chance[-1] if len(classes) < 3 else chance[classes.index(label)]}
            for label, chance in zip(labels, chances, strict=True)
        ]

    return predict


def _table(rows: list[list[Any]], features: list[str], estimator: Any) -> Any:
    """Give the rows the form that the estimator was fitted on: a table by name, rows, or plain values."""
    known = getattr(estimator, "feature_names_in_", None)
    if known is None:
        return [value for (value,) in rows] if len(features) == 1 else rows
    written = [name if name in known else name.replace(" ", "_") for name in features]  # LightGBM's way
    order = [written.index(name) for name in known]
    ordered = [[row[place] for place in order] for row in rows]
    try:
        import pandas as pd
    except ModuleNotFoundError:
        return ordered
    table = pd.DataFrame(ordered, columns=list(known))
    return table.where(table.notna(), _MISSING)


def answered(predict: Predict, rows: list[Any]) -> dict[str, Any]:
    try:
        return {"answers": json.loads(json.dumps(predict(rows), allow_nan=False, default=_native))}
    except MemoryError:
        raise  # there was too little of it here, which says nothing about the model
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a model's own code may raise anything
        return {"failed": _said(error)}


def _native(value: Any) -> Any:
    if callable(convert := getattr(value, "tolist", None)):
        return convert()
    if callable(written := getattr(value, "isoformat", None)):
        return written()
    if callable(dumped := getattr(value, "model_dump", None)):
        return dumped(mode="json")
    raise TypeError(f"{type(value).__name__} is no JSON")


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def main() -> None:
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a model prints is no answer
    rows = json.load(sys.stdin)
    folder = Path(os.environ.get("MODEL_FOLDER", "/opt/model"))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    try:
        predict = loaded(folder, manifest["predictor"])
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as above, or whatever a pickle raises
        outcome: dict[str, Any] = {"failed": _said(error)}
    else:
        outcome = {"singly": [answered(predict, [row]) for row in rows], "listed": answered(predict, rows)}
    with told:
        json.dump(outcome, told)


if __name__ == "__main__":
    main()
