"""A service on one host: blue and green containers behind HAProxy."""

from ci_steps.adapters.docker_target.target import DockerTarget

__all__ = ["DockerTarget"]
