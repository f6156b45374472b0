"""Files of models by their SHA-256, so that what was fetched once is not fetched again."""

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ci_steps.errors import OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile


@dataclass(frozen=True, slots=True)
class ContentCache:
    """A folder with one read-only file a content. Whatever it gives out was hashed on the way out."""

    root: Path

    def has(self, digest: Digest, size: int) -> bool:
        """Return whether a file of this name and size is there; its bytes are looked at when it is used."""
        with suppress(OSError):
            return self.place(digest).stat().st_size == size
        return False

    def place(self, digest: Digest) -> Path:
        return self.root / "objects" / digest.hex[:2] / digest.hex

    def keep(self, half: Path, digest: Digest) -> None:
        """Give a whole file, on the cache's own file system, the name of its content."""
        place = self.place(digest)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            half.chmod(0o444)
            half.replace(place)
        except OSError as error:
            raise _unwritable(place, error) from error

    def half(self) -> Path:
        """Return a new empty file, for bytes whose name is not known yet."""
        folder = self.root / "half"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder)
        except OSError as error:
            raise _unwritable(folder, error) from error
        os.close(descriptor)
        return Path(name)

    def put(self, file: ModelFile, path: Path) -> bool:
        """Link or copy a content to ``path``; one that is spoilt is dropped, and counts as not there."""
        if not self.has(file.digest, file.size):
            return False
        place = self.place(file.digest)
        with place.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != file.sha256:
                place.unlink(missing_ok=True)
                return False
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(place, path)
        except FileExistsError:
            raise
        except OSError:
            shutil.copyfile(place, path)
        return True


def _unwritable(path: Path, error: OSError) -> OutsideError:
    return OutsideError(
        f"{path} cannot be written: {error.strerror}", hint="make room, or set CI_STEPS_CACHE"
    )
