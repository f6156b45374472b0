"""How what lies at a path came to be, by what DVC noted: stages, their parameters and what they read."""

import json
import math
import posixpath
from collections.abc import Iterable, Iterator
from typing import Any

from ci_steps.adapters.dvc_source.written import Dep, Out, Stage
from ci_steps.adapters.model_folder.card import without_password
from ci_steps.model.manifest import DataSource
from ci_steps.model.pachyderm import commit_of, is_pachyderm
from ci_steps.model.value import Value

_CODE = (
    ".py",
    ".pyi",
    ".ipynb",
    ".sh",
    ".r",
    ".jl",
    ".sql",
    ".toml",
    ".cfg",
    ".ini",
    ".yaml",
    ".yml",
    ".lock",
)


class Lineage(Value, frozen=True):
    """The stages that made a path and those before them, and what they say."""

    stages: tuple[Stage, ...]
    """Those that made it, then those that made what these read, and so on."""
    config: dict[str, Any]
    data: tuple[DataSource, ...]


def within(path: str, folder: str) -> bool:
    """Return whether a path is a folder or lies in it; the top is the empty one.

    >>> within("model/a", "model"), within("models", "model"), within("x", "")
    (True, False, True)
    """
    return folder in {"", "."} or path == folder or path.startswith(f"{folder}/")


def lineage(path: str, stages: Iterable[Stage], repository: str, code: Iterable[str]) -> Lineage:
    """Return what is known of ``path``; of what stages read, git has the files ``code`` in the commit."""
    stages, wanted, found = tuple(stages), [path], []
    while wanted:
        one = wanted.pop(0)
        for stage in stages:
            if stage not in found and any(touches(out.path, one) for out in stage.outs):
                found.append(stage)
                wanted += [dep.path for dep in stage.deps if not dep.repository]
    config = _config(found)
    sources = [*_data(path, found, repository, tuple(code)), *_pachyderm(config)]
    unique = {source.uri: source for source in sources}
    return Lineage(tuple(found), config, tuple(unique[uri] for uri in sorted(unique)))


def measured(values: object, place: str = "") -> Iterator[tuple[str, float]]:
    """Give every number of a file of metrics by its dotted name.

    >>> dict(measured({"accuracy": 0.8, "long": {"accuracy": 0.7}, "of": "tweets"}))
    {'accuracy': 0.8, 'long.accuracy': 0.7}
    """
    if isinstance(values, dict):
        for name, value in values.items():
            yield from measured(value, f"{place}.{name}".lstrip("."))
    elif isinstance(values, int | float) and not isinstance(values, bool) and math.isfinite(values):
        yield place, float(values)


def touches(one: str, other: str) -> bool:
    """Return whether one of two paths is the other, or holds it."""
    return within(one, other) or within(other, one)


def _config(stages: Iterable[Stage]) -> dict[str, Any]:
    """Return every parameter by its name; by its file too where two files call two things the same."""
    values: dict[str, dict[str, Any]] = {}
    for stage in stages:
        for file, params in stage.params.items():
            for name, value in params.items():
                values.setdefault(str(name), {})[file] = _plain(value)
    config: dict[str, Any] = {}
    for name, by_file in values.items():
        different = len({json.dumps(value, sort_keys=True) for value in by_file.values()}) > 1
        config |= {f"{file}:{name}": value for file, value in by_file.items()} if different else {}
        config |= {} if different else {name: next(iter(by_file.values()))}
    return config


def _data(
    path: str, stages: Iterable[Stage], repository: str, tracked: tuple[str, ...]
) -> Iterator[DataSource]:
    for stage in stages:
        for out in stage.outs:
            for dep in stage.deps:
                if dep.repository or "://" in dep.path:
                    yield from _imported(dep, out)
        for dep in stage.deps:
            inside = dep.repository or "://" in dep.path or within(dep.path, path)
            if dep.mark and not inside and not _is_code(dep.path, tracked):
                yield DataSource(uri=f"dvc:{repository}:{dep.path}", mark=dep.mark)


def _imported(dep: Dep, out: Out) -> Iterator[DataSource]:
    """Give what was brought from another repository or place, by what named the bytes there, or else here."""
    mark = dep.mark or (f"md5:{out.md5}" if out.md5 else "")
    where = without_password(dep.repository or dep.path).partition("?")[0]
    if mark:
        yield DataSource(uri=f"dvc:{where}:{dep.path}" if dep.repository else where, mark=mark)


def _is_code(path: str, tracked: tuple[str, ...]) -> bool:
    """Return whether git has it in the commit, which names it then, and it is no data by its name."""
    return any(within(file, path) and posixpath.splitext(file)[1].lower() in _CODE for file in tracked)


def _pachyderm(values: object) -> Iterator[DataSource]:
    """Give what parameters name of Pachyderm by a commit; a branch there moves, and is no ingredient."""
    if isinstance(values, dict):
        for value in values.values():
            yield from _pachyderm(value)
    elif isinstance(values, list):
        for value in values:
            yield from _pachyderm(value)
    elif isinstance(values, str) and is_pachyderm(values) and (commit := commit_of(values)):
        yield DataSource(uri=values, mark=f"commit:{commit}")


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; YAML knows days, which it has not."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
