"""Whether a value can keep to some formulas at once: with a value, a proof of none, or neither."""

from ci_steps.steps.check_interface.deciding.answers import NEVER, Answer, Found, Never, Unknown
from ci_steps.steps.check_interface.deciding.solver import Solver

__all__ = ["NEVER", "Answer", "Found", "Never", "Solver", "Unknown"]
