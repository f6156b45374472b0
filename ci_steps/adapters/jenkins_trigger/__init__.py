"""A job of Jenkins."""

from ci_steps.adapters.jenkins_trigger.client import Client
from ci_steps.adapters.jenkins_trigger.job import Job
from ci_steps.adapters.jenkins_trigger.trigger import JenkinsTrigger

__all__ = ["Client", "JenkinsTrigger", "Job"]
