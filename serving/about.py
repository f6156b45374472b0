"""What `/info` answers: from a running container back to the model, its ingredients, image and release."""

from __future__ import annotations

import platform
from datetime import datetime
from typing import Any

from serving.manifest import Manifest
from serving.settings import Settings


def about(manifest: Manifest, settings: Settings, started: datetime) -> dict[str, Any]:
    """Return the document that `schemas/serving-info.schema.json` describes."""
    return {
        "schema": 1,
        "model": {"name": manifest.name, "sha256": manifest.sha256, "predictor": manifest.predictor},
        "ingredients": manifest.ingredients,
        "image": settings.image,
        "release": settings.release,
        "kit": settings.kit,
        "python": platform.python_version(),
        "started": started.isoformat(timespec="seconds"),
    }
