"""Whether the pushed image, run as in production, answers as the raw model did."""

from ci_steps.steps.integration_test.step import IntegrationTest

__all__ = ["IntegrationTest"]
