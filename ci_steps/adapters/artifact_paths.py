"""Where the artifacts of a training run lie in the model's folder."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TypeVar

from ci_steps.errors import InputError
from ci_steps.model.manifest import refuse_outside

T = TypeVar("T")
CARD = "model.yaml"
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def rooted(artifacts: Iterable[tuple[str, T]], where: str) -> tuple[tuple[str, T], ...]:
    """Return what lies in the folder that holds model.yaml, by its path in it; the rest is not the model's.

    Without a model.yaml all are returned: another form, as MLflow's, may be among them.
    """
    every = tuple(sorted(artifacts, key=lambda artifact: artifact[0]))
    paths = [path for path, _ in every]
    for path in paths:
        refuse_outside(path, f"artifacts of {where}")
    _refuse_twice(paths, where)
    cards = [path for path in paths if PurePosixPath(path).name == CARD]
    if len(cards) > 1:
        raise InputError(
            f"{where} holds {len(cards)} models: {', '.join(cards)}", hint=f"keep one {CARD} in each run"
        )
    if not cards:
        refuse_archives(paths, where)
        return every
    root = cards[0].removesuffix(CARD)
    return tuple((path.removeprefix(root), one) for path, one in every if path.startswith(root))


def _refuse_twice(paths: list[str], where: str) -> None:
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise InputError(
            f"two artifacts of {where} would be the file {twice[0]}", hint="give each a path of its own"
        )


def refuse_archives(paths: list[str], where: str) -> None:
    """Refuse a model that was packed: nothing is unpacked here."""
    packed = [path for path in paths if path.lower().endswith(_ARCHIVES)]
    if packed:
        raise InputError(
            f"{where} holds the archive {packed[0]} and no {CARD}; archives are not unpacked",
            hint=f"upload the files of the model's folder one by one, {CARD} among them, each by its path",
        )
