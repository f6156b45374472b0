import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from ci_steps.adapters.s3_place import SCHEME, S3Place
from ci_steps.adapters.s3_source import variables
from ci_steps.adapters.s3_source.signing import Signer
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import Request

if TYPE_CHECKING:
    from ci_steps.adapters.s3_blobs.bucket import Bucket
    from ci_steps.adapters.s3_source.listing import Listed

_VERSION, _ETAG = "version ", "etag "
_BUCKET = re.compile(r"//(?P<bucket>[^/?]+)(/(?P<key>.*?))?(\?(?P<query>[^?]*))?")
_HINT = "write it like s3://bucket/prefix, or s3://bucket/key?versionId=…"


@dataclass(frozen=True)
class S3Source:
    """Objects of buckets, at Amazon or at a server that speaks as it does.

    An object's version, where the bucket keeps them, else its ETag, is asked for with every range. Its
    SHA-256 vouches for its bytes where S3 keeps that of the whole, or its MD5 where that is the ETag.
    """

    region: str | None = None
    seconds: float = 30
    """How long an answer may take."""
    _buckets: "dict[str, Bucket]" = field(default_factory=dict, compare=False)
    _signers: dict[str, Signer] = field(default_factory=dict, compare=False)

    def resolve(self, address: Address) -> Found:
        from ci_steps.adapters.s3_source import listing

        bucket, prefix, version = parsed(address)
        found, top = self._found(self.bucket(bucket), prefix, version)
        if not found:
            raise InputError(
                f"{address.unpinned} holds no object", hint="name a prefix that a model lies under"
            )
        vouched = listing.checksums(self.bucket(bucket), found)
        files = tuple(
            SourceFile(
                path=inside(each.key, top),
                size=each.size,
                locator=f"{SCHEME}{bucket}/{each.key}",
                mark=_VERSION + each.version if each.version else _ETAG + each.etag,
                checksums=vouched.get(each.key, {}),
            )
            for each in found
        )
        resolved = f"s3://{bucket}/{prefix}".removesuffix("/")
        if len(found) == 1 and found[0].key == prefix and found[0].version:
            resolved += f"?versionId={quote(found[0].version, safe='')}"
        return Found(origin=Origin(address=resolved, facts={}), files=files)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        bucket, _, key = file.locator.removeprefix(SCHEME).partition("/")
        headers = {}
        if last >= first and (first, last) != (0, file.size - 1):
            headers["Range"] = f"bytes={first}-{last}"
        if file.mark.startswith(_ETAG):
            headers["If-Match"] = file.mark.removeprefix(_ETAG)
        version = file.mark.removeprefix(_VERSION) if file.mark.startswith(_VERSION) else ""
        return self.signer(bucket).get(key, version, headers)

    def _found(self, bucket: "Bucket", prefix: str, version: str) -> "tuple[list[Listed], str]":
        """Return the objects of a folder, else the one object of that key, and what their paths leave out."""
        from ci_steps.adapters.s3_source import listing

        folder = prefix if prefix.endswith("/") or not prefix else f"{prefix}/"
        below = [] if version else listing.below(bucket, folder)
        if below or not prefix or prefix.endswith("/"):
            return below, folder
        only = listing.one(bucket, prefix, version)
        return ([only] if only else []), prefix.rpartition("/")[0] + "/" if "/" in prefix else ""

    def bucket(self, name: str) -> "Bucket":
        """Return the client of a bucket; made once, by the settings of then."""
        if name not in self._buckets:
            from ci_steps.adapters.s3_blobs.bucket import Bucket

            self._buckets[name] = Bucket.of(S3Place.parse(f"{SCHEME}{name}"), self.region, self.seconds)
        return self._buckets[name]

    def signer(self, bucket: str) -> Signer:
        """Return what signs requests to a bucket; made once, by the settings of then."""
        if bucket not in self._signers:
            self._signers[bucket] = self._signer(bucket)
        return self._signers[bucket]

    def _signer(self, bucket: str) -> Signer:
        if told := variables.signer(bucket, self.region, os.environ, Path.home()):
            return told
        from ci_steps.adapters.s3_source import botocore_signer

        return botocore_signer.signer(self.bucket(bucket))


def parsed(address: Address) -> tuple[str, str, str]:
    found = _BUCKET.fullmatch(address.rest)
    query = dict(parse_qsl(found["query"] or "")) if found else {}
    if not found or query.keys() - {"versionId"}:
        raise InputError("this is not the address of a model on S3", hint=_HINT)
    return found["bucket"], found["key"] or "", query.get("versionId", "")


def inside(key: str, top: str) -> str:
    path = key.removeprefix(top)
    if any(part in {"", ".", ".."} for part in path.split("/")):
        raise InputError(f"the key {key!r} names no place inside a model's folder", hint="rename the object")
    return path
