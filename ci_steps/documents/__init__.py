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
from ci_steps.documents.live import IntegrationReport, LatencyBin, LoadReport, Moment, Rollback, Rollout
from ci_steps.documents.plan import Baseline, FetchedModel, Plan, Promoted

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
    "Document",
    "FetchedModel",
    "IntegrationReport",
    "InterfaceReport",
    "LatencyBin",
    "Layer",
    "LoadReport",
    "Made",
    "MetricsReport",
    "Moment",
    "Plan",
    "Promoted",
    "PushedImage",
    "Report",
    "Rollback",
    "Rollout",
    "ScanReport",
    "ScannedFile",
    "Stopped",
    "UnitTestsReport",
]
