from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from ci_steps.archive.layout import MANIFEST, Descriptor, Image, manifest_of
from ci_steps.archive.place import Place
from ci_steps.archive.reading import Archive
from ci_steps.archive.telling import telling
from ci_steps.archive.writing import archive_of
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.refs import ModelRef
from ci_steps.model.release import Release
from ci_steps.ports import Progress, Registry


@dataclass(frozen=True, slots=True)
class Export:
    """From a registry into an archive, which appears under its name when it is whole and verified."""

    registry: Registry
    progress: Progress

    def written(self, release: Release, to: Place) -> tuple[Image, bool]:
        """Return the image, and whether its archive is new; one that was there is verified to its end."""
        there = self._there(release, to)
        if there is not None:
            return there, False
        image = self._in_registry(release)
        self.progress.say(f"reading {release.reference}, {image.archive_size:,} bytes")
        pieces = partial(self._pieces, release.repository)
        tell = telling(self.progress, image.archive_size)
        if to.blobs.put_if_absent(to.key, archive_of(image, pieces, on_bytes=tell)):
            return image, True
        there = self._there(release, to)  # somebody else was faster
        if there is None:
            raise OutsideError(f"{to.name} came and went away while it was written")
        return there, False

    def _there(self, release: Release, place: Place) -> Image | None:
        with place.opened() as stream:
            if stream is None:
                return None
            self.progress.say(f"verifying {place.name}, which is there already")
            try:
                archive = Archive(stream, place.name, self.progress)
                image = archive.image()
                image.hold_to(_model(release), release.image, where=place.name)
                archive.rest(image)
            except InputError as error:
                raise InputError(str(error), hint=f"delete {place.name}, then export again") from error
        return image

    def _in_registry(self, release: Release) -> Image:
        where = release.reference
        content, media_type = self.registry.manifest(where)
        if Digest.of(content) != release.image or media_type != MANIFEST:
            raise InputError(
                f"the registry gives another manifest for {where}: {Digest.of(content)}, {media_type}",
                hint="find out what rewrites images in the registry",
            )
        config = manifest_of(content, where=where).config.digest
        image = Image.of(content, self.registry.blob(release.repository, config), where=where)
        image.hold_to(_model(release), release.image, where=where)
        return image

    def _pieces(self, repository: str, layer: Descriptor) -> Iterator[bytes]:
        return self.registry.pieces(repository, layer.digest)


def _model(release: Release) -> ModelRef:
    return ModelRef.exact(release.model, release.sha)
