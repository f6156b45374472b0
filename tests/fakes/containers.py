"""Containers without an engine: the service that the selftest uses as well."""

from ci_steps.selftest.loopback import LoopbackContainer, LoopbackService, Reply

__all__ = ["LoopbackContainer", "LoopbackService", "Reply"]
