"""Bytes from where they live into this machine's cache, verified while they arrive."""

from ci_steps.adapters.transfer.cache import ContentCache
from ci_steps.adapters.transfer.limits import Limits
from ci_steps.adapters.transfer.transfer import Transfer

__all__ = ["ContentCache", "Limits", "Transfer"]
