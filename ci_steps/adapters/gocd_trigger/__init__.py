"""A pipeline of GoCD."""

from ci_steps.adapters.gocd_trigger.client import Client, Pipeline
from ci_steps.adapters.gocd_trigger.trigger import GocdTrigger

__all__ = ["Client", "GocdTrigger", "Pipeline"]
