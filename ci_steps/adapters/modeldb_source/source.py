import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import quote, unquote

import msgspec

from ci_steps.adapters import remote_files
from ci_steps.adapters.artifact_paths import CARD, rooted
from ci_steps.adapters.handed_on import SCHEMES, HandedOn
from ci_steps.adapters.locking import LIST
from ci_steps.adapters.modeldb_source import known
from ci_steps.adapters.modeldb_source.messages import (
    Artifact,
    BlobExpanded,
    ExperimentRun,
    S3Component,
)
from ci_steps.adapters.modeldb_source.server import Server
from ci_steps.adapters.rest import shown
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, Known, SourceFile
from ci_steps.ports import Request

_SHA = re.compile(r"[0-9a-f]{64}")
_FORMS = (
    "write modeldb:RUN_ID, modeldb:REPOSITORY/COMMIT_SHA/PATH, or set MODELDB_REPOSITORY and leave it out"
)


class _Versioned(NamedTuple):
    repository: str
    commit: str
    path: str


@dataclass(frozen=True, slots=True)
class ModelDBSource:
    """Models of a ModelDB server: a run with its artifacts, or a dataset of a commit that holds the files.

    The path of an artifact in the model's folder is its key, and the filename extension after it: ModelDB's
    keys hold letters, digits, `_`, `-` and `/` alone. Of a dataset it is the path below its base path.
    """

    server: Server
    handed_on: HandedOn
    repository: str = ""
    """The repository of a commit that is named without one."""

    def resolve(self, address: Address) -> Found:
        place = self._place(address)
        if isinstance(place, str):
            return self._run(self.server.run(place))
        return self._commit(place)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        # A URL is signed anew for each range: the one before may have expired.
        if theirs := self.handed_on.request(file, first, last):
            return theirs
        url = self._url(file.locator)
        return remote_files.asked(url, self.server.headers_for(url), file.mark, first, last)

    def _place(self, address: Address) -> str | _Versioned:
        head, slash, rest = address.rest.strip("/").partition("/")
        if not slash:
            if _SHA.fullmatch(head):
                raise InputError(f"{address.unpinned} names a commit and no path in it", hint=_FORMS)
            return head
        if _SHA.fullmatch(head):
            if not self.repository:
                raise InputError(f"{address.unpinned} names no repository", hint=_FORMS)
            return _Versioned(self.repository, head, rest)
        commit, _, path = rest.partition("/")
        if not _SHA.fullmatch(commit) or not path:
            raise InputError(f"{address.unpinned} names no commit and path in it", hint=_FORMS)
        return _Versioned(head, commit, path)

    def _run(self, run: ExperimentRun) -> Found:
        where = f"modeldb:{run.id}"
        entry = run.versioned_inputs
        versioned = entry if entry and entry.commit else None
        blobs = self.server.blobs(versioned.repository_id, versioned.commit) if versioned else ()
        artifacts = rooted(((_path_of(artifact), artifact) for artifact in run.artifacts), where)
        files = remote_files.together(partial(self._artifact, run.id), artifacts)
        facts = {
            "run": run.id,
            "experiment": run.experiment_id,
            "project": run.project_id,
            "owner": run.owner,
        }
        if versioned:
            facts |= {"repository": str(versioned.repository_id), "commit": versioned.commit}
        packages = known.listed((run.environment, *(expanded.blob.environment for expanded in blobs)))
        tags = shown(f", tagged {', '.join(sorted(run.tags))}") if run.tags else ""
        return _found(
            Origin(address=where, facts={key: shown(value) for key, value in facts.items() if value}),
            files,
            known.of_run(run, blobs),
            packages,
            (f"run {shown(run.name or run.id)} of ModelDB{tags}", *known.shortcomings(run)),
        )

    def _commit(self, place: _Versioned) -> Found:
        asked = f"modeldb:{place.repository}/{place.commit}/{place.path}"
        repository = self.server.repository(place.repository, f"repository of {asked}")
        commit = self.server.commit(repository.id, place.commit, f"commit of {asked}")
        blobs = self.server.blobs(repository.id, place.commit)
        location = PurePosixPath(place.path)
        chosen = [expanded for expanded in blobs if PurePosixPath(expanded.path) == location]
        where = f"modeldb:{repository.id}/{place.commit}/{location}"
        if not chosen or chosen[0].blob.dataset is None:
            there = sorted(expanded.path for expanded in blobs if expanded.blob.dataset) or ["none"]
            raise InputError(
                f"{where} is not a dataset of the commit", hint=f"datasets of it: {', '.join(there)}"
            )
        components = rooted(_components(chosen[0]), where)
        within = partial(self._component, (repository.id, place.commit, str(location)))
        files = remote_files.together(within, components)
        facts = {"repository": str(repository.id), "commit": place.commit, "author": commit.author}
        others = [expanded for expanded in blobs if expanded is not chosen[0]]
        return _found(
            Origin(address=where, facts={key: shown(value) for key, value in facts.items() if value}),
            files,
            known.of_blobs(others),
            known.listed(expanded.blob.environment for expanded in others),
            (f"{location} of commit {place.commit[:12]} in ModelDB's repository {shown(repository.name)}",),
        )

    def _artifact(self, run: str, path: str, artifact: Artifact) -> SourceFile:
        where = f"artifact {artifact.key} of run {run}"
        sha = known.sha256_in(artifact.path)
        checksums = {"sha256": sha} if sha else {}
        if artifact.path_only:
            if artifact.path.partition("://")[0] not in SCHEMES:
                raise InputError(
                    f"{where} is noted in ModelDB by its path alone: {artifact.path}",
                    hint="upload it to ModelDB, or to s3://, gs:// or azure://",
                )
            return self.handed_on.file(artifact.path, path=path, checksums=checksums, where=where)
        return self._seen(f"run/{run}/{artifact.key}", path, checksums, None, where)

    def _component(self, of: tuple[int, str, str], path: str, kept: S3Component) -> SourceFile:
        repository, commit, location = of
        component, version = kept.path, kept.s3_version_id
        what = f"{component.path} of {location} in commit {commit[:12]}"
        sums = {"sha256": component.sha256, "md5": component.md5}
        checksums = {kind: value for kind, value in sums.items() if value}
        if component.internal_versioned_path:
            locator = f"blob/{repository}/{commit}/{quote(location, safe='')}/{component.path}"
            return self._seen(locator, path, checksums, component.size, what)
        if component.path.partition("://")[0] in SCHEMES:
            uri = component.path
            return self.handed_on.file(uri, path=path, checksums=checksums, where=what, version=version)
        raise InputError(
            f"{what} is noted in ModelDB by its path alone",
            hint="version it with enable_mdb_versioning, so that ModelDB keeps the bytes",
        )

    def _seen(
        self, locator: str, path: str, checksums: dict[str, str], size: int | None, what: str
    ) -> SourceFile:
        url = self._url(locator)
        there = remote_files.seen(self.server.rest.session, url, self.server.headers_for(url), what)
        there = remote_files.compared(size or None, there, what)
        return SourceFile(path=path, size=there.size, locator=locator, mark=there.mark, checksums=checksums)

    def _url(self, locator: str) -> str:
        kind, _, rest = locator.partition("/")
        if kind == "run":
            run, _, key = rest.partition("/")
            return self.server.artifact_url(run, key)
        repository, commit, location, path = rest.split("/", 3)
        return self.server.component_url(int(repository), commit, tuple(unquote(location).split("/")), path)


