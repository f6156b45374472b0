"""Named bytes in a folder."""

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ci_steps.errors import InputError, OutsideError
from ci_steps.ports import Listed, Version

_BUFFER = 1 << 20
_IGNORE = ".gitignore"
"""No key: it is git's."""
_LOCK = ".lock"
"""No key: who replaces a file holds the one beside it."""


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
        return iter(sorted(key for key, _ in self._found(prefix)))

    @property
    def page(self) -> int:
        """Everything: a look at a folder costs next to nothing."""
        return sys.maxsize

    def listed(self, prefix: str) -> Iterator[Listed]:
        for key, entry in self._found(prefix):
            try:
                seen = entry.stat()
            except FileNotFoundError:
                continue
            yield Listed(key, _mark(seen), seen.st_mtime)

    def folders(self, prefix: str) -> Iterator[str]:
        for entry in self._entries(self._path(prefix)):
            if entry.is_dir():
                yield entry.name

    def version(self, key: str) -> Version | None:
        try:
            with self.open(key) as file:
                return Version(_mark(os.fstat(file.fileno())), file.read())
        except KeyError:
            return None

    def replace(self, key: str, version: str | None, content: bytes) -> str | None:
        with self._written(key, BytesIO(content)) as (half, path), self._alone(path):
            if (_mark(path.stat()) if path.exists() else None) != version:
                return None
            half.replace(path)
            return _mark(path.stat())

    def _found(self, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Give every key of the prefix; no folder is looked into that cannot hold one."""
        top = prefix.rpartition("/")[0]
        left = [(f"{top}/" if top else "", str(self._path(top) if top else self.root))]
        while left:
            before, folder = left.pop()
            for entry in self._entries(folder):
                key = before + entry.name
                if entry.is_dir():
                    if not entry.is_symlink() and f"{key}/".startswith(prefix[: len(key) + 1]):
                        left.append((f"{key}/", entry.path))
                elif key.startswith(prefix) and not _is_ours(entry.name, key):
                    yield key, entry

    def _entries(self, folder: str | Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise OutsideError(f"{folder} cannot be read: {error.strerror}") from error

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """Keep others from replacing what is at ``path`` meanwhile."""
        with path.with_name(_LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

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


def _is_ours(name: str, key: str) -> bool:
    return key == _IGNORE or name == _LOCK or name.startswith(".half-")


def _mark(seen: os.stat_result) -> str:
    """Return what differs for other content: each is written to a file of its own and renamed."""
    return f"{seen.st_mtime_ns:x}-{seen.st_size:x}"
