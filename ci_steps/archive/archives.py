"""`models export` and `models import` of images: which one is meant, and where its archive lies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_steps.archive.choice import Found, archived, key_of, released
from ci_steps.archive.exporting import Export
from ci_steps.archive.importing import Import
from ci_steps.archive.layout import Image
from ci_steps.archive.place import Place
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.ledger import History
from ci_steps.model.refs import ModelRef
from ci_steps.ports import Blobs, Ledger, ModelStore, Progress, Registry


@dataclass(frozen=True, slots=True)
class Exported:
    """An archive that is there, whole and verified."""

    image: Image
    found: Found
    where: str
    new: bool
    """False where it was there before, and only verified now."""


@dataclass(frozen=True, slots=True)
class Imported:
    """An image that a registry holds, by the digest that it always had."""

    image: Image
    reference: str
    where: str
    found: Found | None
    """The newest release of it, where the ledger knows one."""
    sent: int
    """Bytes of layers that the registry lacked."""


@dataclass(frozen=True, slots=True)
class Archives:
    """Released images as OCI archives: beside the models in a store, or in a file."""

    store: ModelStore
    blobs: Blobs
    place: str
    """What people know the store by."""
    files: Callable[[Path], Blobs]
    """Gives a folder of files."""
    environments: tuple[str, ...]
    ledger: Callable[[str], Ledger]
    registry: Registry
    progress: Progress

    def exported(self, ref: ModelRef, *, environment: str = "", to: Path | None = None) -> Exported:
        """Write the image of the newest verified release of a model, or verify the archive that is there."""
        manifest = self.store.manifest(ref)
        histories = self._histories(environment)
        every = released(histories, manifest.name, manifest.sha)
        if not every:
            model, into = f"{manifest.name}@{manifest.sha.short}", " or ".join(histories)
            raise InputError(
                f"{model} was never live in {into}, by the ledger",
                hint="release it first; `history` lists what was",
            )
        key = key_of(manifest.name, manifest.sha, every[0].release.image)
        place = self._file(to) if to else self._stored(key)
        image, new = Export(self.registry, self.progress).written(every[0].release, place)
        return Exported(image, every[0], place.name, new)

    def imported(
        self, ref: ModelRef, repository: str, *, source: Path | None = None, digest: Digest | None = None
    ) -> Imported:
        """Push an archived image to ``repository`` and read back by which digest the registry names it."""
        histories = self._histories()
        if ref.tag:
            ref = ModelRef.exact(ref.name, self.store.manifest(ref).sha)
        if source:
            place = self._file(source)
        else:
            keys = self.blobs.keys(f"images/{ref.name}/{ref.sha}")
            chosen = archived(keys, ref, digest, histories)
            place, digest = self._stored(chosen.key), chosen.image
        image, sent = Import(self.registry, self.progress, repository).pushed(place, ref, digest)
        known = released(histories, image.model, image.sha)
        found = next((each for each in known if each.release.image == image.digest), None)
        return Imported(image, f"{repository}@{image.digest}", place.name, found, sent)

    def _histories(self, environment: str = "") -> Mapping[str, History]:
        if environment and environment not in self.environments:
            known = ", ".join(self.environments)
            raise InputError(f"{environment!r} is not an environment", hint=f"one of: {known}")
        names = (environment,) if environment else self.environments
        return {name: self.ledger(name).history() for name in names}

    def _stored(self, key: str) -> Place:
        return Place(self.blobs, key, f"{self.place}/{key}")

    def _file(self, path: Path) -> Place:
        if path.is_dir():
            raise InputError(f"{path} is a folder", hint="name the archive's file")
        whole = path.resolve()
        return Place(self.files(whole.parent), whole.name, str(path))
