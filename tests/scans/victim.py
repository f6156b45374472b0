"""Loads malicious files as their users would, each in a process of its own, and tells which of them ran.

Nothing else in the tests loads one. The code that they run makes a folder; its text, its
name and its place are those of the files beside this one.
"""

import contextlib
import io
import json
import os
import pickle
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from tests.scans.evil import every
from tests.scans.evil.specimen import RAN, Evil


def _pickle(file: Path) -> None:
    pickle.loads(file.read_bytes())


def _pickle_in_its_folder(file: Path) -> None:
    """Unpickle where the model's folder is on the path, as it is where its predictor is Python."""
    sys.path.insert(0, str(file.parent))
    _pickle(file)


def _python_pickle(file: Path) -> None:
    pickle._loads(file.read_bytes())  # type: ignore[attr-defined]  # the one in Python, which joblib and torch derive from


def _joblib(file: Path) -> None:
    import joblib  # type: ignore[import-untyped]  # has no types

    joblib.load(file)


def _mapped_joblib(file: Path) -> None:
    import joblib

    joblib.load(file, mmap_mode="r")


def _predict(file: Path) -> None:
    import joblib

    joblib.load(file).transform([[1.0]])


def _called(file: Path) -> None:
    pickle.loads(file.read_bytes())()


def _numpy(file: Path) -> None:
    import numpy as np

    found = np.load(file, allow_pickle=True)
    for name in getattr(found, "files", ()):
        found[name]


def _skops(file: Path) -> None:
    import skops.io  # type: ignore[import-untyped]  # has no types

    content = file.read_bytes()
    found = skops.io.loads(content, trusted=skops.io.get_untrusted_types(data=content))
    if callable(found):
        found()


def _yaml(file: Path) -> None:
    import yaml

    yaml.unsafe_load(file.read_text(encoding="utf-8"))


def _hydra(file: Path) -> None:
    """Do as Hydra does: import what the configuration names, and call it."""
    import pydoc

    import yaml

    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    target: Any = pydoc.locate(config["_target_"])
    target(*config["_args_"])


def _marshal(file: Path) -> None:
    import marshal

    code = marshal.loads(file.read_bytes())
    assert isinstance(code, CodeType)
    FunctionType(code, {})()


def _python(file: Path) -> None:
    sys.path.insert(0, str(file.parent))
    __import__(file.stem)


def _run(file: Path) -> None:
    import runpy

    runpy.run_path(str(file))


def _shell(file: Path) -> None:
    os.system(f"sh {file}")  # which is what somebody does with a script


def _site(file: Path) -> None:
    import site

    site.addsitedir(str(file.parent))


def _template(file: Path) -> None:
    from jinja2 import Environment

    Environment(autoescape=True).from_string(file.read_text(encoding="utf-8")).render(messages=[])


def _notebook(file: Path) -> None:
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        exec("".join(cell["source"]), {})  # which is what a notebook does


def _gzipped(file: Path) -> None:
    import gzip

    pickle.loads(gzip.decompress(file.read_bytes()))


LOADERS: dict[str, Callable[[Path], None]] = {
    "pickle": _pickle,
    "pickle in its folder": _pickle_in_its_folder,
    "python pickle": _python_pickle,
    "joblib": _joblib,
    "mapped joblib": _mapped_joblib,
    "predict": _predict,
    "called": _called,
    "numpy": _numpy,
    "skops": _skops,
    "yaml": _yaml,
    "hydra": _hydra,
    "marshal": _marshal,
    "import": _python,
    "run": _run,
    "shell": _shell,
    "site": _site,
    "template": _template,
    "notebook": _notebook,
    "gzip": _gzipped,
}


def ran(evil: Evil) -> bool:
    """Load the file in a process of its own, in an empty folder, and say whether its code ran."""
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                _load(evil, Path(folder))
            os._exit(0)
        os.waitpid(child, 0)
        return (Path(folder) / RAN).is_dir()


def _load(evil: Evil, folder: Path) -> None:
    # Only what the code does counts; what it prints, or how it fails behind it, does not.
    sink = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(sink, stream)
    sys.stdout = io.StringIO()
    os.chdir(folder)
    for path, content in {evil.path: evil.content, **evil.beside}.items():
        file = folder / "release" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    LOADERS[evil.loader](folder / "release" / evil.path)


def names_of_those_that_ran() -> list[str]:
    """Return the files, by family and name, whose code ran; the same bytes are loaded once."""
    # Loaded here once, not in each of the processes.
    for library in ("jinja2", "joblib", "numpy", "skops.io", "yaml"):
        import_module(library)
    known: dict[tuple[str, bytes, str], bool] = {}
    found = []
    for family, files in every().items():
        for evil in filter(lambda each: each.loader, files):
            place = "" if evil.loader == "pickle" else evil.path
            key = (evil.loader, evil.content, place)
            if key not in known:
                known[key] = ran(evil)
            found += [f"{family}: {evil.name}"] if known[key] else []
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(names_of_those_that_ran()))
