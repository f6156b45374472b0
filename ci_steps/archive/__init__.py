"""Models and released images, carried: to keep beside a store, or to where no registry is."""

from ci_steps.archive.archives import Archives, Exported, Imported
from ci_steps.archive.folders import model_exported, model_imported

__all__ = ["Archives", "Exported", "Imported", "model_exported", "model_imported"]
