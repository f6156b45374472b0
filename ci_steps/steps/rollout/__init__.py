"""Putting a release before its users, and going back to the one before."""

from ci_steps.steps.rollout.rollback import RollBack
from ci_steps.steps.rollout.rollout import RollOut

__all__ = ["RollBack", "RollOut"]
