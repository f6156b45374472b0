"""Where artifacts lie: behind the tracking server's proxy, or in a store that has a source of its own."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit

import msgspec

from ci_steps.adapters.mlflow_source.marks import mark_of, marked
from ci_steps.adapters.mlflow_source.server import TrackingServer
from ci_steps.adapters.mlflow_source.told import Listing
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import refuse_outside
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import ChangedError, Request, Source

PROXIED = "mlflow-artifacts"
_ROUTE = "api/2.0/mlflow-artifacts/artifacts"
_AZURE = re.compile(r"(?P<container>[^@/]+)@(?P<account>[^./]+)\.(blob|dfs)\.[^/]+")
_DEEP, _MANY = 20, 20_000


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Files below a location, each with a locator from which its bytes can be asked for ever after."""

    server: TrackingServer
    others: Callable[[str], Source]
    """The source of another scheme."""

    def below(self, location: str, what: str) -> tuple[SourceFile, ...]:
        """Return every file below ``location``; their paths are relative to it."""
        if (proxied := self._proxied(location)) is not None:
            return marked(tuple(self._listed(proxied, what)), self._whole)
        address = elsewhere(location, what)
        found = self.others(address.scheme).resolve(address)
        return tuple(
            msgspec.structs.replace(file, locator=f"{address.scheme}:{file.locator}") for file in found.files
        )

    def here(self, location: str, what: str) -> dict[str, SourceFile | None] | None:
        """Return what lies in ``location`` itself, a folder as None; None where it is not proxied."""
        root = self._proxied(location)
        if root is None:
            return None
        found: dict[str, SourceFile | None] = {}
        for each in self._listing(root, what).files:
            name = PurePosixPath(each.path).name
            found[name] = None if each.is_dir else _file(name, f"{root}/{name}", each.file_size)
        return found

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        scheme, _, locator = file.locator.partition(":")
        if scheme != PROXIED:
            theirs = msgspec.structs.replace(file, locator=locator)
            return self.others(scheme).request(theirs, first, last)
        asked = self._whole(file)
        # Where the bytes' hash is known it decides: what was moved with its server has other marks.
        if file.mark and "sha256" not in file.checksums and mark_of(file, asked) != file.mark:
            raise ChangedError(
                f"{file.path} changed since it was looked at", hint="plan again, or restore it"
            )
        whole = first == 0 and last == file.size - 1
        part = {} if whole else {"Range": f"bytes={first}-{last}"}
        return Request(asked.url, {**asked.headers, **part})

    def _whole(self, file: SourceFile) -> Request:
        locator = file.locator.partition(":")[2]
        return Request(f"{self.server.url}/{_ROUTE}/{quote(locator)}", dict(self.server.headers))

    def _proxied(self, location: str) -> str | None:
        """Return the path behind the proxy of the tracking server; None where it is not there."""
        parts = urlsplit(location)
        if parts.scheme == PROXIED:
            path = parts.path.removeprefix(f"/{_ROUTE}")
        elif parts.scheme in {"http", "https"} and f"/{_ROUTE}/" in parts.path:
            path = parts.path.partition(f"/{_ROUTE}/")[2]
        else:
            return None
        if parts.netloc not in {"", self.server.host}:
            raise InputError(
                f"its artifacts lie at {parts.netloc.rpartition('@')[2]}, and the tracking server is "
                f"{self.server.host}, whose credentials go nowhere else",
                hint="give them one address: let the tracking server serve the artifacts (--serve-artifacts)",
            )
        return unquote(path).strip("/")

    def _listed(self, root: str, what: str) -> Iterator[SourceFile]:
        waiting, seen = [("", 0)], 0
        while waiting:
            folder, depth = waiting.pop()
            for each in self._listing(f"{root}/{folder}".strip("/"), what).files:
                name = PurePosixPath(each.path).name
                path = f"{folder}/{name}".strip("/")
                refuse_outside(path, f"artifacts of {what}")
                seen += 1
                if depth > _DEEP or seen > _MANY:
                    raise InputError(f"{what} has more than {_MANY:,} files, or folders deeper than {_DEEP}")
                if each.is_dir:
                    waiting.append((path, depth + 1))
                else:
                    yield _file(path, f"{root}/{path}", each.file_size)

    def _listing(self, folder: str, what: str) -> Listing:
        return self.server.told("mlflow-artifacts/artifacts", Listing, f"artifacts of {what}", path=folder)


def _file(path: str, proxied: str, size: int) -> SourceFile:
    return SourceFile(path=path, size=size, locator=f"{PROXIED}:{proxied.strip('/')}")


def elsewhere(location: str, what: str) -> Address:
    """Return the address of a location that is not behind the proxy.

    >>> str(elsewhere("wasbs://models@acme.blob.core.windows.net/1/a", "it"))
    'azure://acme/models/1/a'
    """
    parts = urlsplit(location)
    if parts.scheme in {"s3", "gs"}:
        return Address(parts.scheme, f"//{parts.netloc}{parts.path}")
    if parts.scheme in {"wasb", "wasbs", "abfs", "abfss"} and (at := _AZURE.fullmatch(parts.netloc)):
        return Address("azure", f"//{at['account']}/{at['container']}{parts.path}")
    if parts.scheme in {"file", ""} and parts.path.startswith("/"):
        return Address("file", unquote(parts.path))
    raise InputError(
        f"{what} lies at {parts.scheme}:, which the kit does not read",
        hint="let the tracking server serve the artifacts (--serve-artifacts)",
    )
