"""The page of a run: a view of its documents that a person can read, print and hand on."""

from datetime import UTC, date, datetime
from pathlib import Path

from ci_steps.errors import InputError
from ci_steps.rundir import RunDir

PAGE = "report.html"


def write_page(run: RunDir, *, today: date | None = None) -> Path:
    """Write ``report.html`` into the run directory, also of a run that failed, and return where it is.

    ``today`` decides which waivers still hold.
    """
    from ci_steps.report.page import page
    from ci_steps.report.reading import Reading

    if not run.root.is_dir():
        raise InputError(f"{run.root} is not a run directory", hint="name one with --run-dir")
    reading = Reading.of(run, today or datetime.now(UTC).date())
    return run.write_bytes(PAGE, page(reading).encode())
