"""The gate `check-metrics`."""

from ci_steps.steps.check_metrics.step import CheckMetrics

__all__ = ["CheckMetrics"]
