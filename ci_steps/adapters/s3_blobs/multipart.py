"""Sending what is too large for one request: in parts, a few at once, and nothing left where it fails."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from ci_steps.adapters.pool import Pool
from ci_steps.errors import StepError

if TYPE_CHECKING:
    from ci_steps.adapters.s3_blobs.bucket import Bucket

PART = 8 << 20
_AT_ONCE = 4
_GROWS_AFTER = 2_500
"""S3 takes 10,000 parts; parts that double three times on the way there hold 300 GB."""


def first_of(content: BinaryIO, size: int = PART) -> bytes:
    """Read ``size`` bytes, or up to the end, which is then seen: a stream may fail right there."""
    blocks, left = [], size
    while left and (block := content.read(left)):
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)


def send(bucket: "Bucket", key: str, first: bytes, content: BinaryIO, **condition: str) -> None:
    """Send ``first`` and the rest of ``content``; the object appears at the end, whole, or not at all."""
    upload = str(bucket.call("create_multipart_upload", key)["UploadId"])

    def sent(number: int, block: bytes) -> dict[str, object]:
        etag = bucket.written("upload_part", key, block, UploadId=upload, PartNumber=number)
        return {"PartNumber": number, "ETag": etag}

    try:
        parts, under_way = [], deque[Future[dict[str, object]]]()
        with Pool(_AT_ONCE) as pool:
            for number, block in enumerate(_blocks(first, content), start=1):
                if len(under_way) == _AT_ONCE:
                    parts.append(under_way.popleft().result())
                under_way.append(pool.submit(sent, number, block))
            parts += [part.result() for part in under_way]
        bucket.call(
            "complete_multipart_upload", key, UploadId=upload, MultipartUpload={"Parts": parts}, **condition
        )
    except BaseException:
        # Also on Ctrl-C: parts that nobody asks for again are kept, and paid for, until someone finds them.
        with suppress(StepError, KeyError):
            bucket.call("abort_multipart_upload", key, UploadId=upload)
        raise


def _blocks(first: bytes, content: BinaryIO) -> Iterator[bytes]:
    number = 1
    while first:
        yield first
        number += 1
        first = first_of(content, PART << (number // _GROWS_AFTER))
