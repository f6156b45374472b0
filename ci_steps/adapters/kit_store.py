"""The kit's own model store: objects by content, manifests by SHA, tags by name."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from ci_steps.adapters.shelves import Shelves
from ci_steps.adapters.stored import Checked, Tag
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.refs import NAME, ModelRef
from ci_steps.model.sourced import Elsewhere, Imported, SourceFile
from ci_steps.model.wire import canonical, decoded
from ci_steps.ports import ChangedError, LostError, Progress, Source, StoreBlobs, Transfers

_BUFFER = 1 << 20
# Consoles and file browsers leave other things in a bucket or a folder: what is not called so is not ours.
_MANIFEST = re.compile(rf"models/(?P<name>{NAME.pattern})/(?P<sha>[0-9a-f]{{64}})\.json")


@dataclass(frozen=True, slots=True)
class Beyond:
    """The way to bytes that the store only knows the place of."""

    transfers: Callable[[], Transfers]
    """Made when bytes are wanted: most commands want none."""
    source: Callable[[str], Source]
    """The source of a scheme."""


@dataclass(frozen=True, slots=True)
class KitStore:
    """Models under `objects/<sha256>`, `models/<name>/<sha>.json` and `tags/<name>/<tag>` of any blob place.

    A model is there as soon as its manifest is, which is put last; objects are put once and never change.
    Of an object that stays where it was found `elsewhere/<sha256>.json` says where that is, and
    `imports/<key>.json` which model an address was found to be. What is listed of it stands in `shelf/`.
    """

    blobs: StoreBlobs
    place: str
    progress: Progress
    beyond: Beyond | None = None

    def manifest(self, ref: ModelRef) -> Manifest:
        if len(ref.sha) == 64:
            with suppress(KeyError):
                return self._manifest(ref.name, ref.sha)
        sha = self._tagged(ref) if ref.tag else self._matching(ref)
        try:
            return self._manifest(ref.name, sha)
        except KeyError as error:
            raise InputError(
                f"{self.place} has lost the manifest of {ref.name}@{sha[:12]}",
                hint="publish the model again, or move the tag",
            ) from error

    def fetch(self, files: tuple[ModelFile, ...], into: Path) -> tuple[Path, ...]:
        total, done = sum(file.size for file in files), 0
        differing: list[Path] = []
        self._bring(files)
        for file in files:
            path = into / file.path
            try:
                if not self._here(file, path) and not self._copied(file, path):
                    differing.append(path)
            except OSError as error:
                path.unlink(missing_ok=True)
                raise OutsideError(
                    f"{path} cannot be written: {error.strerror}", hint="make room, or use another --run-dir"
                ) from error
            done += file.size
            self.progress.advance(done, total, "bytes")
        return tuple(differing)

    def content(self, digest: Digest) -> bytes:
        try:
            with self.blobs.open(f"objects/{digest.hex}") as stream:
                content = stream.read()
        except KeyError as error:
            raise self._lost(digest) from error
        if Digest.of(content) != digest:
            raise InputError(f"object {digest.short} of {self.place} is not what its name says")
        return content

    def publish(
        self, manifest: Manifest, folder: Path, *, elsewhere: Mapping[Digest, Elsewhere] | None = None
    ) -> bool:
        """Put the files of ``folder`` and then the manifest; false where this very model was there.

        Of those that are ``elsewhere`` it notes where they lie.
        """
        total, done = sum(file.size for file in manifest.files), 0
        for digest, there in (elsewhere or {}).items():
            self.blobs.put(f"elsewhere/{digest.hex}.json", BytesIO(canonical(there)))
        for file in manifest.files:
            if elsewhere and file.digest in elsewhere:
                continue
            with (folder / file.path).open("rb") as stream:
                checked = cast(BinaryIO, Checked(stream, file))
                self.blobs.put_if_absent(f"objects/{file.sha256}", checked)
            done += file.size
            self.progress.advance(done, total, "bytes")
        for module in manifest.modules:
            # A file of the whole, fetched by its digest as any other.
            content = canonical(self._manifest(module.name, module.sha.hex))
            self.blobs.put_if_absent(f"objects/{module.sha.hex}", BytesIO(content))
        key = f"models/{manifest.name}/{manifest.sha.hex}.json"
        new = self.blobs.put_if_absent(key, BytesIO(canonical(manifest)))
        self.shelves.published(manifest)
        return new

    @property
    def shelves(self) -> Shelves:
        """What the store has, as it is listed."""
        return Shelves(
            self.blobs,
            self.place,
            self.progress,
            manifest=self._manifest,
            content=self.content,
            tagged=lambda name, tag: self._tagged(ModelRef(name, tag=tag)),
        )

    def shown(self, ref: ModelRef) -> tuple[Manifest, dict[str, Digest]]:
        """Return a manifest and its model's tags for a person to look at, with few requests.

        What was noted of the model is believed, but for the manifest itself.
        """
        noted = self.shelves.noted(ref.name)
        found = [row.sha for row in noted.rows if row.sha.startswith(ref.sha)] if ref.sha else []
        if len(found) == 1:
            with suppress(KeyError):
                return self._manifest(ref.name, found[0]), noted.tagged
        return self.manifest(ref), noted.tagged

    def earlier(self, key: Digest) -> Manifest | None:
        """Return the model that these very files were found to be before."""
        name = f"imports/{key.hex}.json"
        try:
            with self.blobs.open(name) as stream:
                imported = decoded(stream.read(), Imported, where=f"{self.place}/{name}")
            return self._manifest(imported.name, imported.sha.hex)
        except KeyError:
            return None

    def note(self, key: Digest, imported: Imported) -> None:
        """Note which model these very files were found to be."""
        self.blobs.put_if_absent(f"imports/{key.hex}.json", BytesIO(canonical(imported)))

    def tag(self, name: str, tag: str, sha: Digest, *, by: str) -> None:
        """Let ``name:tag`` stand for a model that the store has."""
        self.manifest(ModelRef.exact(name, sha))
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        self.blobs.put(f"tags/{name}/{tag}", BytesIO(canonical(Tag(sha=sha, by=by, at=moment))))
        self.shelves.moved(name, tag)

    def tags(self, name: str) -> dict[str, Digest]:
        """Return every tag of a model and what it stands for; one that cannot be read is told of."""
        prefix, found = f"tags/{name}/", {}
        for key in self.blobs.keys(prefix):
            tag = key.removeprefix(prefix)
            try:
                ModelRef.parse(f"{name}:{tag}")
            except InputError:
                continue
            with self.blobs.open(key) as stream:
                content = stream.read()
            try:
                found[tag] = decoded(content, Tag, where=f"{self.place}/{key}").sha
            except InputError as error:
                self.progress.say(str(error))
        return found

    def names(self) -> tuple[str, ...]:
        """Return the name of every model."""
        return tuple(sorted({found["name"] for found in self._manifests("models/")}))

    def shas(self, name: str) -> Iterator[Digest]:
        """Give the SHA of every version of one model, in their own order."""
        for found in self._manifests(f"models/{name}/"):
            yield Digest(found["sha"])

    def _manifests(self, prefix: str) -> Iterator[re.Match[str]]:
        return filter(None, map(_MANIFEST.fullmatch, self.blobs.keys(prefix)))

    def _manifest(self, name: str, sha: str) -> Manifest:
        """Return the manifest of a whole SHA; KeyError where there is none."""
        where = f"manifest of {name}@{sha[:12]} in {self.place}"
        with self.blobs.open(f"models/{name}/{sha}.json") as stream:
            manifest = Manifest.parse(stream.read(), where=where)
        if manifest.sha.hex != sha or manifest.name != name:
            raise InputError(
                f"{where} is that of {manifest.name}@{manifest.sha.short}",
                hint="the store was changed by hand; publish the model anew",
            )
        return manifest

    def _tagged(self, ref: ModelRef) -> str:
        try:
            with self.blobs.open(f"tags/{ref.name}/{ref.tag}") as stream:
                return decoded(stream.read(), Tag, where=f"tag {ref}").sha.hex
        except KeyError as error:
            known = ", ".join(self.tags(ref.name)) or "none"
            raise InputError(
                f"{self.place} has no model {ref}", hint=f"tags of {ref.name}: {known}; see `models list`"
            ) from error

    def _matching(self, ref: ModelRef) -> str:
        matching = [found["sha"] for found in self._manifests(f"models/{ref.name}/{ref.sha}")]
        if len(matching) == 1:
            return matching[0]
        if matching:
            some = ", ".join(sha[:16] for sha in matching[:4])
            raise InputError(
                f"{ref} is ambiguous: {len(matching)} models: {some}", hint="give more characters"
            )
        others = [found["name"] for found in self._manifests("models/") if found["sha"].startswith(ref.sha)]
        hint = f"it is a SHA of {others[0]}: write {others[0]}@{ref.sha}" if others else "see `models list`"
        raise InputError(f"{self.place} has no model {ref}", hint=hint)

    def _copied(self, file: ModelFile, path: Path) -> bool:
        path.parent.mkdir(parents=True, exist_ok=True)
        hasher, size = hashlib.sha256(), 0
        try:
            with self.blobs.open(f"objects/{file.sha256}") as stream, path.open("xb") as copy:
                while block := stream.read(_BUFFER):
                    hasher.update(block)
                    copy.write(block)
                    size += len(block)
        except KeyError as error:
            return self._from_elsewhere(file, path, error)
        if hasher.hexdigest() == file.sha256 and size == file.size:
            return True
        path.unlink()
        return False

    def _bring(self, files: tuple[ModelFile, ...]) -> None:
        """Bring objects of a bucket into the cache, all at once; what fails is told file by file after."""
        if self.beyond is None or not Address.is_one(self.place):
            return
        objects = [
            SourceFile(
                path=file.sha256,
                size=file.size,
                locator=f"{self.place}/objects/{file.sha256}",
                checksums={"sha256": file.sha256},
            )
            for file in {file.sha256: file for file in files}.values()
        ]
        source, transfers = self.beyond.source(Address.parse(self.place).scheme), self.beyond.transfers()
        try:
            transfers.bring(source, objects)
        except ChangedError:
            # One is lost, spoilt or elsewhere. What is elsewhere is asked only now: mostly nothing is.
            away = {file.sha256 for file in files if self._elsewhere(file) is not None}
            if away:
                with suppress(ChangedError):
                    transfers.bring(source, [each for each in objects if each.path not in away])

    def _here(self, file: ModelFile, path: Path) -> bool:
        """Whether this machine had the bytes, and they are now at ``path``."""
        return self.beyond is not None and self.beyond.transfers().put(file, path)

    def _from_elsewhere(self, file: ModelFile, path: Path, error: KeyError) -> bool:
        """Bring what the store only knows the place of; false where other bytes lie there now."""
        there = self._elsewhere(file)
        if there is None or self.beyond is None:
            raise self._lost(file.digest) from error
        address = Address.parse(there.address)
        self.progress.say(f"fetching {file.path} from {address}")
        try:
            self.beyond.transfers().bring(self.beyond.source(address.scheme), (there.file,))
        except ChangedError as changed:
            self.progress.say(str(changed))
            return False
        return self._here(file, path)

    def _elsewhere(self, file: ModelFile) -> Elsewhere | None:
        """Return where an object lies that the store only knows the place of; None where it knows none."""
        try:
            with self.blobs.open(f"elsewhere/{file.sha256}.json") as stream:
                where = f"elsewhere/{file.sha256[:12]} of {self.place}"
                return decoded(stream.read(), Elsewhere, where=where)
        except KeyError:
            return None

    def _lost(self, digest: Digest) -> LostError:
        return LostError(f"{self.place} has lost object {digest.short}", hint="publish the model again")
