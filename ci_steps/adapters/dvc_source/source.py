"""A path of a git repository whose files are git's own, or DVC's in its remote, or both."""

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from ci_steps.adapters.dvc_source import written
from ci_steps.adapters.dvc_source.clone import Clone, Tracked
from ci_steps.adapters.dvc_source.lineage import Lineage, lineage, measured, touches, within
from ci_steps.adapters.dvc_source.place import DvcPlace
from ci_steps.adapters.dvc_source.project import Project, project, stale
from ci_steps.adapters.dvc_source.storage import Storage, locator
from ci_steps.adapters.dvc_source.written import Out
from ci_steps.adapters.model_folder.card import without_password
from ci_steps.adapters.remote_files import Seen, compared
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Code, Origin
from ci_steps.model.sourced import Found, Known, SourceFile
from ci_steps.model.wire import decoded
from ci_steps.ports import ChangedError, Programs, Request

_GIT = "git:"
_EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
_LISTING = 256 << 20


class _Listed(Struct, frozen=True):
    """One file of a folder, as DVC lists it."""

    md5: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    relpath: str


@dataclass(frozen=True, slots=True)
class DvcSource:
    """What a commit holds, read by git and from DVC's remote; DVC itself is not needed."""

    project: Path
    cache: Path
    """Where the clones are kept: safe to delete."""
    programs: Programs
    variables: Mapping[str, str] = field(repr=False)
    storage: Storage

    def resolve(self, address: Address) -> Found:
        asked = DvcPlace.parse(address.rest, self.project)
        clone, folder = self._clone(asked)
        place = asked.at(clone.commit(asked.revision, fixed=asked.is_fixed))
        there = project(clone, place.revision, place.path, folder)
        outs, own = there.outs(place.path), there.own(place.path)
        if not outs and not own:
            raise there.untracked(place.path, address.unpinned)
        files = [*self._gits(clone, place, own), *self._dvcs(there, place, outs)]
        repository = without_password((clone.remote(folder) if folder else "") or asked.repository)
        came = lineage(place.path, there.stages, repository, there.files)
        changed = tuple(stale(there, clone, came.stages))
        metrics = self._metrics(there, clone, place, came)
        facts = {"commit": place.revision, "author": clone.author(place.revision)}
        facts |= {"stage": came.stages[0].name} if came.stages and came.stages[0].name else {}
        facts |= {f"md5 {out.path}": out.md5 for out in outs}
        facts |= {f"metric {name}": str(value) for name, value in metrics.items()}
        return Found(
            origin=Origin(address=place.address, facts=facts),
            files=tuple(sorted(files, key=lambda file: file.path)),
            known=Known(
                name=there.name(place.path),
                code=Code(repository=repository, commit=place.revision, dirty=bool(changed)),
                data=came.data,
                config=came.config,
                metrics=metrics,
            ),
            said=(*_said(outs), *(f"{line}: unit-tests will be inconclusive" for line in changed)),
        )

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        if not file.locator.startswith(_GIT):
            return self.storage.request(file.locator, file.mark, first, last)
        place = DvcPlace.parse(file.locator.removeprefix(_GIT), self.project)
        clone, _ = self._clone(place)
        if not clone.blob(file.mark).is_file():
            clone.commit(place.revision, fixed=True)
            clone.contents([Tracked(place.path, "", file.mark)])
        return Request(clone.blob(file.mark).as_uri())

    def _clone(self, place: DvcPlace) -> tuple[Clone, Path | None]:
        """Return the clone and, where the repository is a folder here, that folder."""
        folder = None if place.is_url else (self.project / place.repository).resolve()
        if folder and not folder.is_dir():
            raise InputError(
                f"the repository {place.repository} is not a folder",
                hint=f"it was looked for at {folder}; give its path, or its URL",
            )
        url = folder.as_uri() if folder else place.repository
        return Clone(url, place.repository, self.cache, self.programs, self.variables), folder

    def _gits(self, clone: Clone, place: DvcPlace, own: tuple[Tracked, ...]) -> Iterator[SourceFile]:
        places = clone.contents(own)
        for file in own:
            with places[file.path].open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            yield SourceFile(
                path=_below(file.path, place.path),
                size=places[file.path].stat().st_size,
                locator=f"{_GIT}{DvcPlace(place.repository, place.revision, file.path).text}",
                mark=file.blob,
                checksums={"sha256": sha256},
            )

    def _dvcs(self, there: Project, place: DvcPlace, outs: tuple[Out, ...]) -> list[SourceFile]:
        """Return the files of all outputs; one that was not pushed is bad input."""
        wanted: dict[str, tuple[str, str, int | None]] = {}
        for out in outs:
            remote = there.remote(out)
            for path, md5, size in self._listed(there, out):
                if within(path, place.path):
                    wanted[path] = (locator(remote, path, md5, legacy=out.legacy), md5, size)
        if outs and not any(within(out.path, place.path) for out in outs) and not wanted:
            raise InputError(
                f"{place.path!r} is not in {outs[0].path}, which DVC tracks in {there.shown}",
                hint="name the folder, or a file in it: `dvc ls` lists them",
            )
        # Of nothing no first byte can be asked for, and not every server says then how long it is.
        seen = self.storage.seen(url for url, md5, _ in wanted.values() if md5 != _EMPTY)
        seen |= {url: Seen(0) for url, md5, _ in wanted.values() if md5 == _EMPTY}
        missing = [path for path, (url, _, _) in wanted.items() if seen[url] is None]
        if missing:
            some = f"{missing[0]}{f' and {len(missing) - 1} more' if missing[1:] else ''}"
            raise _not_pushed(some, there, outs[0])
        found = []
        for path, (url, md5, size) in wanted.items():
            at = seen[url]
            assert at is not None
            what = f"{path} in DVC's remote"
            found.append(
                SourceFile(
                    path=_below(path, place.path),
                    size=compared(size, at, what).size,
                    locator=url,
                    checksums={"md5": md5},
                )
            )
        return found

    def _listed(self, there: Project, out: Out) -> Iterator[tuple[str, str, int | None]]:
        """Give path, MD5 and, where DVC noted it, size of each file of an output."""
        if out.versioned or not out.md5:
            raise InputError(
                f"{out.path} of {there.shown} is kept in a bucket with versions, without MD5s",
                hint="release it by the bucket's address, s3://…, or push it to a remote without versions",
            )
        if not out.md5.endswith(".dir"):
            yield out.path, out.md5, out.size
            return
        place = locator(there.remote(out), out.path, out.md5, legacy=out.legacy)
        if self.storage.seen([place])[place] is None:
            raise _not_pushed(f"the listing of {out.path}", there, out)
        content = self.storage.content(place, _LISTING)
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != out.md5.removesuffix(".dir"):
            raise ChangedError(
                f"the listing of {out.path} in DVC's remote is not what {there.shown} names: its md5 differs",
                hint="push it again from where it is whole: dvc push",
            )
        for listed in decoded(content, list[_Listed], where=f"the listing of {out.path}"):
            yield posixpath.join(out.path, listed.relpath), listed.md5, None

    def _metrics(self, there: Project, clone: Clone, place: DvcPlace, came: Lineage) -> dict[str, float]:
        """Return what was measured of the model, or while it was made, as far as git has the files."""
        after = [stage for stage in there.stages if any(touches(dep.path, place.path) for dep in stage.deps)]
        paths = [path for path in there.metrics([*came.stages, *after]) if path in there.files]
        contents = clone.contents([there.files[path] for path in paths])
        return {
            name: value
            for path in paths
            for name, value in measured(written.values(path, contents[path].read_bytes()))
        }


def _said(outs: tuple[Out, ...]) -> Iterator[str]:
    for out in outs:
        if out.legacy:
            yield (
                f"{out.path} was noted by DVC 2, whose MD5 of a text is that with the line ends of Unix: "
                "one with those of Windows will not match; `dvc cache migrate --dvc-files` notes it anew"
            )


def _not_pushed(what: str, there: Project, out: Out) -> InputError:
    remote = there.remote(out)
    return InputError(
        f"{what} is not in DVC's remote {remote.name!r}, {without_password(remote.url)}",
        hint=f"where it was made: dvc push -r {remote.name}",
    )


def _below(path: str, folder: str) -> str:
    """Return a path relative to a folder; of a file that was named itself its name."""
    return posixpath.basename(path) if path == folder else posixpath.relpath(path, folder or ".")
