"""An object as a stream that is whole or fails."""

import io
from typing import Any

from ci_steps.adapters.s3_blobs import failures
from ci_steps.adapters.s3_blobs.bucket import Bucket
from ci_steps.adapters.s3_blobs.conditions import UnmetError
from ci_steps.errors import OutsideError

_MOST_BREAKS = 5


class ObjectStream(io.RawIOBase):
    """The content of one object; a connection that breaks is taken up again where it broke.

    It gives every byte that was promised when it was opened, all of the same version, or fails.
    """

    def __init__(self, bucket: Bucket, key: str) -> None:
        super().__init__()
        self._bucket = bucket
        self._key = key
        answer = bucket.call("get_object", key)
        self._body: Any = answer["Body"]
        self._at = 0
        self._breaks = 0
        if "ETag" not in answer or "ContentLength" not in answer:
            self._body.close()
            raise OutsideError(f"{bucket.endpoint} does not answer as S3 does ({bucket.place})")
        self.etag = str(answer["ETag"])
        self._size = int(answer["ContentLength"])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._at)
        while wanted:
            block = self._block(wanted)
            if block:
                buffer[: len(block)] = block
                self._at += len(block)
                return len(block)
            self._take_up_again()
        return 0

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()

    def _block(self, wanted: int) -> bytes:
        """Return some bytes; none where the connection broke or ended too early."""
        try:
            return bytes(self._body.read(wanted))
        except failures.UNANSWERED:
            return b""

    def _take_up_again(self) -> None:
        self._breaks += 1
        if self._breaks > _MOST_BREAKS:
            raise OutsideError(
                f"{self._bucket.endpoint} broke off {self._key!r} {self._breaks} times,"
                f" at last after {self._at:,} of {self._size:,} bytes ({self._bucket.place})"
            )
        self._body.close()
        try:
            answer = self._bucket.call("get_object", self._key, Range=f"bytes={self._at}-", IfMatch=self.etag)
        except (KeyError, UnmetError) as error:
            raise OutsideError(f"{self._key} of {self._bucket.place} changed while it was read") from error
        self._body = answer["Body"]
        if not str(answer.get("ContentRange", "")).startswith(f"bytes {self._at}-"):
            raise OutsideError(f"{self._bucket.endpoint} does not give parts of {self._key!r}")
