"""One commit of a repository, as DVC sees it."""

import hashlib
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ci_steps.adapters.dvc_source import written
from ci_steps.adapters.dvc_source.clone import Clone, Tracked
from ci_steps.adapters.dvc_source.lineage import touches, within
from ci_steps.adapters.dvc_source.settings import Remote, remotes
from ci_steps.adapters.dvc_source.written import Described, Out, Stage
from ci_steps.errors import InputError
from ci_steps.model.guess import did_you_mean
from ci_steps.model.value import Value

_LINK, _SUBMODULE = "120000", "160000"


class Project(Value, frozen=True):
    """What a commit holds: files of git, stages and outputs of DVC."""

    shown: str
    commit: str
    files: Mapping[str, Tracked]
    stages: tuple[Stage, ...]
    described: tuple[Described, ...]
    remotes: Mapping[str, Remote]
    default: str
    """The name of the default remote; empty: there is none."""

    def outs(self, path: str) -> tuple[Out, ...]:
        """Return the outputs that are ``path``, lie in it or hold it, less those that git itself has."""
        every = (out for stage in self.stages for out in stage.outs)
        found = {
            out.path: out
            for out in every
            if touches(out.path, path) and not any(within(name, out.path) for name in self.files)
        }
        return tuple(found[key] for key in sorted(found))

    def own(self, path: str) -> tuple[Tracked, ...]:
        """Return git's files at or in ``path``, less git's and DVC's own bookkeeping."""
        found = [
            file
            for file in self.files.values()
            if within(file.path, path) and not written.is_bookkeeping(file.path)
        ]
        for file in found:
            if file.mode in {_LINK, _SUBMODULE}:
                what = "a link" if file.mode == _LINK else "a submodule"
                raise InputError(
                    f"{self.shown}: {file.path} is {what}",
                    hint="a model holds plain files only; name another path",
                )
        return tuple(found)

    def remote(self, out: Out) -> Remote:
        """Return the remote that the bytes of ``out`` were pushed to."""
        name = out.remote or self.default or (next(iter(self.remotes)) if len(self.remotes) == 1 else "")
        if name in self.remotes:
            return self.remotes[name]
        if name:
            guess = did_you_mean(name, self.remotes)
            raise InputError(
                f"{self.shown} has no remote {name!r} of DVC's at {self.commit[:12]}",
                hint=f"{guess} name one that is in .dvc/config, commit it and push".strip(),
            )
        some = f", and which of {', '.join(sorted(self.remotes))} is not said" if self.remotes else ""
        raise InputError(
            f"{self.shown} has no default remote of DVC's at {self.commit[:12]}{some}",
            hint="dvc remote add --default NAME URL, dvc push, commit .dvc/config and push it",
        )

    def untracked(self, path: str, asked: str) -> InputError:
        """Return the error that says what there is, where nothing is at ``path``, which was ``asked`` for."""
        known = sorted({out.path for stage in self.stages for out in stage.outs})
        if not known:
            return InputError(
                f"{asked} names nothing: DVC tracks nothing there at {self.commit[:12]}",
                hint="dvc add it, or dvc repro; then dvc push, commit dvc.lock and *.dvc, and push them",
            )
        guess = (
            did_you_mean(path, known) or f"DVC tracks there: {', '.join(known[:5])}{' …' * (len(known) > 5)}"
        )
        return InputError(
            f"{asked} names nothing: neither DVC nor git tracks {path!r} at {self.commit[:12]}", hint=guess
        )

    def metrics(self, stages: Iterable[Stage]) -> tuple[str, ...]:
        """Return the files of metrics that these stages wrote, or that stand for the whole repository."""
        outs = {out.path for stage in stages for out in stage.outs}
        every = {path for described in self.described for path in described.metrics}
        of_stages = {out.path for stage in self.stages for out in stage.outs}
        return tuple(sorted(path for path in every if path in outs or path not in of_stages))

    def name(self, path: str) -> str:
        """Return what `dvc.yaml` calls the model; empty where it does not, or more than one thing."""
        names = {
            name
            for described in self.described
            for place, name in described.names.items()
            if touches(place, path)
        }
        return names.pop() if len(names) == 1 else ""


def project(clone: Clone, commit: str, path: str, folder: Path | None) -> Project:
    """Read what git has at ``commit``; ``folder`` is the checkout, where the repository is one here."""
    files = {file.path: file for file in clone.files(commit)}
    top = _top(files, path)
    config = posixpath.join(top, ".dvc", "config")
    wanted = [
        file
        for name, file in files.items()
        if name == config or (within(name, top) and name.endswith((".dvc", "dvc.lock", "dvc.yaml")))
    ]
    contents = {name: place.read_bytes() for name, place in clone.contents(wanted).items()}
    local = folder / top / ".dvc" / "config.local" if folder else None
    found, default = remotes(
        contents.pop(config, b""),
        local.read_bytes() if local and local.is_file() else b"",
        folder / top / ".dvc" if folder and (folder / top / ".dvc").is_dir() else None,
    )
    described = {name: written.dvc_yaml(name, text) for name, text in _named(contents, "dvc.yaml")}
    stages = [
        written.dvc_file(name, text) for name, text in sorted(contents.items()) if name.endswith(".dvc")
    ]
    for name, text in _named(contents, "dvc.lock"):
        beside = described.get(posixpath.join(posixpath.dirname(name), "dvc.yaml"))
        stages += written.lock(name, text, beside.folders if beside else {})
    return Project(clone.shown, commit, files, tuple(stages), tuple(described.values()), found, default)


def stale(project: Project, clone: Clone, stages: Iterable[Stage]) -> Iterator[str]:
    """Give a line for each file or parameter that is not, in the commit, what a stage was last run with.

    A model of such a stage was made by other code than the commit has.
    """
    for stage in stages:
        noted = {
            dep.path: dep.mark
            for dep in stage.deps
            if dep.path in project.files and dep.mark.startswith("md5:") and not dep.legacy
        }
        places = clone.contents([project.files[path] for path in noted])
        for path, mark in noted.items():
            if f"md5:{_md5(places[path])}" != mark:
                yield f"{path} is not what the stage {stage.name} was last run with"
        for file, params in stage.params.items():
            path = posixpath.normpath(posixpath.join(stage.folder, file))
            if path in project.files:
                place = clone.contents([project.files[path]])[path]
                now = written.values(path, place.read_bytes())
                known = {} if now is None else params  # a Python file of parameters is not run here
                changed = [name for name, value in known.items() if _at(now, name) != value]
                yield from (
                    f"{name} of {path} is not what {stage.name} was last run with" for name in changed
                )


def _top(files: Mapping[str, Tracked], path: str) -> str:
    """Return the folder of the DVC project that ``path`` is in: a repository may hold several."""
    tops = [name.removesuffix(".dvc/config").rstrip("/") for name in files if _is_config(name)]
    return max((top for top in tops if within(path, top)), key=len, default="")


def _is_config(name: str) -> bool:
    return name == ".dvc/config" or name.endswith("/.dvc/config")


def _named(contents: Mapping[str, bytes], name: str) -> Iterator[tuple[str, bytes]]:
    return ((path, text) for path, text in sorted(contents.items()) if posixpath.basename(path) == name)


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _at(values: Any, name: str) -> Any:
    """Return what a file of parameters has under a dotted name."""
    for part in name.split("."):
        if isinstance(values, list) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        elif isinstance(values, dict):
            values = values.get(part)
        else:
            return None
    return values
