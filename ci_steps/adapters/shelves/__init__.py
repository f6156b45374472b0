"""Lists of what a store has, kept beside the manifests so that a store of thousands is listed at once."""

from ci_steps.adapters.shelves.shelves import Shelves

__all__ = ["Shelves"]
