"""Named bytes in a folder."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ci_steps.errors import InputError, OutsideError

_BUFFER = 1 << 20
_IGNORE = ".gitignore"
"""No key: it is git's."""


@dataclass(frozen=True, slots=True)
class FolderBlobs:
    """A folder, here or on a network share, with one file a key.

    A file appears under its name only when it is whole, by a rename or a link on the same file system,
    so a reader never sees half of one and of two writers one wins.
    """

    root: Path
    ignored: bool = False
    """Whether a folder that is made here hides itself from the git checkout it lies in.

    What was there before keeps its ways: somebody may want to commit it.
    """

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        path = self._path(key)
        if key == _IGNORE:
            raise KeyError(key)
        try:
            file = path.open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise KeyError(key) from error
        except OSError as error:
            raise OutsideError(f"{path} cannot be read: {error.strerror}") from error
        with file:
            yield file

    def put(self, key: str, content: BinaryIO) -> None:
        with self._written(key, content) as (half, path):
            half.replace(path)

    def put_if_absent(self, key: str, content: BinaryIO) -> bool:
        if self._path(key).exists():
            return False
        with self._written(key, content) as (half, path):
            try:
                # link(2) fails where the name exists; rename(2) would replace it.
                os.link(half, path)
            except FileExistsError:
                return False
            finally:
                half.unlink(missing_ok=True)
        return True

    def keys(self, prefix: str) -> Iterator[str]:
        # Only the folder that the prefix lies in is walked: a store may hold a million objects.
        top = self._path(prefix.rpartition("/")[0]) if "/" in prefix else self.root
        found = (
            (Path(folder) / name).relative_to(self.root).as_posix()
            for folder, _, names in os.walk(top)
            for name in names
            if not name.startswith(".half-")
        )
        return iter(sorted(key for key in found if key.startswith(prefix) and key != _IGNORE))

    def _path(self, key: str) -> Path:
        path = self.root / key
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise InputError(
                f"key {key!r} leads outside {self.root}",
                hint="put a plain file there, or publish the model again",
            )
        return path

    @contextmanager
    def _written(self, key: str, content: BinaryIO) -> Iterator[tuple[Path, Path]]:
        path = self._path(key)
        try:
            self._make_root()
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".half-")
            half = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    shutil.copyfileobj(content, file, _BUFFER)
                    file.flush()
                    os.fsync(file.fileno())
                half.chmod(0o644)
                yield half, path
            finally:
                half.unlink(missing_ok=True)
        except OSError as error:
            raise OutsideError(
                f"{path} cannot be written: {error.strerror}", hint="make room there"
            ) from error

    def _make_root(self) -> None:
        try:
            self.root.mkdir(parents=True)
        except FileExistsError:
            return
        if self.ignored and any((above / ".git").exists() for above in self.root.resolve().parents):
            with suppress(OSError):  # on a full disk it is what is written next that counts
                (self.root / _IGNORE).write_text("*\n")
