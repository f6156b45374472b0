"""A small project to start from: what `init` writes, and what to type then."""

from ci_steps.start.next import Next, next_commands
from ci_steps.start.ports import free_ports
from ci_steps.start.project import Begun, Values, begun, every_name

__all__ = ["Begun", "Next", "Values", "begun", "every_name", "free_ports", "next_commands"]
