"""Models by their address: resolved once, brought, verified, and from then on known by their SHA."""

from ci_steps.adapters.sourcing.sourced_models import SourcedModels

__all__ = ["SourcedModels"]
