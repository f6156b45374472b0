"""A new model somewhere: noticed, claimed by one of all watchers, built once, and followed to its end."""

from ci_steps.watch.beats import Beats
from ci_steps.watch.claims import Claims
from ci_steps.watch.happening import Happening
from ci_steps.watch.hints import Hints
from ci_steps.watch.journal import Journal
from ci_steps.watch.listener import Listener
from ci_steps.watch.looking import GROWING, Look, Settled, at_address, at_tag
from ci_steps.watch.signatures import Signatures
from ci_steps.watch.watch import Watch

__all__ = [
    "GROWING",
    "Beats",
    "Claims",
    "Happening",
    "Hints",
    "Journal",
    "Listener",
    "Look",
    "Settled",
    "Signatures",
    "Watch",
    "at_address",
    "at_tag",
]
