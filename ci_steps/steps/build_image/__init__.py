"""The serving image, put together without a daemon; nothing is run in it."""

from ci_steps.steps.build_image.step import BuildImage

__all__ = ["BuildImage"]
