"""What passes between steps: one JSON document a step, with one schema."""

from ci_steps.documents.base import Document, Made, Report, Stopped
from ci_steps.documents.evidence import (
    InterfaceReport,
    MetricsReport,
    ScannedFile,
    ScanReport,
    UnitTestsReport,
)
from ci_steps.documents.image import BuiltImage, Layer, PushedImage
from ci_steps.documents.live import IntegrationReport, Moment, Rollback, Rollout
from ci_steps.documents.load import (
    CurvePoint,
    LatencyQuantile,
    LoadInterval,
    LoadReport,
    LoadSide,
    LoadStage,
    RemoteWorker,
    WarmUp,
)
from ci_steps.documents.plan import (
    Baseline,
    Evidence,
    FetchedEvidence,
    FetchedModel,
    FetchedReference,
    Plan,
    Promoted,
    Reference,
)

DOCUMENTS: tuple[type[Document], ...] = (
    Plan,
    UnitTestsReport,
    FetchedModel,
    ScanReport,
    MetricsReport,
    InterfaceReport,
    BuiltImage,
    PushedImage,
    IntegrationReport,
    LoadReport,
    Rollout,
    Rollback,
    Stopped,
)

__all__ = [
    "DOCUMENTS",
    "Baseline",
    "BuiltImage",
    "CurvePoint",
    "Document",
    "Evidence",
    "FetchedEvidence",
    "FetchedModel",
    "FetchedReference",
    "IntegrationReport",
    "InterfaceReport",
    "LatencyQuantile",
    "Layer",
    "LoadInterval",
    "LoadReport",
    "LoadSide",
    "LoadStage",
    "Made",
    "MetricsReport",
    "Moment",
    "Plan",
    "Promoted",
    "PushedImage",
    "Reference",
    "RemoteWorker",
    "Report",
    "Rollback",
    "Rollout",
    "ScanReport",
    "ScannedFile",
    "Stopped",
    "UnitTestsReport",
    "WarmUp",
]
