"""The `python` flavour: a class of the model's own, from its model/ folder only."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from serving.errors import ModelError


def load_python(folder: Path, predictor: dict[str, Any]) -> Any:
    """Return a loaded object of the class that ``entry`` names (`module:Class`), made without arguments."""
    module_name, _, class_name = str(predictor.get("entry")).partition(":")
    if not (module_name and class_name):
        raise ModelError(f"predictor entry is {predictor.get('entry')!r}, expected module:Class")
    home = (folder / "model").resolve()
    # No .pyc may appear beside the verified files.
    sys.dont_write_bytecode = True
    sys.path.append(str(home))  # last, so that a model's file hides no installed package
    module = importlib.import_module(module_name)
    origin = Path(module.__file__ or "built-in").resolve()
    if not origin.is_relative_to(home):
        raise ModelError(f"predictor module {module_name} is {origin}, not a file of model/: rename it")
    made = getattr(module, class_name)()
    loaded = made.load(home)
    found = loaded if isinstance(loaded, type(made)) else made  # load may be a classmethod that returns one
    if not callable(getattr(found, "predict", None)):
        raise ModelError(f"{module_name}:{class_name} has no method predict(list)")
    return found