def _path_of(artifact: Artifact) -> str:
    extension = artifact.filename_extension.lstrip(".")
    if not extension or artifact.key.endswith(f".{extension}"):
        return artifact.key
    return f"{artifact.key}.{extension}"


def _components(expanded: BlobExpanded) -> Iterator[tuple[str, S3Component]]:
    """Give the files of a dataset, each by its path below its base path or else their common folder."""
    dataset = expanded.blob.dataset
    every: list[S3Component] = []
    if dataset and dataset.path:
        every += [S3Component(path=component) for component in dataset.path.components]
    if dataset and dataset.s3:
        every += map(_without_etag, dataset.s3.components)
    folder = _folder([kept.path.path for kept in every if not kept.path.base_path])
    for kept in every:
        base = (kept.path.base_path or folder).rstrip("/")
        yield (kept.path.path.removeprefix(f"{base}/") if base else kept.path.path), kept


def _without_etag(kept: S3Component) -> S3Component:
    # The MD5 that ModelDB notes of an S3 object is its ETag, which is no MD5 where it came in parts.
    if "-" not in kept.path.md5:
        return kept
    return msgspec.structs.replace(kept, path=msgspec.structs.replace(kept.path, md5=""))


def _folder(paths: list[str]) -> str:
    """Return the folder that the paths are told apart below: that of model.yaml, else the common one."""
    cards = [path for path in paths if PurePosixPath(path).name == CARD]
    if len(cards) == 1:
        return cards[0].rpartition("/")[0]
    parents = [path.split("/")[:-1] for path in paths]
    common = []
    for parts in zip(*parents, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return "/".join(common)


def _found(
    origin: Origin, files: tuple[SourceFile, ...], what: Known, packages: str, said: tuple[str, ...]
) -> Found:
    if not files:
        raise InputError(
            f"{origin.address} holds no file", hint="upload the model's folder to it, see the README"
        )
    made = {LIST: packages.encode()} if packages and not any(file.path == LIST for file in files) else {}
    if not what.python:
        said = (*said, "ModelDB does not say which Python it was trained on; model.yaml must")
    return Found(origin=origin, files=files, known=what, made=made, said=said)
