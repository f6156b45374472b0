"""What the kit's own store writes: tags, and the bytes of files as they were when they were hashed."""

import hashlib
from typing import Annotated, BinaryIO

from msgspec import Meta

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile
from ci_steps.model.wire import Wire


class Tag(Wire, frozen=True, kw_only=True):
    """Where a tag points, since when and by whose hand."""

    sha: Annotated[Digest, Meta(description="the model's SHA")]
    by: Annotated[str, Meta(description="who moved it")]
    at: Annotated[str, Meta(description="when, RFC 3339, UTC")]


class Checked:
    """A stream that, at its end, fails where it did not have the bytes it was said to have.

    Failing inside the last read keeps a place for blobs from ever naming the wrong bytes.
    """

    def __init__(self, stream: BinaryIO, file: ModelFile) -> None:
        self._stream = stream
        self._file = file
        self._hasher = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self._hasher.update(block)
        if (size < 0 or not block) and self._hasher.hexdigest() != self._file.sha256:
            raise InputError(f"{self._file.path} changed while it was published", hint="publish it again")
        return block
