"""The run directory: the only thing that passes between steps."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

from ci_steps.documents import DOCUMENTS, Document
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile
from ci_steps.model.value import Value
from ci_steps.model.wire import decoded, pretty

D = TypeVar("D", bound=Document)


class RunDir(Value, frozen=True):
    """A folder with one document a step, and the files that they name by digest."""

    root: Path

    def path(self, kind: type[Document]) -> Path:
        return self.root / f"{kind.name}.json"

    def has(self, kind: type[Document]) -> bool:
        return self.path(kind).is_file()

    def read(self, kind: type[D]) -> D:
        """Return the document, whole and as its step left it; anything else is an input error."""
        path = self.path(kind)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise InputError(
                f"{path} is missing", hint=f"run `python -m ci_steps {kind.name}` first, or `release` for all"
            ) from error
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        document: D = _sound(content, kind, path)
        return document

    def digest(self, kind: type[Document]) -> Digest:
        """Return the digest of a document: its seal, which held when it was read."""
        seal = self.read(kind).seal
        assert seal is not None
        return seal

    def write(self, document: Document) -> None:
        """Put the document under its name, sealed, whole or not at all."""
        sealed = msgspec.structs.replace(document, seal=document.digest)
        self.write_bytes(f"{document.name}.json", pretty(sealed))

    def write_bytes(self, name: str, content: bytes) -> Path:
        """Put a file in the run directory, whole or not at all, and return where it lies."""
        return self._put(name, content, lasting=True)

    def write_view(self, name: str, content: bytes) -> Path:
        """Do the same with what can be made again: it need not be on the disk before one goes on."""
        return self._put(name, content, lasting=False)

    def _put(self, name: str, content: bytes, *, lasting: bool) -> Path:
        path = self.root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".half-", delete=False) as file:
                try:
                    file.write(content)
                    file.flush()
                    if lasting:
                        os.fsync(file.fileno())
                    Path(file.name).chmod(0o644)
                    Path(file.name).replace(path)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise OutsideError(
                f"{path} cannot be written: {error.strerror}", hint="make room, or use --run-dir"
            ) from error
        return path

    def fresh_folder(self, name: str) -> Path:
        """Return a folder of the run directory, emptied; a link that stands there is not followed."""
        folder = self.root / name
        try:
            if folder.is_symlink() or folder.is_file():
                folder.unlink()
            elif folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
        except OSError as error:
            raise OutsideError(
                f"{folder} cannot be made anew: {error.strerror}", hint="make room, or use --run-dir"
            ) from error
        return folder

    def verified(self, folder: str, file: ModelFile) -> Path:
        """Return the path of a file that has the bytes noted for it; a changed one is an input error."""
        path = self.root / folder / file.path
        if path.is_symlink() or not path.is_file():
            raise InputError(f"{path} is missing", hint="run `python -m ci_steps fetch-model` again")
        if Digest.of_file(path) != file.digest:
            raise InputError(
                f"{path} is not what was fetched", hint="run `python -m ci_steps fetch-model` again"
            )
        return path

    def drop(self, *kinds: type[Document]) -> None:
        """Take documents away."""
        for kind in kinds:
            try:
                self.path(kind).unlink(missing_ok=True)
            except OSError as error:
                raise InputError(
                    f"{self.path(kind)} cannot be taken away: {error.strerror}", hint="take it away by hand"
                ) from error

    @property
    def present(self) -> tuple[type[Document], ...]:
        return tuple(kind for kind in DOCUMENTS if self.has(kind))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes out of this directory, and sweep what a killed one left half-written."""
        try:
            self._refuse_a_folder_of_something_else()
            self.root.mkdir(parents=True, exist_ok=True)
            with suppress(OSError), (self.root / ".gitignore").open("x") as ignore:
                # What lies here is no change to the checkout that it lies in. On a full disk it is what is
                # written next that counts.
                ignore.write("*\n")
            lock = (self.root / ".lock").open("a+")
        except OSError as error:
            raise InputError(f"{self.root} cannot be the run directory: {error.strerror}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    f"another process works in {self.root}", hint="wait for it, or use another --run-dir"
                ) from error
            for half in self.root.rglob(".half-*"):
                if not half.is_dir():
                    half.unlink(missing_ok=True)
            yield

    def _refuse_a_folder_of_something_else(self) -> None:
        """Refuse a folder with somebody else's files: steps empty folders and replace files in theirs."""
        if not self.root.is_dir() or (self.root / ".lock").is_file() or self.present:
            return
        if found := sorted(path.name for path in self.root.iterdir() if path.name != ".gitignore"):
            raise InputError(
                f"{self.root} is no run directory: {found[0]} lies in it",
                hint="name an empty or a new folder with --run-dir, or leave it out for .release",
            )


@lru_cache(maxsize=32)
def _sound(content: bytes, kind: type[D], path: Path) -> D:
    """Return what the bytes of a document say; equal bytes are decoded, and their seal checked, once."""
    again = f"delete it and run `python -m ci_steps {kind.name}` again"
    try:
        document = decoded(content, kind, where=str(path))
    except InputError as error:
        raise InputError(str(error), hint=again) from error
    if document.seal != document.digest:
        raise InputError(f"{path} was edited after its step wrote it", hint=again)
    return document
