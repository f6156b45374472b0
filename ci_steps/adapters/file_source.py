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
from ci_steps.ports import Request


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
        return Found(origin=Origin(address=address.unpinned, facts={}), files=files)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        return Request((self.project / file.locator).resolve().as_uri())

    def _files(self, folder: Path) -> Iterator[SourceFile]:
        try:
            for top, folders, names in os.walk(folder):
                folders[:] = [name for name in folders if name != "__pycache__"]
                for name in names:
                    path = Path(top) / name
                    seen = path.lstat()
                    if not stat.S_ISREG(seen.st_mode):
                        raise InputError(
                            f"{path} is a link or a device", hint="a model holds plain files only"
                        )
                    yield SourceFile(
                        path=path.relative_to(folder).as_posix(),
                        size=seen.st_size,
                        locator=os.path.relpath(path, self.project.resolve()),
                        mark=str(seen.st_mtime_ns),
                    )
        except OSError as error:
            raise OutsideError(f"{folder} cannot be read: {error.strerror}") from error
