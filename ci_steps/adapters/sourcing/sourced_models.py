import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.model_folder import ModelFolder
from ci_steps.adapters.sourcing import absent, paths, pins
from ci_steps.adapters.sourcing.unpacking import unpacked
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.refs import ModelRef
from ci_steps.model.sourced import Elsewhere, Found, Imported, SourceFile
from ci_steps.model.wire import digest_of
from ci_steps.ports import ChangedError, Programs, Progress, Shape, Source, Transfers

_SMALL = 64 << 20
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class SourcedModels:
    """Models of other systems, kept in the kit's store by their SHA.

    The store gets the manifest, and every file that is small evidence or was made here; what the model loads
    stays where it is, and the store knows where. So a release of it can be compared with, traced and taken
    back without asking the other system anything.
    """

    store: KitStore
    source: Callable[[str], Source]
    """The source of a scheme."""
    shapes: tuple[Shape, ...]
    transfers: Transfers
    scratch: Path
    """A folder on the cache's file system."""
    programs: Programs
    progress: Progress

    def named(self, text: str) -> Manifest:
        """Return the model that a person names, by its address or as the store knows it."""
        return (
            self.manifest(Address.parse(text))
            if Address.is_one(text)
            else self.store.manifest(ModelRef.parse(text))
        )

    def manifest(self, address: Address) -> Manifest:
        manifest, _ = self._brought(address, whole=False)
        return manifest

    def imported(self, address: Address) -> tuple[Manifest, bool]:
        """Put every file of the model into the store; false where all were there."""
        return self._brought(address, whole=True)

    def _brought(self, address: Address, *, whole: bool) -> tuple[Manifest, bool]:
        source = self.source(address.scheme)
        found = source.resolve(address)
        resolved = found.origin.address
        for line in found.said:
            self.progress.say(line)
        # What the system says of the model is in its SHA: where that changed, it is another model.
        key = digest_of((found.origin, sorted(found.files, key=_path)))
        earlier = self.store.earlier(key)
        if earlier:
            pins.refuse_other(address, resolved, earlier, self.store)
            self._tell(address, resolved, earlier)
            return earlier, whole and self._whole(earlier)
        shaped = self._shaped(found, source)
        for line in shaped.said[len(found.said) :]:
            self.progress.say(line)
        paths.refuse_unplaceable(shaped)
        if not shaped.packed:
            paths.refuse_unloadable({file.path for file in shaped.files} | shaped.made.keys(), resolved)
        files = self.transfers.bring(source, shaped.files)
        with self._folder(files, shaped.made) as folder:
            if shaped.packed:
                files = _without(files, shaped.packed) | unpacked(folder, shaped.packed, resolved)
                paths.refuse_unloadable(files.keys() | shaped.made.keys(), resolved)
            with _said_of(address, resolved, folder):
                manifest = self._manifest(folder, shaped, files)
            pins.refuse_other(address, resolved, manifest, self.store)
            stays = {} if whole else _stays(manifest, shaped, source=resolved)
            new = self.store.publish(manifest, folder, elsewhere=stays)
        self.store.note(key, Imported(address=resolved, name=manifest.name, sha=manifest.sha))
        self._tell(address, resolved, manifest)
        return manifest, new

    def _whole(self, manifest: Manifest) -> bool:
        """Put every file into the store that knew the model, but of some files only the place.

        Nothing is made anew, as a lock would be: today's would be another one, and so another model.
        """
        with self._folder({}, {}) as folder:
            if differing := self.store.fetch(manifest.files, folder):
                raise ChangedError(
                    f"{differing[0].relative_to(folder)} is not what it was when {manifest.name}@"
                    f"{manifest.sha.short} was found",
                    hint="restore it where it lies",
                )
            return self.store.publish(manifest, folder)

    def _shaped(self, found: Found, source: Source) -> Found:
        for shape in self.shapes:
            if shape.fits(found):
                return shape.shaped(found, lambda file: self.transfers.read(source, file, most=_SMALL))
        return found

    def _manifest(self, folder: Path, found: Found, files: dict[str, ModelFile]) -> Manifest:
        """Return the manifest that lies with the files, where one does; else the one that they make."""
        if _MANIFEST in files:
            where = f"{_MANIFEST} of {found.origin.address}"
            manifest = Manifest.parse((folder / _MANIFEST).read_bytes(), where=where)
            return pins.published(manifest, files, where)
        for why in absent.filled(folder):
            self.progress.say(why)
        made = ModelFolder(
            folder, folder, folder / "release.yaml", self.programs, module=self.named, found=found
        )
        return made.manifest()

    @contextmanager
    def _folder(self, files: dict[str, ModelFile], made: dict[str, bytes]) -> Iterator[Path]:
        """Give a folder of the model's files as training would have left it."""
        try:
            self.scratch.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self.scratch))
        except OSError as error:
            raise OutsideError(f"{self.scratch} cannot be written: {error.strerror}") from error
        try:
            for file in files.values():
                if not self.transfers.put(file, folder / file.path):
                    raise OutsideError(f"{file.path} was taken out of the cache while it was used")
            for path, content in made.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _tell(self, address: Address, resolved: str, manifest: Manifest) -> None:
        is_ = "" if resolved == address.unpinned else f" is {resolved}, which"
        self.progress.say(f"{address.unpinned}{is_} is {manifest.name}@{manifest.sha.hex}")
        if address.pin is None:
            self.progress.say(f"to pin it: {address.unpinned}#sha256={manifest.sha.hex}")


@contextmanager
def _said_of(address: Address, resolved: str, folder: Path) -> Iterator[None]:
    """Say of the address what is wrong with the files; of a pinned model that they are others now."""
    try:
        yield
    except InputError as error:
        text = str(error).replace(str(folder), resolved)
        if address.pin:
            raise ChangedError(
                f"{address.unpinned} is not seen to be the pinned {address.pin.short}: {text}",
                hint=error.hint,
            ) from error
        raise type(error)(text, hint=error.hint) from error


def _without(files: dict[str, ModelFile], paths: tuple[str, ...]) -> dict[str, ModelFile]:
    return {path: file for path, file in files.items() if path not in paths}


def _path(file: SourceFile) -> str:
    return file.path


def _stays(manifest: Manifest, found: Found, *, source: str) -> dict[Digest, Elsewhere]:
    """Return where those files lie that the store need not hold: what the model loads."""
    there: dict[str, SourceFile] = {file.path: file for file in found.files if file.path.startswith("model/")}
    return {
        file.digest: Elsewhere(
            address=source,
            file=msgspec.structs.replace(
                there[file.path], checksums=there[file.path].checksums | {"sha256": file.sha256}
            ),
        )
        for file in manifest.files
        if file.path in there
    }
