from typing import Annotated

from msgspec import Meta

from ci_steps.model.settings.section import Section


class ScanSettings(Section, frozen=True, kw_only=True):
    """What a model's files may do when they are loaded."""

    allow: Annotated[tuple[str, ...], Meta(description="exact names of globals that a file may use")] = ()
    code: Annotated[tuple[str, ...], Meta(description="paths of files with readable code that may run")] = ()
