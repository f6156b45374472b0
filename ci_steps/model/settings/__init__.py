"""What `release.yaml` may say: a file for each section."""

from ci_steps.model.settings.image import ImageSettings
from ci_steps.model.settings.interface import InterfaceSettings, Policy
from ci_steps.model.settings.load import (
    MOST_REQUESTS,
    QUANTILES,
    LoadSettings,
    RemoteWorkers,
    Stage,
    fewest_for_errors,
    fewest_requests,
)
from ci_steps.model.settings.metrics import Direction, EvidenceSettings, MetricRule
from ci_steps.model.settings.release import Settings
from ci_steps.model.settings.scan import ScanSettings
from ci_steps.model.settings.section import Positive, Section
from ci_steps.model.settings.serving import ENVIRONMENT, SERVICE, EnvironmentSettings, IntegrationSettings
from ci_steps.model.settings.unit_tests import UnitTestSettings

__all__ = [
    "ENVIRONMENT",
    "MOST_REQUESTS",
    "QUANTILES",
    "SERVICE",
    "Direction",
    "EnvironmentSettings",
    "EvidenceSettings",
    "ImageSettings",
    "IntegrationSettings",
    "InterfaceSettings",
    "LoadSettings",
    "MetricRule",
    "Policy",
    "Positive",
    "RemoteWorkers",
    "ScanSettings",
    "Section",
    "Settings",
    "Stage",
    "UnitTestSettings",
    "fewest_for_errors",
    "fewest_requests",
]
