"""What lies in each layer of ours, and what it is found again by."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.value import Value
from ci_steps.model.wire import canonical
from ci_steps.ports import Environments
from ci_steps.steps.build_image.layers import Entry

DEPENDENCIES = "opt/app/deps"
SERVING = "opt/app/serving"
MODEL = "opt/model"


class Dependencies(Value, frozen=True):
    """The packages of the server and of the model, laid out for the image's platform and compiled."""

    environments: Environments
    locks: Mapping[str, bytes]
    python: str
    platform: str

    @property
    def inputs(self) -> dict[str, Any]:
        return {
            "locks": [str(Digest.of(lock)) for lock in self.locks.values()],
            "python": self.python,
            "platform": self.platform,
            "compiled_with": self.environments.compiler(version=self.python),
        }

    def entries(self, folder: Path) -> Iterator[Entry]:
        self.environments.layout(self.locks, version=self.python, platform=self.platform, into=folder)
        _refuse_shadows(folder)
        self.environments.compile(folder, version=self.python, prefix=f"/{DEPENDENCIES}")
        return files_of(folder, DEPENDENCIES)


class Serving(Value, frozen=True):
    """The server's own code, compiled."""

    environments: Environments
    folder: Path
    python: str

    @property
    def _sources(self) -> dict[str, Path]:
        found = {path.relative_to(self.folder).as_posix(): path for path in self.folder.rglob("*.py")}
        if "__main__.py" not in found:
            raise InputError(f"{self.folder} is not the server's package", hint="install the kit again")
        return found

    @property
    def inputs(self) -> dict[str, Any]:
        return {
            "files": {name: str(Digest.of_file(path)) for name, path in self._sources.items()},
            "compiled_with": self.environments.compiler(version=self.python),
        }

    def entries(self, folder: Path) -> Iterator[Entry]:
        for name, path in self._sources.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
        self.environments.compile(folder, version=self.python, prefix=f"/{SERVING}")
        return files_of(folder, SERVING)


class Model(Value, frozen=True):
    """What the server loads: the manifest, the interface, `model/` and modules; none of the evidence."""

    manifest: Manifest
    files: tuple[ModelFile, ...]
    folder: Path

    @property
    def inputs(self) -> dict[str, Any]:
        return {"sha": str(self.manifest.sha)}

    def entries(self, _: Path) -> Iterator[Entry]:
        yield Entry(f"{MODEL}/manifest.json", canonical(self.manifest))
        for file in self.files:
            if file.path == "interface.json" or file.path.startswith(("model/", "modules/")):
                yield Entry(f"{MODEL}/{file.path}", self.folder / file.path, digest=file.digest)


def files_of(folder: Path, prefix: str) -> Iterator[Entry]:
    """Return every file below ``folder``; a link, or what is neither file nor folder, is bad input."""
    below = [(folder, prefix)]
    while below:
        parent, place = below.pop()
        # a layer of packages has thousands: the kind is known here without asking once more for each
        with os.scandir(parent) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    below.append((Path(one.path), f"{place}/{one.name}"))
                elif one.is_file(follow_symlinks=False):
                    executable = bool(one.stat(follow_symlinks=False).st_mode & 0o100)
                    yield Entry(f"{place}/{one.name}", Path(one.path), executable=executable)
                else:
                    path = Path(one.path).relative_to(folder)
                    raise InputError(f"{path} is a link or a device, and no file, in {prefix}")


def _refuse_shadows(folder: Path) -> None:
    """PYTHONPATH comes before the standard library: a package named like a part of it would replace it."""
    for path in sorted(folder.iterdir()):
        name = path.name.partition(".")[0]
        if name in sys.stdlib_module_names and (path.is_dir() or path.suffix in {".py", ".so"}):
            raise InputError(
                f"a package of the lock brings {path.name}, which would replace Python's own {name!r}",
                hint="lock the model without it: Python has it built in",
            )
