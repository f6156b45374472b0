"""What a scikit-learn estimator gets: values, rows, or a table with the column names of its training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serving.errors import ModelError, RowError

MISSING = float("nan")


@dataclass(frozen=True, slots=True)
class Columns:
    """The request's properties that are the estimator's columns, in its order."""

    features: tuple[str, ...]
    names: tuple[str, ...] | None
    """What the estimator calls them; None where it was fitted without names."""
    table: Callable[..., Any] | None
    """pandas.DataFrame, where there are names and pandas is installed."""

    def of(self, requests: list[Any]) -> Any:
        """Return what the estimator predicts from; a request without a feature is a RowError."""
        rows = [self._row(index, request) for index, request in enumerate(requests)]
        if self.names is None and len(self.features) == 1:
            return [value for (value,) in rows]
        return rows if self.table is None else self._named(rows)

    def _row(self, index: int, request: Any) -> list[Any]:
        if not isinstance(request, dict):
            raise RowError(index, "", f"value is not an object with {', '.join(self.features)}")
        for name in self.features:
            if name not in request:
                raise RowError(index, "", f'"{name}" is a feature of the model and is missing')
        return [request[name] for name in self.features]

    def _named(self, rows: list[list[Any]]) -> Any:
        """Return the rows as a DataFrame; null is NaN, as in a table that pandas has read.

        A column of nothing but null is of objects, which fits numbers and texts alike: as numbers, which it
        would be by itself, an encoder of texts fails on it, and so one row would fail where many do not.
        """
        assert self.table
        assert self.names
        holes = [[value is None for value in row] for row in rows]
        if not any(map(any, holes)):
            return self.table(rows, columns=self.names)
        filled = [[MISSING if value is None else value for value in row] for row in rows]
        empty = [
            name for name, column in zip(self.names, zip(*holes, strict=True), strict=True) if all(column)
        ]
        return self.table(filled, columns=self.names).astype(dict.fromkeys(empty, object))


def columns(estimator: Any, features: tuple[str, ...]) -> Columns:
    """Return the columns of a fitted ``estimator``; a ModelError where its names are not ``features``."""
    names = _names(estimator)
    if names is None:
        return Columns(features, None, None)
    written = {_as_written(feature, estimator): feature for feature in features}
    if written.keys() != set(names):
        strange = ", ".join(written[name] for name in written if name not in names) or "none"
        lacking = ", ".join(name for name in names if name not in written) or "none"
        raise ModelError(
            "the features in model.yaml are not the columns that the estimator was fitted with:"
            f" only in features: {strange}; only in the estimator: {lacking}"
        )
    table = _table()
    if table is None and _selects_by_name(estimator):
        raise ModelError(
            "the estimator selects columns by name, which needs pandas; requirements.lock has no pandas"
        )
    return Columns(tuple(written[name] for name in names), names, table)


def _names(estimator: Any) -> tuple[str, ...] | None:
    found = getattr(estimator, "feature_names_in_", None)
    return None if found is None else tuple(map(str, found))


def _as_written(feature: str, estimator: Any) -> str:
    """Return ``feature`` as the estimator keeps it: LightGBM alone writes spaces as underscores."""
    ours = any(type(part).__module__.startswith("lightgbm") for part in _parts(estimator))
    return feature.replace(" ", "_") if ours else feature


def _selects_by_name(estimator: Any) -> bool:
    return any(
        _is_name(chosen)
        for part in _parts(estimator)
        if type(part).__name__ == "ColumnTransformer"
        for _, _, chosen in getattr(part, "transformers_", part.transformers)
    )


def _is_name(chosen: Any) -> bool:
    """Whether columns are chosen by a name, or some of them are; a function gets a table to choose from."""
    match chosen:
        case int():
            return False
        case str():
            return True
        case slice():
            return isinstance(chosen.start, str) or isinstance(chosen.stop, str)
    return callable(chosen) or any(isinstance(one, str) for one in chosen)


def _parts(estimator: Any) -> list[Any]:
    """Return the estimator and whatever it is made of: the steps of a pipeline, what a search tries."""
    parameters = getattr(estimator, "get_params", dict)
    return [estimator, *parameters().values()]


def _table() -> Callable[..., Any] | None:
    try:
        import pandas as pd  # type: ignore[import-untyped]  # comes with the model's lock, has no types
    except ModuleNotFoundError as error:
        if error.name != "pandas":
            raise  # pandas is there, and what it needs is not
        return None
    frame: Callable[..., Any] = pd.DataFrame
    return frame
