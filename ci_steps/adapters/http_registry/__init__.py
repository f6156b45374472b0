"""OCI registries over HTTP, logged in as Docker's own configuration says."""

from ci_steps.adapters.http_registry.auth import DockerLogins, given_login
from ci_steps.adapters.http_registry.client import HttpRegistry

__all__ = ["DockerLogins", "HttpRegistry", "given_login"]
