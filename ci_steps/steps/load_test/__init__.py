"""Whether the image bears its load."""

from ci_steps.steps.load_test.step import LoadTest

__all__ = ["LoadTest"]
