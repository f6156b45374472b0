"""Models of a ModelDB server, by its REST API as its protobuf files define it."""

from ci_steps.adapters.modeldb_source.server import Server
from ci_steps.adapters.modeldb_source.source import ModelDBSource

__all__ = ["ModelDBSource", "Server"]
