"""Folders that a system keeps as one zip each, laid out again as they were."""

import shutil
import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile, refuse_outside
from ci_steps.ports import PartialError

SUFFIX = ".zip"
_MOST_FILES, _MOST_BYTES, _MOST_TIMES = 20_000, 64 << 30, 200
_CARD = "model.yaml"


def unpacked(folder: Path, packed: Sequence[str], where: str) -> dict[str, ModelFile]:
    """Lay out each zip in the place that is its path without `.zip`, and return every file by its path.

    Where model.yaml lies in one of them, the folder that holds it is the model's; what else is in zips is
    left out then. A file that lies there already, as the weights of a model, stays.
    """
    if not packed:
        return {}
    aside = folder / ".packed"
    for number, path in enumerate(packed):
        place = aside / str(number)
        place.mkdir(parents=True)
        _extract(folder / path, place / path.removesuffix(SUFFIX), f"{path} of {where}")
        (folder / path).unlink()
    every = {
        path.relative_to(place).as_posix(): path
        for place in aside.iterdir()
        for path in place.rglob("*")
        if path.is_file()
    }
    found = {}
    for path, content in _of_the_model(every, folder, where).items():
        to = folder / path
        if not to.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            found[path] = ModelFile(
                path=path, size=content.stat().st_size, sha256=Digest.of_file(content).hex
            )
            content.rename(to)
    shutil.rmtree(aside)
    return found


def _of_the_model(every: dict[str, Path], folder: Path, where: str) -> dict[str, Path]:
    cards = [path for path in every if PurePosixPath(path).name == _CARD]
    if len(cards) + (folder / _CARD).exists() > 1:
        raise InputError(
            f"{where} holds more than one model: {', '.join(sorted(cards))}", hint=f"keep one {_CARD} there"
        )
    root = cards[0].removesuffix(_CARD) if cards else ""
    return {path.removeprefix(root): place for path, place in every.items() if path.startswith(root)}


def _extract(packed: Path, to: Path, what: str) -> None:
    try:
        with zipfile.ZipFile(packed) as zipped:
            members = [member for member in zipped.infolist() if not member.is_dir()]
            _refuse_odd(members, packed.stat().st_size, what)
            for member in members:
                place = to / member.filename
                place.parent.mkdir(parents=True, exist_ok=True)
                with zipped.open(member) as content, place.open("xb") as file:
                    shutil.copyfileobj(content, file, 1 << 20)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise PartialError(
            f"{what} is no zip that can be read: {error}", hint="was it uploaded to its end? publish it again"
        ) from error
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{what} holds one path twice", hint="publish it again") from error
    except OSError as error:
        raise OutsideError(f"{what} cannot be unpacked: {error.strerror}") from error


def _refuse_odd(members: list[zipfile.ZipInfo], size: int, what: str) -> None:
    for member in members:
        refuse_outside(member.filename, what)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if member.flag_bits & 1 or kind not in {0, stat.S_IFREG}:
            raise InputError(
                f"{what}: {member.filename} is encrypted, or no plain file", hint="pack plain files"
            )
    whole = sum(member.file_size for member in members)
    if len(members) > _MOST_FILES or whole > min(_MOST_BYTES, _MOST_TIMES * size):
        raise InputError(
            f"{what} would be {len(members):,} files of {whole:,} bytes, and has {size:,}",
            hint="upload the files of the model's folder one by one",
        )
