"""Save models with MLflow, and ask each by the server's predictor and by the raw program.

    pyfunc_models.py FOLDER RAW_PROGRAM

A script for the Python of MLflow's environment. For each model it says as JSON how the two answered a list of
requests, and each request by itself.
"""

import importlib.util
import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

Predict = Callable[[list[Any]], Any]


AS_CODE = """\
import mlflow


class Model(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(context.artifacts["words"]) as words:
            self.words = words.read()

    def predict(self, model_input: list[str], params=None) -> list[str]:
        return [f"{self.words} {text}" for text in model_input]


mlflow.models.set_model(Model())
"""


def models() -> dict[str, tuple[Any, Any, list[Any]]]:
    """Return what each model does, the signature that it is saved with, and what it is asked."""
    import numpy as np
    from mlflow.models import ModelSignature  # type: ignore[import-not-found]  # in that environment alone
    from mlflow.types import ColSpec, Schema, TensorSpec  # type: ignore[import-not-found]  # the same

    def columns(**types: str) -> Schema:
        return Schema([ColSpec(kind, name, required=name != "kind") for name, kind in types.items()])

    table = columns(size="double", count="long", kind="string", at="datetime", new="boolean", raw="binary")
    asked = {"size": 1, "count": 2, "kind": "a", "at": "2026-02-28T10:00", "new": True, "raw": "AAEC"}
    pair, text = np.dtype("float32"), Schema([ColSpec("string")])
    return {
        "a table": (
            lambda rows: rows.assign(
                types=str(rows["size"].dtype), year=rows["at"].dt.year, bytes=rows["raw"].map(len)
            )[["types", "size", "count", "kind", "year", "new", "bytes"]],
            ModelSignature(table),
            [asked, {name: value for name, value in asked.items() if name != "kind"}],
        ),
        "times and holes": (
            lambda rows: rows[["at", "size"]].where(rows["size"] > 1),
            ModelSignature(columns(size="double", at="datetime")),
            [{"size": size, "at": "2026-02-28"} for size in (1, 2.5)],
        ),
        "a list of numbers, one of them none": (
            lambda rows: [float("nan") if size < 0 else size for size in rows["size"]],
            ModelSignature(columns(size="double")),
            [{"size": 1}, {"size": -1}],
        ),
        "one text a request": (lambda rows: rows[0].str.upper(), ModelSignature(text), ["ab", "cd"]),
        "arrays": (
            lambda rows: rows.sum(axis=1),
            ModelSignature(Schema([TensorSpec(pair, (-1, 2))])),
            [[1, 2], [3.5, 4]],
        ),
        "named arrays in and out": (
            lambda rows: {"sum": rows["x"].sum(axis=1), "twice": rows["x"] * 2},
            ModelSignature(Schema([TensorSpec(pair, (-1, 2), "x")])),
            [{"x": [1, 2]}, {"x": [3.5, 4]}],
        ),
        "no signature": (
            lambda rows: [{"seen": sorted(rows.columns)} for _ in range(len(rows))],
            None,
            [{"b": 1, "a": 2}, {"b": 3, "a": 4}],
        ),
    }


def saved(folder: Path, does: Any, signature: Any) -> None:
    import mlflow  # type: ignore[import-not-found]  # the same

    class Model(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # no types
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            return does(model_input)

    how = {} if signature is None else {"signature": signature}
    mlflow.pyfunc.save_model(str(folder), python_model=Model(), pip_requirements=["mlflow-skinny"], **how)


def saved_with_type_hints(folder: Path) -> None:
    import mlflow

    class Hinted(mlflow.pyfunc.PythonModel):  # type: ignore[misc]  # no types
        def predict(self, model_input: list[str], params: Any = None) -> list[str]:
            return [text[::-1] for text in model_input]

    mlflow.pyfunc.save_model(str(folder), python_model=Hinted(), pip_requirements=["mlflow-skinny"])


def saved_as_code(folder: Path) -> None:
    import mlflow

    code, words = folder.with_name("flowers.py"), folder.with_name("words.txt")
    code.write_text(AS_CODE)
    words.write_text("hello")
    mlflow.pyfunc.save_model(
        str(folder),
        python_model=str(code),
        artifacts={"words": str(words)},
        pip_requirements=["mlflow-skinny"],
    )


def main(folder: Path, program: str) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    warnings.simplefilter("ignore")
    found, asked = {}, {name: requests for name, (_, _, requests) in models().items()}
    for number, (does, signature, _) in enumerate(models().values()):
        saved(folder / str(number) / "model", does, signature)
    for name, save in (("type hints", saved_with_type_hints), ("as code", saved_as_code)):
        asked[name] = ["ab", "cd"]
        (folder / str(len(asked) - 1)).mkdir()
        save(folder / str(len(asked) - 1) / "model")
    for number, (name, requests) in enumerate(asked.items()):
        predicts = both(folder / str(number), program)
        found[name] = {
            who: [predict(requests), [predict([request])[0] for request in requests]]
            for who, predict in predicts.items()
        }
    answers.write(json.dumps(found, default=lambda value: value.tolist()))


def both(folder: Path, program: str) -> dict[str, Predict]:
    from serving.predictors.pyfunc import load_pyfunc

    spec = importlib.util.spec_from_file_location("raw_program", program)
    assert spec
    assert spec.loader
    raw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(raw)
    predictor = {"kind": "pyfunc", "folder": "model"}
    by_raw = raw.loaded(folder, predictor)
    return {
        "served": lambda requests: list(load_pyfunc(folder, predictor).predict(requests)),
        "raw": lambda requests: raw.answered(by_raw, requests)["answers"],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
