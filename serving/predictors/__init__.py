"""The flavours of predictors: how each kind that a manifest names is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from serving.errors import ModelError
from serving.manifest import Manifest
from serving.predictors.pyfunc import load_pyfunc
from serving.predictors.python import load_python
from serving.predictors.sklearn import load_sklearn


class Predictor(Protocol):
    """A loaded model. ``predict`` may be called by several threads at once."""

    def predict(self, requests: list[Any], /) -> Sequence[Any]:
        """One answer a request, in their order."""


FLAVOURS: dict[str, Callable[[Path, dict[str, Any]], Predictor]] = {
    "pyfunc": load_pyfunc,
    "python": load_python,
    "sklearn": load_sklearn,
}


def load_predictor(folder: Path, manifest: Manifest) -> Predictor:
    """Return the predictor that ``manifest`` names; whatever keeps it from loading is a ModelError."""
    kind = manifest.predictor.get("kind")
    flavour = FLAVOURS.get(str(kind))
    if flavour is None:
        raise ModelError(f"predictor kind {kind!r} is unknown, expected one of {', '.join(FLAVOURS)}")
    try:
        return flavour(folder, manifest.predictor)
    except ModelError:
        raise
    except (
        Exception,
        SystemExit,
    ) as error:  # the plug-in border: a model's own code, or a pickle, may raise anything
        reason = " ".join(str(error).split())
        raise ModelError(f"the {kind} predictor does not load: {type(error).__name__}: {reason}") from error
