import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from ci_steps.adapters.s3_blobs import conditions, multipart
from ci_steps.adapters.s3_blobs.conditions import UnmetError
from ci_steps.adapters.s3_place import S3Place
from ci_steps.errors import InputError, OutsideError
from ci_steps.ports import Listed, Version

if TYPE_CHECKING:
    from ci_steps.adapters.s3_blobs.bucket import Bucket
    from ci_steps.adapters.s3_blobs.reading import ObjectStream

_BUFFER = 1 << 20
_PROBE = ".conditional-writes"
_NO_SUCH_ETAG = '"00000000000000000000000000000000"'
_WAITS = (0.0, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class S3Blobs:
    """A prefix of a bucket at Amazon or at a server that speaks as it does.

    The server decides who is first, by conditional writes; one that does not know them is refused. What
    fits into one request (8 MiB), as every entry of the ledger, has exactly one first. Of several who send
    something larger at the same moment, some servers tell more than one that it was first (SeaweedFS 4.48
    does); the content of one of them is there, whole. Nothing is ever deleted, so no right to is needed.
    """

    place: S3Place
    region: str | None = None
    seconds: float = 30
    """How long an answer may take."""

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        with io.BufferedReader(self._stream(_inside(key)), _BUFFER) as stream:
            yield stream

    def put(self, key: str, content: BinaryIO) -> None:
        first = multipart.first_of(content)
        if len(first) < multipart.PART:
            self._bucket.written("put_object", _inside(key), first)
        else:
            multipart.send(self._bucket, _inside(key), first, content)

    def put_if_absent(self, key: str, content: BinaryIO) -> bool:
        first = multipart.first_of(content)
        if len(first) < multipart.PART:
            return self.replace(key, None, first) is not None
        # Asking first saves sending a gigabyte to be told that it is there.
        if self._there(_inside(key)):
            return False
        try:
            multipart.send(self._conditional, key, first, content, IfNoneMatch="*")
        except UnmetError as unmet:
            if unmet.conflict and not self._there(key):
                raise OutsideError(f"{key} of {self.place} was written by others at the same time") from unmet
            return False
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        # Sorted here: not every server lists in the order of the keys.
        return iter(sorted(found.key for found in self.listed(prefix)))

    @property
    def page(self) -> int:
        return 1000

    def listed(self, prefix: str) -> Iterator[Listed]:
        return (found for found in self._bucket.listed(prefix) if found.key != _PROBE)

    def folders(self, prefix: str) -> Iterator[str]:
        return iter(self._bucket.folders(prefix))

    def version(self, key: str) -> Version | None:
        try:
            with self._stream(_inside(key)) as stream:
                return Version(stream.etag, stream.readall())
        except KeyError:
            return None

    def replace(self, key: str, version: str | None, content: bytes) -> str | None:
        condition = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        for wait in _WAITS:
            time.sleep(wait)
            try:
                return self._conditional.written("put_object", _inside(key), content, **condition)
            except KeyError:
                return None
            except UnmetError as unmet:
                if unmet.conflict:
                    continue
                # The answer to our first try may have been lost; then what is there is ours.
                there = self.version(key) if unmet.retried else None
                return there.mark if there and there.content == content else None
        raise OutsideError(f"{key} of {self.place} is written by others all the time")

    def _stream(self, key: str) -> "ObjectStream":
        from ci_steps.adapters.s3_blobs.reading import ObjectStream

        return ObjectStream(self._bucket, key)

    @cached_property
    def _bucket(self) -> "Bucket":
        # boto3 takes a third of a second to load; a fetch that finds all in its cache needs none of it.
        from ci_steps.adapters.s3_blobs.bucket import Bucket

        return Bucket.of(self.place, self.region, self.seconds)

    @cached_property
    def _conditional(self) -> "Bucket":
        """The bucket, once it has shown that it refuses a write whose condition does not hold.

        A server that does not know the conditions would take every write, and an entry of the ledger be lost.
        """
        written = [
            self._probed(IfNoneMatch="*") and self._probed(IfNoneMatch="*"),
            self._probed(IfMatch=_NO_SUCH_ETAG),
        ]
        if any(written):
            raise conditions.unknown(self.place, self._bucket.endpoint)
        return self._bucket

    def _probed(self, **condition: str) -> bool:
        """Whether a write went through."""
        try:
            self._bucket.written(
                "put_object", _PROBE, b"see whether writes can be conditional\n", **condition
            )
        except (UnmetError, KeyError):
            return False
        return True

    def _there(self, key: str) -> bool:
        try:
            with self._stream(key):
                return True
        except KeyError:
            return False


def _inside(key: str) -> str:
    if any(part in {"", ".", ".."} for part in key.split("/")):
        raise InputError(f"key {key!r} leads outside the store", hint="put a plain file there")
    return key
