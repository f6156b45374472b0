"""Whether the files of a model can lie in a folder: in a bucket any text is a name."""

from collections.abc import Set as AbstractSet

from ci_steps.errors import InputError
from ci_steps.model.manifest import refuse_outside
from ci_steps.model.sourced import Found


def refuse_unplaceable(found: Found) -> None:
    """Refuse names that lead outside of the model's folder, or that no folder can hold together."""
    where = found.origin.address
    paths = [*(file.path for file in found.files), *found.made]
    for path in paths:
        refuse_outside(path, where)
    folders = {parent for path in paths for parent in _parents(path)}
    if both := sorted(folders.intersection(paths)):
        raise InputError(
            f"{where}: {both[0]!r} is a file and also a folder of other files",
            hint="name the prefix of one model, or publish it again without one of them",
        )
    if twice := sorted(
        {path for path in paths if paths.count(path) > 1} if len(set(paths)) < len(paths) else ()
    ):
        raise InputError(f"{where}: there are two files {twice[0]!r}", hint="publish the model again")


def refuse_unloadable(paths: AbstractSet[str], where: str) -> None:
    """Refuse what is no model, where it can be before its bytes are fetched: a whole bucket may be named."""
    if not paths & {"model.yaml", "manifest.json"}:
        raise InputError(
            f"{where} holds no model.yaml and no MLmodel, so nothing says how to load it",
            hint="name the folder that holds the model, or put a model.yaml there, see the README",
        )


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]
