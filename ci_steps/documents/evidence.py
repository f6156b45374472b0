from typing import Annotated, ClassVar

from msgspec import Meta

from ci_steps.documents.base import Report
from ci_steps.model.wire import Wire


class UnitTestsReport(Report, frozen=True, kw_only=True):
    """Whether the model repository's own tests pass, at the commit that trained the model."""

    name: ClassVar[str] = "unit-tests"

    passed: Annotated[int, Meta(description="tests that passed", ge=0)] = 0
    failed: Annotated[int, Meta(description="tests that failed or broke", ge=0)] = 0
    skipped: Annotated[int, Meta(description="tests that were skipped", ge=0)] = 0
    junit: Annotated[str | None, Meta(description="JUnit XML, relative to the run directory")] = None


class ScannedFile(Wire, frozen=True, kw_only=True):
    """What one file of the model is, by its content."""

    path: Annotated[str, Meta(description="path in the model folder")]
    format: Annotated[
        str, Meta(description="format, told by content: json, text, pickle, joblib+zlib, python, …")
    ]
    globals: Annotated[tuple[str, ...], Meta(description="every global it would import, exact names")] = ()
    advice: Annotated[tuple[str, ...], Meta(description="what other scanners say of it; advice only")] = ()


class ScanReport(Report, frozen=True, kw_only=True):
    """Whether a file of the model could run code that nobody allowed."""

    name: ClassVar[str] = "scan-model"

    files: Annotated[tuple[ScannedFile, ...], Meta(description="every file of the model")] = ()


class MetricsReport(Report, frozen=True, kw_only=True):
    """Whether the model's metrics let it go on, and every reason why not."""

    name: ClassVar[str] = "check-metrics"

    values: Annotated[dict[str, float], Meta(description="every metric recomputed, by subject")] = {}


class InterfaceReport(Report, frozen=True, kw_only=True):
    """Whether whoever calls the baseline can call this model."""

    name: ClassVar[str] = "check-interface"

    witnesses: Annotated[
        tuple[str, ...],
        Meta(description="files with a concrete request or answer that breaks, in the run directory"),
    ] = ()
