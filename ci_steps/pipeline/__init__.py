"""How steps follow from each other: what they need, when they are done again, when they may not start."""

from ci_steps.pipeline.admission import Blocked, admit
from ci_steps.pipeline.runner import Ran, Runner, Watcher, exit_code
from ci_steps.pipeline.step import Step, refuse_changed_sources, sources

__all__ = [
    "Blocked",
    "Ran",
    "Runner",
    "Step",
    "Watcher",
    "admit",
    "exit_code",
    "refuse_changed_sources",
    "sources",
]
