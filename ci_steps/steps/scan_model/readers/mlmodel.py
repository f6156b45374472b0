"""`MLmodel`, in which MLflow keeps what it imports to load a model, and which of its files are code."""

from pathlib import PurePosixPath
from typing import Any

import yaml

from ci_steps.model.verdict import Verdict
from ci_steps.steps.scan_model.content import Buffer, Problem, Shown, unreadable
from ci_steps.steps.scan_model.names import spelled, words

NAME = "MLmodel"
_LARGEST = 16 << 20
_LOADERS = words(
    "mlflow.sklearn mlflow.xgboost mlflow.lightgbm mlflow.catboost mlflow.onnx mlflow.statsmodels "
    "mlflow.pmdarima mlflow.prophet mlflow.pyfunc.model mlflow.pyfunc.loaders.code_model "
    "mlflow.pyfunc.loaders.chat_model mlflow.pyfunc.loaders.chat_agent mlflow.pyfunc.loaders.responses_agent"
)
"""They load files of the model and nothing else; what those hold is looked at by itself."""
_PATHS = words("data model_path pickled_model code python_model model_data")


def is_mlmodel(name: str) -> bool:
    """Whether MLflow reads a file of this name for a model."""
    return PurePosixPath(name).name == NAME


def mlmodel(buffer: Buffer) -> Shown:
    """Return what MLflow imports by its name where it loads the model."""
    if len(buffer) > _LARGEST:
        return _unread(f"larger than {_LARGEST >> 20} MiB")
    try:
        tree = yaml.safe_load(buffer[:])  # as MLflow itself does
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return _unread(f"no YAML: {' '.join(str(error).split())}"[:160])
    flavors = tree.get("flavors") if isinstance(tree, dict) else None
    if not isinstance(flavors, dict) or not all(isinstance(each, dict) for each in flavors.values()):
        return _unread("without flavors")
    pyfunc = flavors.get("python_function", {})
    names = set()
    loader = str(pyfunc.get("loader_module"))
    if "python_function" in flavors and loader not in _LOADERS:
        names.add(spelled(loader, "_load_pyfunc"))
    for flavor in flavors.values():
        # XGBoost's and LightGBM's loaders import the class that is written here.
        if "model_class" in flavor:
            module, _, name = str(flavor["model_class"]).rpartition(".")
            names.add(spelled(module, name))
    problems = [_outside(path) for path in map(str, _paths(flavors)) if _leads_out(path)]
    # MLflow writes where it lay at the training, and takes the file of that name beside MLmodel.
    code = pyfunc.get("model_code_path")
    if code is not None and PurePosixPath(str(code)).suffix != ".py":
        problems.append(_disguised(str(code)))
    return Shown("mlmodel", globals=frozenset(names), problems=tuple(problems))


def _paths(flavors: dict[str, Any]) -> list[Any]:
    """Return every path that a loader joins to the model's folder."""
    found = [flavor[key] for flavor in flavors.values() for key in _PATHS & flavor.keys()]
    artifacts = flavors.get("python_function", {}).get("artifacts")
    brought = artifacts.values() if isinstance(artifacts, dict) else ()
    found += [each.get("path") if isinstance(each, dict) else each for each in brought]
    return [path for path in found if path is not None]


def _leads_out(path: str) -> bool:
    return path.startswith("/") or ".." in PurePosixPath(path).parts


def _outside(path: str) -> Problem:
    return Problem(
        kind="code",
        verdict=Verdict.REFUSED,
        observed=f"it has MLflow load {path[:80]!a}, which is not a file of the model",
        rule="a model is loaded from its own files, which were looked at",
        next="log the model anew, with the file in it",
    )


def _disguised(path: str) -> Problem:
    return Problem(
        kind="code",
        verdict=Verdict.REFUSED,
        observed=f"it has MLflow run {path[:80]!a} as Python, which is not called so",
        rule="code is plain UTF-8 text that shows what it does",
        next="log the model anew, from a file that ends in .py",
    )


def _unread(why: str) -> Shown:
    return Shown(NAME.lower(), problems=(unreadable(f"an MLmodel {why}", "log the model anew"),))
