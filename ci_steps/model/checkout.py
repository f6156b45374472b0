"""Which changes of a git checkout matter to a model that was trained in it: one rule for all who ask git."""

from collections.abc import Sequence
from pathlib import Path

from ci_steps.errors import InputError
from ci_steps.model.refs import ModelRef

ENVIRON = {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
STATUS = ("status", "--porcelain", "--untracked-files=all")
_SETTINGS = {"pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml"}


def may_differ(project: Path, config: str, pointer: str = "") -> tuple[str, ...]:
    """Return the files of the folder of release.yaml that may change after a model was trained.

    They are release.yaml itself, for what a model must show is no part of it, and the pointers: `*.model`
    files whose first line names a model, as a booster's weights under such a name do not.
    """
    pointers = sorted(path.name for path in project.glob("*.model") if _is_pointer(path))
    return tuple(dict.fromkeys(name for name in (config, pointer, *pointers) if name))


def all_but(names: Sequence[str]) -> tuple[str, ...]:
    """Return git's pathspecs of everything in its repository but ``names`` in the folder where git runs."""
    return ("--", ":(top)", *(f":(exclude,literal){name}" for name in names))


def changed(status: str) -> tuple[str, ...]:
    r"""Return the paths of a status that may change what code does: any change, and new code or settings.

    >>> changed(" M data.csv\n?? notes.txt\n?? new.py\n")
    ('data.csv', 'new.py')
    """
    return tuple(line[3:].strip('"') for line in status.splitlines() if _matters(line))


def listed(names: Sequence[str]) -> str:
    """Return up to three names, and how many more there are.

    >>> listed(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def _is_pointer(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            ModelRef.parse(file.readline(300).decode().strip())
    except (OSError, UnicodeDecodeError, InputError):
        return False
    return True


def _matters(line: str) -> bool:
    name = line[3:].strip('"').rpartition("/")[2]
    return not line.startswith("??") or name.endswith(".py") or name in _SETTINGS
