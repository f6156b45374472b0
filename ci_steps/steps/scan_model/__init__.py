"""The gate that reads every file of a model and runs none of it."""

from ci_steps.steps.scan_model.step import ScanModel

__all__ = ["ScanModel"]
