from typing import Annotated

from msgspec import Meta

from ci_steps.model.settings.section import Section


class ImageSettings(Section, frozen=True, kw_only=True):
    """What the serving image stands on."""

    base: Annotated[
        str, Meta(description="reference of the base image; its PYTHON_VERSION must be the model's")
    ]
    platform: Annotated[str, Meta(description="os/architecture of the image")] = "linux/amd64"
