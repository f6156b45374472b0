"""The files of a small project, from those of `contrib/start`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from string import Template

from ci_steps import kit
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.settings import SERVICE

TRAINING, SETTINGS, IGNORED = "train.py", "release.yaml", ".gitignore"
_ITS_OWN = (TRAINING, "data/table.csv", "tests/test_train.py")
_ALWAYS = ("folder.py", "requirements.in", SETTINGS, IGNORED)
_FOR_CI = ("Makefile", "Jenkinsfile", ".gocd/release.gocd.yaml")
_FILLED_IN = (TRAINING, SETTINGS)


@dataclass(frozen=True, slots=True)
class Values:
    """What is filled in."""

    service: str
    staging: int
    production: int
    by: str
    until: date

    def __post_init__(self) -> None:
        if not re.fullmatch(SERVICE, self.service):
            better = re.sub("[^a-z0-9]+", "-", self.service.lower()).strip("-")[:40].strip("-")
            raise InputError(
                f"{self.service!r} is no name of a service",
                hint=f"small letters, digits and hyphens, 40 at most: {better or 'my-model'}",
            )

    def into(self, text: str) -> str:
        # Single quotes are YAML's way to take a text as it is, whatever is in it.
        by = "'" + self.by.replace("'", "''") + "'"
        return Template(text).substitute(
            name=self.service,
            service=self.service,
            staging=self.staging,
            production=self.production,
            by=by,
            until=self.until,
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """What a project begins with: files that were written now, and those that were there and are kept."""

    written: tuple[str, ...]
    kept: tuple[str, ...]
    trains_otherwise: bool
    """Whether the `train.py` that is there does not write the folder as ours does."""
    unignored: tuple[str, ...]
    """What a `.gitignore` that is there does not have; unit-tests would take it for changes."""


def begun(folder: Path, values: Values, *, ci: bool) -> Begun:
    """Write what is not there yet; nothing that is there is touched.

    The sample and the test belong to our `train.py`: where there is another one they are left out.
    """
    written: list[str] = []
    kept: list[str] = []
    for name in _names(folder, ci=ci):
        content = kit.start(name).read_bytes()
        if name in _FILLED_IN:
            content = values.into(content.decode()).encode()
        (written if _new(folder / name, content) else kept).append(name)
    ignored = _text(folder / IGNORED).splitlines()
    return Begun(
        tuple(written),
        tuple(kept),
        trains_otherwise="write_folder" not in _text(folder / TRAINING),
        unignored=tuple(line for line in _text(kit.start(IGNORED)).splitlines() if line not in ignored),
    )


def every_name() -> tuple[str, ...]:
    """Return the names of all files that `init` can write."""
    return (*_ITS_OWN, *_ALWAYS, *_FOR_CI)


def _names(folder: Path, *, ci: bool) -> Iterator[str]:
    training_is_there = (folder / TRAINING).exists()
    for name in _ITS_OWN:
        if name == TRAINING or not training_is_there or (folder / name).exists():
            yield name
    yield from _ALWAYS
    if ci:
        yield from _FOR_CI


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _new(path: Path, content: bytes) -> bool:
    """Write a file, and tell whether it was not there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The write fails where anything has the name, a link that leads nowhere as well.
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        if path.parent.is_dir():
            return False
        raise InputError(
            f"{path.parent} is there and is no folder", hint=f"{PurePosixPath(path).name} belongs into it"
        ) from error
    except OSError as error:
        raise OutsideError(f"{path} cannot be written: {error.strerror}") from error
    return True
