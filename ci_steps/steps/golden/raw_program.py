"""Run inside a released image, by its own python3: the model answers rows without its server.

It is told a JSON list of requests on its standard input and writes one JSON object: how each row was
answered by itself, and how all were at once. It shares no code with the server on purpose, so that where the
two differ, the server is to blame. Nothing but the standard library and what the model itself needs.
"""

import importlib
import json
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
    return _by_estimator(folder / predictor["file"], predictor["features"])


def _by_class(home: Path, module: str, name: str) -> Predict:
    sys.path.append(str(home))
    made = getattr(importlib.import_module(module), name)()
    found = made.load(home)  # which may be a classmethod that returns one
    model = found if isinstance(found, type(made)) else made
    return lambda requests: list(model.predict(requests))


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
        import pandas as pd  # type: ignore[import-untyped]
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
