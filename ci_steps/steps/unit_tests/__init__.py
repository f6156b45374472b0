"""The tests of the model's own repository."""

from ci_steps.steps.unit_tests.step import UnitTests

__all__ = ["UnitTests"]
