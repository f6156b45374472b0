"""How the command line says that it cannot go on: one line that names the thing, one that says what to do."""

from dataclasses import dataclass

from tests.e2e.project import Completed


@dataclass(frozen=True, slots=True)
class Complaint:
    """The two lines on stderr."""

    error: str
    next: str


def complaint_of(done: Completed, code: int) -> Complaint:
    """Hold a failed command to its form and return what it said."""
    assert done.code == code, done.said
    assert "Traceback" not in done.output + done.errors, done.said
    lines = done.errors.splitlines()
    assert len(lines) == 2, done.said
    assert lines[0].startswith("error: "), done.said
    assert lines[1].startswith("  next: "), done.said
    return Complaint(lines[0].removeprefix("error: "), lines[1].removeprefix("  next: "))


def refusal_of(done: Completed, code: int) -> list[str]:
    """Hold a refusal, which is a result and no error, to its form; return its lines from the verdict on."""
    assert done.code == code, done.said
    assert done.errors == "", done.said
    assert "Traceback" not in done.output, done.said
    return [line.partition("] ")[2] for line in done.output.splitlines()]
