"""`release.yaml`: what it says, what its keys mean, and what can be known to be wrong before a run."""

from ci_steps.adapters.release_yaml.file import ReleaseYaml

__all__ = ["ReleaseYaml"]
