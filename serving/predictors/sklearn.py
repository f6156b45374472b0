"""The `sklearn` flavour: one scikit-learn estimator in a joblib or skops file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.errors import ModelError
from serving.predictors.columns import Columns, columns


@dataclass(frozen=True, slots=True)
class SklearnPredictor:
    """Answers label and, where the estimator has probabilities, score.

    The score is the probability of the last class for binary classifiers, of the predicted class otherwise.
    """

    estimator: Any
    columns: Columns

    def predict(self, requests: list[Any], /) -> Sequence[Any]:
        rows = self.columns.of(requests)
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
    return SklearnPredictor(estimator, columns(estimator, features))


def _from_joblib(file: Path) -> Any:
    import joblib  # type: ignore[import-untyped]  # comes with the model's lock, has no types

    return joblib.load(file)


def _from_skops(file: Path) -> Any:
    from skops.io import get_untrusted_types, load  # type: ignore[import-untyped]  # as above

    # What a model may name was settled by scan-model, before the image was built.
    return load(file, trusted=get_untrusted_types(file=file))
