"""`dvc:REPO@REV:PATH`: what DVC tracks in a commit, read from git and from DVC's remote without DVC."""

from ci_steps.adapters.dvc_source.source import DvcSource
from ci_steps.adapters.dvc_source.storage import Storage

__all__ = ["DvcSource", "Storage"]
