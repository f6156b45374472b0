"""`file:FOLDER`: a model folder on this machine or on a share."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import ChangedError, Request


@dataclass(frozen=True, slots=True)
class FileSource:
    """Folders, relative to that of release.yaml."""

    project: Path

    def resolve(self, address: Address) -> Found:
        folder = (self.project / address.rest).resolve()
        if not folder.is_dir():
            raise InputError(f"{address.unpinned} is not a folder: {folder}", hint="name a model's folder")
        files = tuple(sorted(self._files(folder), key=lambda file: file.path))
        if not files:
            raise InputError(f"{address.unpinned} holds no file", hint="name a model's folder")
        return Found(origin=Origin(address=f"file:{self._plain(folder)}", facts={}), files=files)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        path = self._place(file)
        # Where the bytes' hash is known it decides: a copy of a folder has other times.
        if "sha256" not in file.checksums and file.mark != _mark(_seen(path)):
            raise ChangedError(f"{path} changed while it was looked at", hint="plan again")
        return Request(path.as_uri())

    def _place(self, file: SourceFile) -> Path:
        # Not resolved: a link in the place of a file would be followed.
        return self.project.resolve() / file.locator

    def _plain(self, folder: Path) -> str:
        """Return one name for a folder, however it was written: it is a part of the model's SHA."""
        project = self.project.resolve()
        return (folder.relative_to(project) if folder.is_relative_to(project) else folder).as_posix()

    def _files(self, folder: Path) -> Iterator[SourceFile]:
        for top, folders, names in os.walk(folder, onerror=_unreadable):
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in (*folders, *names):
                path = Path(top) / name
                seen = _seen(path)
                if not (stat.S_ISREG(seen.st_mode) or stat.S_ISDIR(seen.st_mode)):
                    raise InputError(f"{path} is a link or a device", hint="a model holds plain files only")
                if stat.S_ISREG(seen.st_mode):
                    yield SourceFile(
                        path=path.relative_to(folder).as_posix(),
                        size=seen.st_size,
                        locator=os.path.relpath(path, self.project.resolve()),
                        mark=_mark(seen),
                    )


def _seen(path: Path) -> os.stat_result:
    try:
        return path.lstat()
    except FileNotFoundError as error:
        raise ChangedError(f"{path} is gone", hint="restore it, or plan again") from error
    except OSError as error:
        raise _unreadable(error) from error


def _mark(seen: os.stat_result) -> str:
    """Return what differs when a file was written since; its own time of writing can be set by anyone."""
    return f"{seen.st_mtime_ns}-{seen.st_ctime_ns}"


def _unreadable(error: OSError) -> OutsideError:
    raise OutsideError(f"{error.filename} cannot be read: {error.strerror}") from error
