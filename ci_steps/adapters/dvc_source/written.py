"""What DVC writes into a repository: `.dvc` files, `dvc.lock`, `dvc.yaml`, `.dvc/config`.

https://dvc.org/doc/user-guide/project-structure describes them.
"""

import json
import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from ci_steps.errors import InputError
from ci_steps.model.value import Value


class Out(Value, frozen=True):
    """A file or folder whose bytes DVC keeps, or whose hash it noted."""

    path: str
    """Relative to the repository's top."""
    md5: str
    """Of the bytes, or of the listing where it ends in `.dir`; empty where DVC noted another mark."""
    size: int | None
    legacy: bool
    """Noted by DVC 2: of a text file it is the hash with the line ends of Unix."""
    remote: str
    versioned: bool
    """Its bytes lie under their own name in a bucket that keeps versions, and not under their hash."""


class Dep(Value, frozen=True):
    """What a stage read, or what an import was taken from."""

    path: str
    """Relative to the repository's top; of another repository or place as it is written."""
    mark: str
    """What names the bytes: ``md5:…``, ``commit:…``, ``etag:…``; empty: nothing does."""
    repository: str = ""
    """The other repository that an import is from."""
    legacy: bool = False
    """See :class:`Out`."""


class Stage(Value, frozen=True):
    """One step of a pipeline as it was last run, or one `.dvc` file."""

    name: str
    """Empty of a `.dvc` file."""
    file: str
    folder: str = ""
    """Where it was run."""
    command: str = ""
    outs: tuple[Out, ...] = ()
    deps: tuple[Dep, ...] = ()
    params: Mapping[str, Mapping[str, Any]] = {}
    """By file."""


class Described(Value, frozen=True):
    """What `dvc.yaml` adds to its lock."""

    folders: Mapping[str, str]
    """Where each stage was run."""
    metrics: tuple[str, ...]
    names: Mapping[str, str]
    """What a path is called as an artifact."""


def is_bookkeeping(path: str) -> bool:
    """Return whether a file belongs to git's or DVC's own work, and to no model."""
    name = posixpath.basename(path)
    own = {".gitignore", ".gitattributes", ".dvcignore", "dvc.yaml", "dvc.lock"}
    return name in own or name.endswith(".dvc") or ".dvc" in path.split("/")


def dvc_file(path: str, content: bytes) -> Stage:
    """Return what a `.dvc` file says."""
    said = _mapping(path, content)
    folder = posixpath.join(posixpath.dirname(path), str(said.get("wdir", ".")))
    return Stage(
        name="",
        file=path,
        outs=tuple(_out(path, folder, out) for out in _list(path, said, "outs")),
        deps=tuple(_dep(folder, dep) for dep in _list(path, said, "deps")),
    )


def lock(path: str, content: bytes, folders: Mapping[str, str]) -> tuple[Stage, ...]:
    """Return the stages of a `dvc.lock`; ``folders`` says where each of them was run."""
    said = _mapping(path, content)
    stages = said.get("stages", {}) if "schema" in said else said  # the first form had stages alone
    found = []
    for name, stage in (stages or {}).items():
        if not isinstance(stage, dict):
            raise _odd(path, f"stage {name!r} is no mapping")
        # A stage that was made of a template is called by it: train@large.
        folder = folders.get(name) or folders.get(str(name).partition("@")[0]) or posixpath.dirname(path)
        params = stage.get("params") or {}
        if not isinstance(params, dict) or not all(isinstance(each, dict) for each in params.values()):
            raise _odd(path, f"params of {name!r} are no mapping")
        found.append(
            Stage(
                name=str(name),
                file=path,
                folder=folder,
                command=" ".join(_words(stage.get("cmd"))),
                outs=tuple(_out(path, folder, out) for out in _list(path, stage, "outs")),
                deps=tuple(_dep(folder, dep) for dep in _list(path, stage, "deps")),
                params=params,
            )
        )
    return tuple(found)


def dvc_yaml(path: str, content: bytes) -> Described:
    """Return what a `dvc.yaml` says of its stages' folders, of metrics and of artifacts."""
    said, top = _mapping(path, content), posixpath.dirname(path)
    folders, metrics = {}, [_within(top, name) for name in _names(said.get("metrics"))]
    for name, stage in (said.get("stages") or {}).items():
        body = stage.get("do", stage) if isinstance(stage, dict) else {}
        folder = posixpath.join(top, str(body.get("wdir", ".")))
        folders[str(name)] = folder
        metrics += [_within(folder, each) for each in _names(body.get("metrics"))]
    artifacts = {
        _within(top, str(body.get("path", ""))): str(name)
        for name, body in (said.get("artifacts") or {}).items()
        if isinstance(body, dict)
    }
    return Described(folders, tuple(dict.fromkeys(each for each in metrics if "${" not in each)), artifacts)


def values(path: str, content: bytes) -> Any:
    """Return what a file of parameters or metrics says: YAML, JSON or TOML; None where it is another."""
    if path.endswith((".yaml", ".yml")):
        return _mapping(path, content)
    if path.endswith(".json"):
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path} is not JSON: {error}", hint="mend it, commit and push") from error
    if path.endswith(".toml"):
        import tomllib

        try:
            return tomllib.loads(content.decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is not TOML: {error}", hint="mend it, commit and push") from error
    return None


def _out(where: str, folder: str, said: Mapping[str, Any]) -> Out:
    md5, size = str(said.get("md5") or ""), said.get("size")
    if md5 and not _is_md5(md5):
        raise _odd(where, f"{md5[:50]!r} is no MD5")
    return Out(
        path=_within(folder, str(said.get("path", ""))),
        md5=md5,
        size=size if isinstance(size, int) else None,
        legacy="hash" not in said,
        remote=str(said.get("remote") or ""),
        versioned="files" in said or "cloud" in said,
    )


def _dep(folder: str, said: Mapping[str, Any]) -> Dep:
    path, repo = str(said.get("path", "")), said.get("repo")
    if isinstance(repo, dict):
        locked = str(repo.get("rev_lock") or "")
        return Dep(path, f"commit:{locked}" if locked else "", str(repo.get("url", "")))
    kinds = ("md5", "etag", "version_id", "checksum")
    mark = next((f"{kind}:{said[kind]}" for kind in kinds if said.get(kind)), "")
    return Dep(path if "://" in path else _within(folder, path), mark, legacy="hash" not in said)


def _is_md5(text: str) -> bool:
    digits = text.removesuffix(".dir")
    return len(digits) == 32 and set(digits) <= set("0123456789abcdef")


def _within(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _words(value: object) -> Iterable[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value or "")]


def _names(value: object) -> Iterable[str]:
    """Give the paths of a list whose items are a path, or a path with options."""
    for each in value if isinstance(value, list) else ():
        yield from (str(key) for key in (each if isinstance(each, dict) else [each]))


def _list(path: str, said: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    found = said.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise _odd(path, f"{key} is no list of mappings")
    return found


def _mapping(path: str, content: bytes) -> dict[str, Any]:
    import yaml

    from ci_steps.adapters.dvc_source.yaml_1_2 import loaded

    try:
        said = loaded(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _odd(path, " ".join(str(error).split())[:200]) from error
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise _odd(path, "it is no mapping")
    return said


def _odd(path: str, what: str) -> InputError:
    return InputError(
        f"{path} is not as DVC writes it: {what}", hint="see it with `dvc status`, mend, commit"
    )
