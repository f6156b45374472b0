"""What tests came to, as pytest's JUnit XML tells it."""

from enum import Enum
from xml.etree import ElementTree as ET

from ci_steps.model.value import Value


class Outcome(Enum):
    """How one test ended; one that broke in its set-up failed."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class TestResult(Value, frozen=True):
    """One test, and the first line of what it has to say."""

    __test__ = False  # not a test, for pytest

    name: str
    outcome: Outcome
    message: str = ""


def parsed(content: bytes) -> tuple[TestResult, ...] | None:
    """Return the results; None where the file is not JUnit XML, as when the run was cut off.

    A file with a document type is not read: pytest writes none, and only there can XML name other files or
    grow without end.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return None
    try:
        root = ET.fromstring(content)  # noqa: S314 - without a document type there are no entities
    except ET.ParseError:
        return None
    results: dict[str, TestResult] = {}
    for case in root.iter("testcase"):
        result = _result(case)
        # a test that failed and whose teardown broke is there twice
        if result.name not in results or result.outcome is Outcome.FAILED:
            results[result.name] = result
    return tuple(results.values())


def _result(case: ET.Element) -> TestResult:
    name = "::".join(part for part in (case.get("classname"), case.get("name")) if part)
    for kind, outcome in (
        ("failure", Outcome.FAILED),
        ("error", Outcome.FAILED),
        ("skipped", Outcome.SKIPPED),
    ):
        found = case.find(kind)
        if found is not None:
            return TestResult(name, outcome, _first_line(found))
    return TestResult(name, Outcome.PASSED)


def _first_line(found: ET.Element) -> str:
    """Return the message's first line; for what could not be imported the error itself is at the end."""
    message, text = found.get("message") or "", (found.text or "").strip()
    if message.startswith("collection failure") and text:
        errors = [line.removeprefix("E").strip() for line in text.splitlines() if line.startswith("E ")]
        message = f"collection failure: {errors[-1]}" if errors else message
    lines = (message.strip() or text).splitlines()
    return lines[0][:300] if lines else ""
