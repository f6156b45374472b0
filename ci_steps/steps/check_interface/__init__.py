"""The gate that holds a model's interface to the one that serves."""

from ci_steps.steps.check_interface.step import CheckInterface

__all__ = ["CheckInterface"]
