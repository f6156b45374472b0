"""The one place that knows everything: the steps and their order, and what stands behind each port."""

from ci_steps.wiring.table import GATES, RELEASE, STEPS, kind
from ci_steps.wiring.wiring import Wiring

__all__ = ["GATES", "RELEASE", "STEPS", "Wiring", "kind"]
