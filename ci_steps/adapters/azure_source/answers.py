"""What Azure's Blob service says, and what its refusals mean."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from ci_steps.errors import InputError, OutsideError, StepError

_CREDENTIALS = {
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
    "NoAuthenticationInformation",
    "AccountIsDisabled",
}
_ANONYMOUS = {"PublicAccessNotPermitted", "ResourceNotFound"}


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob of a listing."""

    name: str
    size: int
    etag: str
    """In quotes, as a condition wants it."""
    md5: str
    """In hex; empty where nobody noted one."""
    tier: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a listing."""

    blobs: tuple[Blob, ...]
    next: str
    """The marker of the page after it; empty: none."""


def page(content: bytes, where: str) -> Page:
    """Read the answer to List Blobs; folders that a hierarchical namespace lists are left out."""
    try:
        # The service was authenticated, and expat does not expand what would fill the memory.
        root = ET.fromstring(content)  # noqa: S314
        return Page(tuple(_blobs(root)), root.findtext("NextMarker") or "")
    except (ET.ParseError, ValueError) as error:
        raise OutsideError(
            f"{where} does not answer as Azure's Blob service does",
            hint="look at AZURE_STORAGE_BLOB_ENDPOINT",
        ) from error


def refused(status: int, code: str, where: str, container: str) -> StepError:
    """Say what an answer that is not a listing means."""
    code = code if re.fullmatch(r"\w{1,60}", code) else ""
    said = f"HTTP {status} {code}".rstrip()
    if code == "ContainerNotFound":
        return InputError(
            f"{where} has no container {container!r}",
            hint="correct the address, or AZURE_STORAGE_BLOB_ENDPOINT",
        )
    if status == 401 or code in _CREDENTIALS or code in _ANONYMOUS:
        return InputError(
            f"{where} does not take the Azure credentials: {said}",
            hint="look at AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_CONNECTION_STRING or "
            "AZURE_CLIENT_SECRET, whichever is set, and at the clock of this machine",
        )
    if status == 403:
        return InputError(
            f"{where} does not allow the container {container!r} to be listed: {said}",
            hint="give the role Storage Blob Data Reader, or a signature with the rights to read and to list",
        )
    if status == 404:
        return InputError(
            f"{where} does not answer as Azure's Blob service does: {said}",
            hint="correct the address, or AZURE_STORAGE_BLOB_ENDPOINT",
        )
    return OutsideError(f"{where} did not list the container {container!r}: {said}")


def _blobs(root: ET.Element) -> Iterator[Blob]:
    if root.tag != "EnumerationResults":
        raise ValueError(root.tag)
    for item in root.iterfind("Blobs/Blob"):
        named, about = item.find("Name"), item.find("Properties")
        if named is None or about is None:
            raise ValueError("a blob without a name")
        name = named.text or ""
        folder = item.findtext("Metadata/hdi_isfolder") or item.findtext("Metadata/Hdi_isfolder")
        if about.findtext("ResourceType") == "directory" or folder == "true":
            continue
        yield Blob(
            # Names that XML cannot hold come with per cent signs, and say so.
            name=unquote(name) if named.get("Encoded") == "true" else name,
            size=int(about.findtext("Content-Length") or ""),
            etag='"{}"'.format((about.findtext("Etag") or "").strip('"')),
            md5=_hex(about.findtext("Content-MD5") or ""),
            tier=about.findtext("AccessTier") or "",
        )


def _hex(md5: str) -> str:
    try:
        return base64.b64decode(md5, validate=True).hex()
    except binascii.Error as error:
        raise ValueError("not an MD5") from error
