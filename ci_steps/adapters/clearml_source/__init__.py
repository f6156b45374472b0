"""Models of a ClearML server, by its REST API as the schemas in its own client define it."""

from ci_steps.adapters.clearml_source.server import Server
from ci_steps.adapters.clearml_source.source import ClearMLSource

__all__ = ["ClearMLSource", "Server"]
