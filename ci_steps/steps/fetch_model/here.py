"""What the run directory holds of what was fetched, and what of it is not here."""

import errno
from pathlib import Path

from ci_steps.documents import FetchedModel
from ci_steps.errors import InputError
from ci_steps.model.manifest import ModelFile
from ci_steps.rundir import RunDir

Folder = tuple[str, tuple[ModelFile, ...]]


def stored(fetched: FetchedModel) -> tuple[Folder, ...]:
    """Return the folders whose files came out of the store."""
    baseline = ((fetched.baseline_folder, fetched.baseline_files),) if fetched.baseline_folder else ()
    references = ((each.folder, each.files) for each in fetched.references)
    return ((fetched.folder, fetched.files), *baseline, *references)


def beside(fetched: FetchedModel) -> tuple[Folder, ...]:
    """Return the folders whose file came from beside release.yaml."""
    return tuple((each.folder, (each.file,)) for each in fetched.evidence)


def missing(run: RunDir, folder: str, files: tuple[ModelFile, ...]) -> tuple[ModelFile, ...]:
    """Return the files that are not here; one that is here with other bytes is not missing, but wrong."""
    return tuple(file for file in files if not (run.root / folder / file.path).is_file())


def put_back(files: tuple[ModelFile, ...], fetched: Path, folder: Path) -> None:
    """Move what was fetched again to where it was."""
    try:
        if folder.is_symlink():
            raise NotADirectoryError(errno.ENOTDIR, "it is a link", str(folder))
        for file in files:
            (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
            (fetched / file.path).replace(folder / file.path)
    except OSError as error:
        raise InputError(
            f"the files of {folder} cannot be put back: {error.filename}: {error.strerror}",
            hint="run `python -m ci_steps fetch-model` again",
        ) from error
