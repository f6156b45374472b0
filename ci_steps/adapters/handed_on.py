"""Files that a tracking system only knows the place of: another source brings them."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import msgspec

from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import Request, Source

SCHEMES = ("s3", "gs", "azure", "file")
_MARK = "by:"


@dataclass(frozen=True, slots=True)
class HandedOn:
    """Finds a file by the URI that a tracking system noted, and asks its own source for its bytes."""

    source: Callable[[str], Source]
    """The source of a scheme."""

    def file(
        self, uri: str, *, path: str, checksums: Mapping[str, str], where: str, version: str = ""
    ) -> SourceFile:
        """Return the file at ``uri``, to lie at ``path`` in the model's folder.

        ``version`` is that of an object on S3; empty: the one that is there now.
        """
        scheme, place = _place(uri, where)
        folder, slash, name = place.rpartition("/")
        if scheme == "s3":  # which can be asked for one object, and one version of it
            folder = f"{place}?versionId={quote(version, safe='')}" if version else place
        address = Address(scheme, folder or slash)
        found = self.source(scheme).resolve(address)
        for file in found.files:
            if file.path == name:
                return msgspec.structs.replace(
                    file,
                    path=path,
                    locator=f"{_MARK}{scheme}:{file.locator}",
                    checksums={**file.checksums, **checksums},
                )
        raise InputError(f"{where} names {uri}, which is not there", hint="publish it again")

    def request(self, file: SourceFile, first: int, last: int) -> Request | None:
        """Return how its own source asks for it; none where the file was not handed on."""
        if not file.locator.startswith(_MARK):
            return None
        scheme, _, locator = file.locator.removeprefix(_MARK).partition(":")
        theirs = msgspec.structs.replace(file, locator=locator)
        return self.source(scheme).request(theirs, first, last)


def _place(uri: str, where: str) -> tuple[str, str]:
    """Return scheme and place as the kit writes addresses.

    Tracking systems write an S3 server's host before the bucket where it is not Amazon's, and the whole host
    name of an Azure account.
    """
    parts = urlsplit(uri)
    if parts.scheme not in SCHEMES or parts.query or "@" in parts.netloc:
        raise InputError(f"{where} lies at a {parts.scheme or 'nameless'}: place, which is not known here")
    path = unquote(parts.path).lstrip("/")
    if parts.scheme == "file":
        return "file", os.path.normpath(f"/{path}")
    host = parts.netloc
    if parts.scheme == "azure":
        host = host.partition(".")[0]
    whole = path if parts.scheme == "s3" and ":" in host else f"{host}/{path}"
    return parts.scheme, f"//{whole}"
