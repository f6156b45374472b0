"""A model folder on disk, as training leaves it, and what a release will miss in it."""

from ci_steps.adapters.model_folder.folder import ModelFolder

__all__ = ["ModelFolder"]
