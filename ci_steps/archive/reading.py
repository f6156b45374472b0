"""An archive that somebody brings: believed only as far as it was verified."""

import hashlib
import tarfile
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

from ci_steps.archive.layout import (
    BLOCK,
    DOCKER,
    INDEX,
    MARKER,
    Descriptor,
    Image,
    Index,
    end_after,
    header,
    manifest_of,
    padding,
)
from ci_steps.archive.telling import telling
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.wire import decoded
from ci_steps.ports import Progress

T = TypeVar("T")
_BUFFER = 1 << 20
_SMALL = 8 * 1024 * 1024
_HINT = "do not use this archive; export the image again"


class Archive:
    """One archive, read once from its start to its end: the image, then each layer, then the end.

    It must be what :func:`~ci_steps.archive.writing.archive_of` makes of its image, byte for byte. So no
    name in it is ever a path, and there is no room for a member, a link or a byte that does not belong.
    """

    def __init__(self, stream: BinaryIO, where: str, progress: Progress) -> None:
        self._stream, self._where, self._progress = stream, where, progress
        self._at = 0
        self._tell: Callable[[int], None] = lambda _: None  # how long it is, its own documents say

    def image(self) -> Image:
        """Read what stands before the layers."""
        marker = self._document(MARKER[0])
        index, docker = self._document(INDEX), self._document(DOCKER)
        [said] = self._understood(lambda: decoded(index, Index, where=INDEX)).manifests
        manifest = self._verified(said)
        config = self._verified(
            self._understood(lambda: manifest_of(manifest, where=str(said.digest))).config
        )
        image = self._understood(lambda: Image.of(manifest, config, where=str(said.digest)))
        for (name, content), found in zip(image.documents, (marker, index, docker), strict=False):
            if content != found:
                raise self._wrong(f"its {name} is not that of the image {image.digest}")
        self._tell = telling(self._progress, image.archive_size)
        return image

    def rest(self, image: Image) -> None:
        """Read all that comes after the documents of ``image``, to the end."""
        for layer in image.blobs:
            for _ in self.layer(layer):
                pass
        self.end()

    def layer(self, layer: Descriptor) -> Iterator[bytes]:
        """Give the next layer, which must be ``layer``: it raises at its end where the bytes are others."""
        size = self._header(layer.path, layer.size)
        hasher = hashlib.sha256()
        while size:
            piece = self._exactly(min(size, _BUFFER))
            hasher.update(piece)
            size -= len(piece)
            yield piece
        if hasher.hexdigest() != layer.digest.hex:
            raise self._wrong(f"{layer.path} has other bytes than its name says")
        self._zeros(padding(layer.size), after=layer.path)

    def end(self) -> None:
        """Read to the end, after which nothing may come."""
        self._zeros(end_after(self._at), after="the last layer")
        if self._stream.read(1):
            raise self._wrong(f"something follows its end at byte {self._at:,}")

    def _verified(self, blob: Descriptor) -> bytes:
        content = self._document(blob.path, blob.size)
        if Digest.of(content) != blob.digest:
            raise self._wrong(f"{blob.path} has other bytes than its name says")
        return content

    def _document(self, name: str, size: int | None = None) -> bytes:
        size = self._header(name, size)
        if not 0 <= size <= _SMALL:
            raise self._wrong(f"{name} has {size:,} bytes, a document has {_SMALL:,} at most")
        content = self._exactly(size)
        self._zeros(padding(size), after=name)
        return content

    def _header(self, name: str, size: int | None) -> int:
        """Read the header of the member ``name`` and return its size."""
        start = self._at
        found = self._exactly(BLOCK)
        try:
            member = tarfile.TarInfo.frombuf(found, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise self._wrong(f"at byte {start:,} is no header of {name}: {error}") from error
        if member.name != name:
            raise self._wrong(f"at byte {start:,} is {member.name!r}, expected is {name!r}")
        if size is not None and member.size != size:
            raise self._wrong(f"{name} has {member.size:,} bytes, its descriptor says {size:,}")
        if not member.isreg() or found != header(name, member.size):
            raise self._wrong(f"at byte {start:,} is {name!r}, but not as a plain file of an export")
        return member.size

    def _zeros(self, count: int, *, after: str) -> None:
        if any(self._exactly(count)):
            raise self._wrong(f"something stands between {after} and what comes next")

    def _exactly(self, count: int) -> bytes:
        blocks = []
        while count:
            block = self._stream.read(count)  # a bucket may give less at once
            if not block:
                raise self._wrong(f"it ends at byte {self._at:,}, in the middle")
            blocks.append(block)
            count -= len(block)
            self._at += len(block)
            self._tell(self._at)
        return b"".join(blocks)

    def _understood(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except InputError as error:
            raise self._wrong(str(error)) from error

    def _wrong(self, what: str) -> InputError:
        return InputError(f"{self._where}: {what}", hint=_HINT)
