import base64
import binascii
import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from ci_steps.adapters.gcs_source.credentials import Nobody, Tokens, tokens
from ci_steps.adapters.rest import Rest
from ci_steps.adapters.rest import address as checked
from ci_steps.errors import InputError, OutsideError, StepError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import Request

_NAME, _USUAL, _EMULATOR = "Google Cloud Storage", "https://storage.googleapis.com", "STORAGE_EMULATOR_HOST"
_PLACE = re.compile(r"//(?P<bucket>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:/(?P<prefix>.*))?")
_FIELDS = "nextPageToken,items(name,size,generation,md5Hash,crc32c)"


@dataclass(frozen=True)
class GcsSource:
    """Objects below a prefix, each known by its generation; a bucket with versions keeps those that were."""

    variables: Mapping[str, str] = field(repr=False)
    page: int = 1000
    """How many objects a page of a listing holds; the service gives no more."""

    def resolve(self, address: Address) -> Found:
        place = _PLACE.fullmatch(address.rest)
        if place is None:
            raise InputError(
                f"{address.unpinned} does not name a bucket", hint="write it like gs://bucket/prefix"
            )
        if importlib.util.find_spec("google_crc32c") is None:
            raise InputError(
                "gs: wants google-crc32c, which is not installed here", hint="install ci-steps[gcs]"
            )
        bucket, prefix = place["bucket"], (place["prefix"] or "").strip("/")
        below = f"{prefix}/" if prefix else ""
        files = tuple(sorted(self._files(bucket, below), key=lambda file: file.path))
        if not files:
            raise InputError(
                f"{address.unpinned} holds no object",
                hint="name the prefix of the model's folder: gs://bucket/prefix",
            )
        return Found(origin=Origin(address=f"gs://{bucket}/{prefix}".rstrip("/"), facts={}), files=files)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        bucket, _, name = file.locator.partition("/")
        # Without gzip among the encodings it would unpack an object that says it is packed, and send other
        # bytes than were put there: https://cloud.google.com/storage/docs/transcoding
        headers = {**self._tokens.headers(), "Accept-Encoding": "gzip"}
        if last >= first:
            headers["Range"] = f"bytes={first}-{last}"
        generation = f"&generation={file.mark}" if file.mark else ""
        path = f"/download/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media{generation}"
        return Request(f"{self._rest.root}{path}", headers)

    @cached_property
    def _tokens(self) -> Tokens:
        return tokens(self.variables, emulated=bool(self.variables.get(_EMULATOR)))

    @cached_property
    def _rest(self) -> Rest:
        emulator = self.variables.get(_EMULATOR, "")
        secret = not isinstance(self._tokens, Nobody)
        return Rest(_NAME, checked(_NAME, emulator or _USUAL, _EMULATOR, secret=secret, usual="http"))

    def _files(self, bucket: str, prefix: str) -> Iterator[SourceFile]:
        for item in self._listed(bucket, prefix):
            path, size = str(item["name"]).removeprefix(prefix), int(item["size"])
            if path.endswith("/") and not size:
                continue  # what consoles put for an empty folder
            yield SourceFile(
                path=path,
                size=size,
                locator=f"{bucket}/{item['name']}",
                mark=str(item.get("generation", "")),
                checksums=dict(_checksums(item)),
            )

    def _listed(self, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
        asked: dict[str, str | int] = {"prefix": prefix, "maxResults": self.page, "fields": _FIELDS}
        while True:
            answer = self._rest.ask(
                "GET", f"storage/v1/b/{bucket}/o", headers=self._tokens.headers(), params=asked
            )
            if answer.status != 200:
                raise self._refused(answer.status, answer.content, bucket)
            try:
                yield from answer.content.get("items", ())
                following = answer.content.get("nextPageToken")
            except (AttributeError, TypeError, KeyError, ValueError) as error:
                raise OutsideError(f"{self._rest.root} does not list as {_NAME} does") from error
            if not following:
                return
            if following == asked.get("pageToken"):
                raise OutsideError(f"{self._rest.root} lists the same page for ever")
            asked["pageToken"] = following

    def _refused(self, status: int, content: Any, bucket: str) -> StepError:
        root = self._rest.root
        if status == 404:
            return InputError(
                f"{root} has no bucket {bucket!r}",
                hint=f"correct the address, or {_EMULATOR} where it is set",
            )
        if status == 401:
            return InputError(
                f"{root} does not take the Google credentials: HTTP 401",
                hint="look at GOOGLE_APPLICATION_CREDENTIALS or CLOUDSDK_AUTH_ACCESS_TOKEN, whichever is set",
            )
        if status == 403:
            return InputError(
                f"{root} does not allow the bucket {bucket!r} to be listed: HTTP 403",
                hint="give the role Storage Object Viewer (roles/storage.objectViewer) on the bucket",
            )
        said = content.get("error") if isinstance(content, dict) else None
        reason = said.get("code") if isinstance(said, dict) else ""
        kind = OutsideError if status == 429 else InputError
        return kind(f"{root} did not list the bucket {bucket!r}: HTTP {status} {reason}".rstrip())


def _checksums(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give both kinds; an object that was put together of others has no MD5."""
    for kind, key in (("md5", "md5Hash"), ("crc32c", "crc32c")):
        if text := item.get(key):
            try:
                yield kind, base64.b64decode(text, validate=True).hex()
            except (binascii.Error, TypeError) as error:
                raise OutsideError(f"{_NAME} says a checksum that is none") from error
