"""A program of this machine."""

from ci_steps.adapters.command_trigger.trigger import CommandTrigger

__all__ = ["CommandTrigger"]
