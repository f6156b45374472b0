"""Keras's configuration: every class and function that building the model would import or run."""

from collections.abc import Iterator
from typing import Any

from ci_steps.steps.scan_model.content import Problem, Shown, outside, unreadable
from ci_steps.steps.scan_model.names import spelled, words

_CODE = words("Lambda __lambda__ TFOpLambda SlicingOpLambda TorchModuleWrapper TFSMLayer JaxLayer FlaxLayer")
"""They hold marshalled bytecode, a pickle, a graph of their own, or the name of a function to call."""
_READING = words("StringLookup IntegerLookup IndexLookup TextVectorization Hashing")
_PLAIN = words("__tuple__ __tensor__ __keras_tensor__ __numpy__ __bytes__ __ellipsis__ __slice__")
_CLASSES = words(
    "layers models initializers regularizers constraints optimizers optimizers.schedules losses metrics "
    "activations dtype_policies random quantizers"
)
_FUNCTIONS = words("activations losses metrics initializers regularizers constraints")
"""Where they compute and nothing else; in others of Keras's modules a function fetches what a URL names."""
MARKERS = (
    b'"class_name": "Lambda"',
    b'"class_name":"Lambda"',
    b"__lambda__",
    b"TorchModuleWrapper",
    b"TFOpLambda",
)


def is_config(value: object) -> bool:
    """Whether a JSON value says how Keras builds a model."""
    return isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value


def configured(config: object, kind: str = "keras") -> Shown:
    """Return what building the model would import and run."""
    names: set[str] = set()
    runs = ""
    problems: dict[str, Problem] = {}
    for part in _objects(config):
        name, module = part["class_name"], part.get("module")
        if name in _CODE or part.get("registered_name") in _CODE:
            runs = runs or f"a Keras {name.strip('_')[:40]}, which holds code that nobody can read"
            continue
        if name in _READING and _reads(part.get("config")):
            problems[name] = outside(f"{name} reads its vocabulary from a file or an address")
        if isinstance(module, str):
            called = name == "function"
            target = str(part.get("config") if called else name)
            if not is_known(module, target, function=called):
                names.add(spelled(module, target))
        elif module is not None:
            problems[name] = unreadable(f"a Keras object whose module is no name: {module!a}"[:200])
        elif name.startswith("__") and name not in _PLAIN:
            problems[name] = unreadable(f"a Keras object of an unknown kind, {name[:80]!a}")
        elif ">" in name or ">" in str(part.get("registered_name")):
            problems[name] = unreadable(
                f"a Keras object of somebody's own, {name[:80]!a}: the code that makes it lies elsewhere",
                "save it with its module in the configuration, by Keras 3",
            )
    return Shown(kind, globals=frozenset(names), problems=tuple(problems.values()), runs=runs)


def is_known(module: str, name: str, *, function: bool) -> bool:
    """Whether it is one of Keras's own that compute and nothing else."""
    if not name.isidentifier() or name.startswith("_") or name[0].isupper() is function:
        return False
    if module == "keras":
        return not function
    home = module.removeprefix("tf_").removeprefix("keras.")
    inner = home.removeprefix("src.")
    known = _FUNCTIONS if function else _CLASSES
    return home != module and (home in known or (inner != home and inner.partition(".")[0] in known))


def _reads(config: object) -> bool:
    if not isinstance(config, dict):
        return False
    return isinstance(config.get("vocabulary"), str) or isinstance(config.get("idf_weights"), str)


def _objects(config: object) -> Iterator[dict[str, Any]]:
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
            if isinstance(value.get("class_name"), str):
                yield value
        elif isinstance(value, list):
            waiting.extend(value)
