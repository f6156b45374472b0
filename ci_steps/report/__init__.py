"""What a run leaves for people and for a CI server: a page, JUnit XML, and its ending in one line."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ci_steps.documents import Plan
from ci_steps.errors import InputError
from ci_steps.rundir import RunDir

if TYPE_CHECKING:
    from ci_steps.report.reading import Reading

PAGE = "report.html"
JUNIT = "findings.xml"
ENDING = "ending.txt"


def write_page(run: RunDir, *, today: date | None = None) -> Path:
    """Write ``report.html`` into the run directory, also of a run that failed, and return where it is.

    ``today`` decides which waivers still hold.
    """
    from ci_steps.report.page import page

    if not run.root.is_dir():
        raise InputError(f"{run.root} is not a run directory", hint="name one with --run-dir")
    return run.write_view(PAGE, page(_read(run, today)).encode())


def write_all(run: RunDir, *, stopped: str = "", today: date | None = None) -> Path | None:
    """Write the page, ``findings.xml`` and ``ending.txt``; return where the page is.

    ``stopped`` says why no ending can be read from the documents: an error, or an interruption. Without a
    plan there is nothing to show, and only that is written.
    """
    from ci_steps.report.ending import in_one_line, one_line
    from ci_steps.report.junit import junit
    from ci_steps.report.page import page

    reading = _read(run, today)
    run.write_view(ENDING, f"{one_line(stopped) or in_one_line(reading)}\n".encode())
    run.write_view(JUNIT, junit(reading))
    return run.write_view(PAGE, page(reading).encode()) if run.has(Plan) else None


def _read(run: RunDir, today: date | None) -> "Reading":
    from ci_steps.report.reading import Reading

    return Reading.of(run, today or datetime.now(UTC).date())
