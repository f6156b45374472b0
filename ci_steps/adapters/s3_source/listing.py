"""What lies below a prefix, in which version, and what S3 vouches for of it."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # boto3 brings no types

from ci_steps.adapters.pool import Pool
from ci_steps.adapters.s3_blobs import failures
from ci_steps.adapters.s3_blobs.bucket import Bucket
from ci_steps.errors import InputError
from ci_steps.ports import ChangedError

_MD5 = re.compile(r'"?([0-9a-f]{32})"?')
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_ASKED = 64
"""Of how many objects it is asked what S3 vouches for; of the rest TLS does, or a second reading."""
_AT_ONCE = 8
_NO_VERSIONS = frozenset({"AccessDenied", "403", "NotImplemented", "501", "MethodNotAllowed", "405"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One object as it is now."""

    key: str
    size: int
    etag: str
    version: str
    """Empty where the bucket keeps no versions."""


def below(bucket: Bucket, prefix: str) -> list[Listed]:
    """List every object below ``prefix``, sorted by key, in its newest version."""
    try:
        found = list(_versions(bucket, prefix))
    except ClientError as error:
        # Who may list objects need not be allowed to list their versions, and not every server has them.
        if failures.code_of(error) not in _NO_VERSIONS:
            raise failures.refused(error, bucket.place, bucket.endpoint, prefix) from error
        found = []
    except failures.UNANSWERED as error:
        raise failures.unanswered(error, bucket.place, bucket.endpoint) from error
    if not found or not all(each.version for each in found):
        # Without versions it is the ETag that counts, and SeaweedFS 4.48 lists wrong ones with versions.
        versions = {each.key: each.version for each in found}
        found = [
            replace(each, version=versions.get(each.key, "")) for each in _without_versions(bucket, prefix)
        ]
    return sorted((each for each in found if not each.key.endswith("/")), key=lambda each: each.key)


def one(bucket: Bucket, key: str, version: str) -> Listed | None:
    """Return one object, in ``version`` if that is not empty; None where there is none."""
    answer = _head(bucket, key, version)
    if answer is None:
        return None
    there = answer.get("VersionId", "")
    return Listed(key, int(answer["ContentLength"]), str(answer["ETag"]), "" if there == "null" else there)


def checksums(bucket: Bucket, objects: list[Listed]) -> dict[str, dict[str, str]]:
    """Return what S3 vouches for, by key: of the largest objects only, where there are many."""
    asked = sorted(objects, key=lambda each: each.size, reverse=True)[:_ASKED]
    with Pool(_AT_ONCE) as pool:
        return dict(pool.map(lambda each: (each.key, _vouched(bucket, each)), asked))


def _vouched(bucket: Bucket, listed: Listed) -> dict[str, str]:
    answer = _head(bucket, listed.key, listed.version)
    if answer is None or answer.get("ETag") != listed.etag:
        raise ChangedError(
            f"{bucket.place.bucket}/{listed.key} changed while it was looked at", hint="plan again"
        )
    found = {}
    if answer.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT":
        for name, kind, length in (("ChecksumSHA256", "sha256", 32), ("ChecksumCRC32C", "crc32c", 4)):
            if content := _decoded(answer.get(name, ""), length):
                found[kind] = content.hex()
    # The ETag is the MD5 of an object that was sent in one piece and lies there as it was sent.
    is_plain = (
        answer.get("ServerSideEncryption", "AES256") == "AES256" and "SSECustomerAlgorithm" not in answer
    )
    if is_plain and (md5 := _MD5.fullmatch(listed.etag)):
        found["md5"] = md5[1]
    return found


def _decoded(text: str, length: int) -> bytes:
    """Return a checksum; nothing where it is one of parts, which ends with their number."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return content if len(content) == length else b""


def _head(bucket: Bucket, key: str, version: str) -> dict[str, Any] | None:
    which = {"VersionId": version} if version else {}
    client, place = bucket.client, bucket.place
    try:
        answer: dict[str, Any] = client.head_object(
            Bucket=place.bucket, Key=key, ChecksumMode="ENABLED", **which
        )
    except ClientError as error:
        if failures.status_of(error) in {400, 404, 405} and failures.code_of(error) in _ABSENT:
            return None
        raise failures.refused(error, place, bucket.endpoint, key) from error
    except failures.UNANSWERED as error:
        raise failures.unanswered(error, place, bucket.endpoint) from error
    if answer.get("StorageClass") in _ARCHIVED and 'ongoing-request="false"' not in answer.get("Restore", ""):
        raise InputError(
            f"{place.bucket}/{key} is archived ({answer['StorageClass']})", hint="restore it there first"
        )
    return answer


_ABSENT = frozenset(
    {"404", "NoSuchKey", "NoSuchVersion", "400", "405", "MethodNotAllowed", "InvalidArgument"}
)


def _versions(bucket: Bucket, prefix: str) -> Iterator[Listed]:
    pages = bucket.client.get_paginator("list_object_versions").paginate(
        Bucket=bucket.place.bucket, Prefix=prefix
    )
    for page in pages:
        for item in page.get("Versions", ()):
            if item.get("IsLatest"):
                version = str(item.get("VersionId") or "")
                yield Listed(
                    str(item["Key"]),
                    int(item["Size"]),
                    str(item["ETag"]),
                    "" if version == "null" else version,
                )


def _without_versions(bucket: Bucket, prefix: str) -> list[Listed]:
    pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.place.bucket, Prefix=prefix)
    try:
        return [
            Listed(str(item["Key"]), int(item["Size"]), str(item["ETag"]), "")
            for page in pages
            for item in page.get("Contents", ())
        ]
    except ClientError as error:
        raise failures.refused(error, bucket.place, bucket.endpoint, prefix) from error
    except failures.UNANSWERED as error:
        raise failures.unanswered(error, bucket.place, bucket.endpoint) from error
