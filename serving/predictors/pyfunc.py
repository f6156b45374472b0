"""The `pyfunc` flavour: a model as MLflow saved it, loaded and asked by MLflow's own `pyfunc`.

Requests become what MLflow's own scoring server makes of them: a table with the columns of the model's
signature, cast to their types, or the arrays that it wants. A model whose signature comes from type hints
gets the requests as they are.
"""

from __future__ import annotations

import base64
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.errors import ModelError


@dataclass(frozen=True, slots=True)
class PyfuncPredictor:
    """Answers the row of a table where the model gives one, else the value as `label`."""

    model: Any
    """mlflow.pyfunc.PyFuncModel"""
    inputs: Any
    """mlflow.types.Schema; None where the model has no signature, or takes requests as they are."""
    as_they_are: bool

    def predict(self, requests: list[Any], /) -> Sequence[Any]:
        return answers(self.model.predict(self._table(requests)), len(requests))

    def _table(self, requests: list[Any]) -> Any:
        import numpy as np
        import pandas as pd  # type: ignore[import-untyped]  # comes with the model's lock, has no types

        if self.as_they_are or (self.inputs is None and not all(isinstance(row, dict) for row in requests)):
            return requests
        if self.inputs is None:
            return pd.DataFrame(requests)
        names = self.inputs.input_names() if self.inputs.has_input_names() else None
        if self.inputs.is_tensor_spec():
            types = [spec.type for spec in self.inputs.inputs]
            if names is None:
                return np.array(requests, dtype=types[0])
            return {
                name: np.array([request[name] for request in requests], dtype=kind)
                for name, kind in zip(names, types, strict=True)
            }
        from mlflow.utils.proto_json_utils import (  # type: ignore[import-not-found]  # as below
            cast_df_types_according_to_schema,
        )

        if names is not None:
            table = pd.DataFrame(requests, columns=names)
        else:
            many = len(self.inputs.inputs) > 1
            table = pd.DataFrame(requests if many else [[request] for request in requests])
        return cast_df_types_according_to_schema(table, self.inputs)


def answers(given: Any, count: int) -> list[Any]:
    """Return one answer a row of what a model gave: a table, a dict of columns, an array or a list."""
    records = getattr(given, "to_dict", None)
    if hasattr(given, "columns") and callable(records):
        return [plain(record) for record in records("records")]
    if isinstance(given, dict):
        columns = {str(name): plain(values) for name, values in given.items()}
        if not all(isinstance(values, list) and len(values) == count for values in columns.values()):
            raise ValueError(f"the model's answer to {count} requests is a dict, not of {count} values each")
        return [{name: values[row] for name, values in columns.items()} for row in range(count)]
    values = plain(given)
    if not isinstance(values, list):
        raise TypeError(
            f"the model's answer is a {type(given).__name__}, expected a table, an array or a list"
        )
    return [value if isinstance(value, dict) else {"label": value} for value in values]


def plain(value: Any) -> Any:
    """Return a value as JSON has it; what is not a number, or no time, is null."""
    match value:
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case float():
            return value if math.isfinite(value) else None
        case None | str() | int():
            return value
        case bytes():
            return base64.b64encode(value).decode()
    return plain(_simpler(value))


def _simpler(value: Any) -> Any:
    """Return what numpy, pandas and pydantic have in place of Python's own."""
    if type(value).__name__ in {"NAType", "NaTType"}:
        return None
    for name in ("tolist", "isoformat"):
        if callable(convert := getattr(value, name, None)):
            return convert()
    if callable(dumped := getattr(value, "model_dump", None)):  # models with type hints answer so
        return dumped(mode="json")
    raise TypeError(f"an answer holds a {type(value).__name__}, which is no JSON")


def load_pyfunc(folder: Path, predictor: dict[str, Any]) -> PyfuncPredictor:
    """Return the model that MLflow saved in ``folder`` of the predictor, ready to take requests."""
    home = (folder / str(predictor.get("folder"))).resolve()
    if not home.is_relative_to((folder / "model").resolve()):
        raise ModelError(f"predictor folder {predictor.get('folder')!r} is not model/ or below it")
    sys.dont_write_bytecode = True  # no .pyc may appear beside the verified files
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow.pyfunc  # type: ignore[import-not-found]  # comes with the model's lock

    model = mlflow.pyfunc.load_model(str(home), suppress_warnings=True)
    about = model.metadata
    as_they_are = bool(getattr(about, "_is_signature_from_type_hint", bool)())
    return PyfuncPredictor(model, about.get_input_schema(), as_they_are)
