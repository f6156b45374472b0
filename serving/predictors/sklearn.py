"""The `sklearn` flavour: one scikit-learn estimator in a joblib or skops file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.errors import ModelError, RowError


@dataclass(frozen=True, slots=True)
class SklearnPredictor:
    """Answers label and, where the estimator has probabilities, score.

    The score is the probability of the last class for binary classifiers, of the predicted class otherwise.
    """

    estimator: Any
    features: tuple[str, ...]

    def predict(self, requests: list[Any], /) -> Sequence[Any]:
        rows = [self._row(index, request) for index, request in enumerate(requests)]
        labels = self.estimator.predict(rows).tolist()
        if not hasattr(self.estimator, "predict_proba"):
            return [{"label": label} for label in labels]
        classes = self.estimator.classes_.tolist()
        chances = self.estimator.predict_proba(rows).tolist()
        column = {label: place for place, label in enumerate(classes)}
        return [
            {"label": label, "score": chance[-1 if len(classes) <= 2 else column[label]]}
            for label, chance in zip(labels, chances, strict=True)
        ]

    def _row(self, index: int, request: Any) -> Any:
        """Return what the estimator gets: the value of a single feature, or the list of several."""
        if not isinstance(request, dict):
            raise RowError(index, "", f"value is not an object with {', '.join(self.features)}")
        for name in self.features:
            if name not in request:
                raise RowError(index, "", f'"{name}" is a feature of the model and is missing')
        values = [request[name] for name in self.features]
        return values[0] if len(values) == 1 else values


def load_sklearn(folder: Path, predictor: dict[str, Any]) -> SklearnPredictor:
    """Return the estimator in ``file``, joblib or skops by its suffix, ready to take its features."""
    features = tuple(predictor.get("features") or ())
    if not features:
        raise ModelError("the sklearn predictor names no features")
    file = folder / str(predictor.get("file"))
    if not file.resolve().is_relative_to((folder / "model").resolve()):
        raise ModelError(
            f"predictor file {predictor.get('file')!r} is not in model/, which alone is verified"
        )
    estimator = _from_skops(file) if file.suffix == ".skops" else _from_joblib(file)
    if not callable(getattr(estimator, "predict", None)):
        raise ModelError(f"{file.name} holds a {type(estimator).__name__}, which cannot predict")
    return SklearnPredictor(estimator, features)


def _from_joblib(file: Path) -> Any:
    import joblib  # type: ignore[import-untyped]  # comes with the model's lock, has no types

    return joblib.load(file)


def _from_skops(file: Path) -> Any:
    from skops.io import get_untrusted_types, load  # type: ignore[import-untyped]  # as above

    # What a model may name was settled by scan-model, before the image was built.
    return load(file, trusted=get_untrusted_types(file=file))
