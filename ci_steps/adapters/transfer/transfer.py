from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_steps.adapters.transfer.cache import ContentCache, unwritable
from ci_steps.adapters.transfer.limits import Limits
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import Progress, Source


@dataclass(frozen=True, slots=True)
class Transfer:
    """Files of any source, fetched into the cache: several ranges and files at once, hashed as they come.

    What ends with an error leaves nothing under a name, and of large files what was there of them, for
    the next try. Whatever has no checksum and comes over plain http is read twice, see :class:`Lane`.
    """

    cache: ContentCache
    progress: Progress
    limits: Limits = field(default_factory=Limits)
    variables: Mapping[str, str] = field(default_factory=dict)
    """For the proxies that it names."""

    def bring(self, source: Source, files: Sequence[SourceFile]) -> dict[str, ModelFile]:
        total = sum(file.size for file in files)
        brought: dict[str, ModelFile] = {}
        absent: dict[tuple[str, int], SourceFile] = {}
        for file in files:
            known = file.checksums.get("sha256", "").lower()
            if known and self.cache.has(Digest(known), file.size):
                brought[file.path] = ModelFile(path=file.path, size=file.size, sha256=known)
            else:
                absent.setdefault((known or f"path {file.path}", file.size), file)
        have = sum(file.size for file in brought.values())
        self.progress.advance(have, total, "bytes")
        if absent:
            brought |= self._fetched(source, list(absent.values()), have, total)
            for file in files:
                if file.path not in brought:  # its content came under the path of another
                    sha256 = file.checksums["sha256"].lower()
                    brought[file.path] = ModelFile(path=file.path, size=file.size, sha256=sha256)
        return {file.path: brought[file.path] for file in files}

    def read(self, source: Source, file: SourceFile, *, most: int) -> bytes:
        if file.size > most:
            raise InputError(f"{file.locator} has {file.size:,} bytes, {most:,} at most are read of it")
        for _ in range(2):
            one = self.bring(source, (file,))[file.path]
            content = self.cache.place(one.digest).read_bytes()
            if Digest.of(content) == one.digest:
                return content
            self.cache.place(one.digest).unlink(missing_ok=True)
        raise InputError(f"{self.cache.place(one.digest)} is written by another program")

    def put(self, file: ModelFile, path: Path) -> bool:
        return self.cache.put(file, path)

    def keep(self, content: bytes) -> Digest:
        digest = Digest.of(content)
        if not self.cache.has(digest, len(content)):
            begun = self.cache.begin("")
            try:
                with open(begun.descriptor, "wb", closefd=False) as stream:
                    stream.write(content)
            except OSError as error:
                begun.close(keep=False)
                raise unwritable(begun.path, error) from error
            self.cache.keep(begun, digest)
        return digest

    def _fetched(
        self, source: Source, files: list[SourceFile], have: int, total: int
    ) -> dict[str, ModelFile]:
        # The lanes and what they need take a while to import; most commands find all in the cache.
        from ci_steps.adapters.transfer.fetching import Fetching

        wanted = sum(file.size for file in files)
        self.cache.tidy(wanted)
        self.cache.refuse_without_room(wanted)
        known = (file.checksums.get("sha256", "").lower() for file in files)
        self.cache.upkeep.use(*filter(None, known))
        fetching = Fetching(source, files, self.cache, self.limits, self.variables)
        return fetching.run(lambda came: self.progress.advance(min(total, have + came), total, "bytes"))
