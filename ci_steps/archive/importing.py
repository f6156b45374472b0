import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ci_steps.archive.layout import MANIFEST, Image
from ci_steps.archive.place import Place
from ci_steps.archive.reading import Archive
from ci_steps.archive.telling import telling
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.refs import ModelRef
from ci_steps.ports import Progress, Registry


@dataclass(frozen=True, slots=True)
class Import:
    """From an archive into a repository; nothing is sent before the archive's last byte was verified."""

    registry: Registry
    progress: Progress
    repository: str

    def pushed(self, place: Place, ref: ModelRef, digest: Digest | None) -> tuple[Image, int]:
        """Return the image of ``ref``, which is in the registry now, and how many bytes that took."""
        with tempfile.TemporaryDirectory(prefix="ci-steps-import-") as folder:
            image = self._verified(place, ref, digest, Path(folder))
            sent = self._send(image, Path(folder))
        self._name(image)
        return image, sent

    def _verified(self, place: Place, ref: ModelRef, digest: Digest | None, into: Path) -> Image:
        """Read the whole archive and keep, in ``into``, the layers that the registry lacks."""
        with place.opened() as stream:
            if stream is None:
                raise InputError(f"there is no archive {place.name}", hint="see to its name")
            self.progress.say(f"reading {place.name}")
            archive = Archive(stream, place.name, self.progress)
            image = archive.image()
            image.hold_to(ref, digest, where=place.name)
            for layer in image.blobs:
                pieces = archive.layer(layer)
                if self.registry.has(self.repository, layer.digest):
                    for _ in pieces:
                        pass
                else:
                    _keep(pieces, into / layer.digest.hex)
            archive.end()
        return image

    def _send(self, image: Image, folder: Path) -> int:
        missing = [layer for layer in image.blobs if (folder / layer.digest.hex).is_file()]
        total, done = sum(layer.size for layer in missing), 0
        self.progress.say(f"sending {len(missing)} of {len(image.blobs)} layers, {total:,} bytes")
        for layer in missing:
            tell = telling(self.progress, total, before=done)
            self.registry.send(self.repository, layer.digest, folder / layer.digest.hex, on_bytes=tell)
            done += layer.size
        config = folder / "config.json"
        _keep((image.config,), config)
        self.registry.send(self.repository, Digest.of(image.config), config)
        return total

    def _name(self, image: Image) -> None:
        """Put the manifest, now that all it names is there, and read back by which digest it is known."""
        named = self.registry.put_manifest(self.repository, image.tag, image.manifest, MANIFEST)
        by_tag, _ = self.registry.manifest(f"{self.repository}:{image.tag}")
        by_digest, _ = self.registry.manifest(f"{self.repository}@{image.digest}")
        for digest in (named, Digest.of(by_tag), Digest.of(by_digest)):
            if digest != image.digest:
                raise OutsideError(
                    f"{self.repository} names the image {digest}, imported was {image.digest}",
                    hint="do not use this image; find out what rewrites images in the registry",
                )


def _keep(pieces: Iterable[bytes], path: Path) -> None:
    try:
        file = path.open("wb")
        with file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        raise OutsideError(
            f"{path} cannot be written: {error.strerror}", hint="make room, or set TMPDIR to where room is"
        ) from error
