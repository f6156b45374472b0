"""Files of the run directory that a page shows or links."""

from pathlib import Path

from ci_steps.errors import InputError
from ci_steps.model.manifest import refuse_outside
from ci_steps.rundir import RunDir


def inside(path: str, run: RunDir) -> Path | None:
    """Return a file of the run directory; a path that leads out of it is shown, never followed."""
    try:
        refuse_outside(path, path)
    except InputError:
        return None
    file = run.root / path
    within = file.resolve().is_relative_to(run.root.resolve())
    return file if within and file.is_file() else None
