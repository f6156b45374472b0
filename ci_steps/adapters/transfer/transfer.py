import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ci_steps.adapters.transfer.cache import ContentCache
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import ChangedError, PartialError, Progress, Source


@dataclass(frozen=True, slots=True)
class Transfer:
    """Files of sources, fetched into the cache."""

    cache: ContentCache
    progress: Progress

    def bring(self, source: Source, files: Sequence[SourceFile]) -> dict[str, ModelFile]:
        total, done = sum(file.size for file in files), 0
        brought = {}
        for file in files:
            brought[file.path] = self._one(source, file)
            done += file.size
            self.progress.advance(done, total, "bytes")
        return brought

    def read(self, source: Source, file: SourceFile, *, most: int) -> bytes:
        if file.size > most:
            raise InputError(f"{file.locator} has {file.size:,} bytes, {most:,} at most are read of it")
        one = self._one(source, file)
        return self.cache.place(one.digest).read_bytes()

    def put(self, file: ModelFile, path: Path) -> bool:
        return self.cache.put(file, path)

    def keep(self, content: bytes) -> Digest:
        digest = Digest.of(content)
        if not self.cache.has(digest, len(content)):
            half = self.cache.half()
            half.write_bytes(content)
            self.cache.keep(half, digest)
        return digest

    def _one(self, source: Source, file: SourceFile) -> ModelFile:
        known = file.checksums.get("sha256")
        if known and self.cache.has(Digest(known), file.size):
            return ModelFile(path=file.path, size=file.size, sha256=known)
        half = self.cache.half()
        try:
            digest = self._copied(source, file, half)
            self.cache.keep(half, digest)
        finally:
            half.unlink(missing_ok=True)
        return ModelFile(path=file.path, size=file.size, sha256=digest.hex)

    def _copied(self, source: Source, file: SourceFile, half: Path) -> Digest:
        hashers = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
        size = 0
        with half.open("wb") as copy:
            for block in _blocks(source, file):
                copy.write(block)
                size += len(block)
                for hasher in hashers.values():
                    hasher.update(block)
            copy.flush()
            os.fsync(copy.fileno())
        if size < file.size:
            raise PartialError(f"{file.locator} broke off: {size:,} of {file.size:,} bytes came")
        for kind, hasher in hashers.items():
            if size != file.size or file.checksums.get(kind, hasher.hexdigest()) != hasher.hexdigest():
                raise ChangedError(
                    f"{file.locator} is not what it was: its {kind} differs", hint="plan again, or restore it"
                )
        return Digest(hashers["sha256"].hexdigest())


def _blocks(source: Source, file: SourceFile) -> Iterator[bytes]:
    request = source.request(file, 0, file.size - 1)
    if not request.url.startswith("file://"):
        raise OutsideError("only files yet")
    with Path(unquote(urlsplit(request.url).path)).open("rb") as stream:
        while block := stream.read(1 << 20):
            yield block
