"""A model's own files, out of a store and into one, under the SHA that they always had."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef
from ci_steps.model.wire import pretty
from ci_steps.ports import ModelStore

_MANIFEST = "manifest.json"


def model_exported(store: ModelStore, ref: ModelRef, folder: Path) -> Manifest:
    """Write a model's files and its manifest to ``folder``, which appears when it is whole and verified."""
    manifest = store.manifest(ref)
    if folder.exists():
        raise InputError(f"{folder} is there already", hint="name a folder that is not there yet")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".half-"))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        if differing := store.fetch(manifest.files, half):
            paths = ", ".join(path.relative_to(half).as_posix() for path in differing)
            raise InputError(f"{paths} of {ref} is not what its SHA-256 says", hint="publish the model again")
        (half / _MANIFEST).write_bytes(pretty(manifest))
        half.chmod(0o755)
        half.rename(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return manifest


def model_imported(
    folder: Path, ref: ModelRef, publish: Callable[[Manifest, Path], bool]
) -> tuple[Manifest, bool]:
    """Publish the files that the manifest in ``folder`` names, and return whether the store lacked them."""
    path = folder / _MANIFEST
    try:
        manifest = Manifest.parse(path.read_bytes(), where=str(path))
        if ref.tag:
            raise InputError(f"a tag cannot tell what {folder} holds: {ref}", hint=_named(manifest))
        if manifest.name != ref.name or not manifest.sha.hex.startswith(ref.sha):
            found = f"{manifest.name}@{manifest.sha.short}"
            raise InputError(f"{folder} holds {found}, asked for is {ref}", hint=_named(manifest))
        for file in manifest.files:
            if Digest.of_file(folder / file.path) != file.digest:
                raise InputError(
                    f"{folder / file.path} is not what its SHA-256 says", hint="export the model again"
                )
        return manifest, publish(manifest, folder)
    except OSError as error:
        raise InputError(
            f"{error.filename} cannot be read: {error.strerror}",
            hint="name a folder that `models export` wrote",
        ) from error


def _named(manifest: Manifest) -> str:
    return f"it is {manifest.name}@{manifest.sha.hex}: name that, if it is the one you want"


def _unwritable(folder: Path, error: OSError) -> OutsideError:
    return OutsideError(f"{folder} cannot be written: {error.strerror}", hint="make room there")
