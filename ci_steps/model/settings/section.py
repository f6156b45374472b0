"""What every section of `release.yaml` has."""

from typing import Annotated

from msgspec import Meta

from ci_steps.model.wire import Wire

Positive = Annotated[float, Meta(gt=0)]


class Section(Wire, frozen=True, kw_only=True):
    """A mapping of `release.yaml`, which knows where it stands."""

    where: Annotated[str, Meta(description="file and line, filled in while reading: release.yaml:14")] = ""
