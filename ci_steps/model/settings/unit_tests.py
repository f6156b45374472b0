from typing import Annotated

from msgspec import Meta

from ci_steps.model.settings.section import Positive, Section


class UnitTestSettings(Section, frozen=True, kw_only=True):
    """How the model repository's own tests are run."""

    path: Annotated[str, Meta(description="what pytest is given, relative to release.yaml")] = "tests"
    lock: Annotated[
        str, Meta(description="lock of the tests' environment; empty takes the model's, plus pytest")
    ] = ""
    timeout_seconds: Annotated[
        Positive, Meta(description="the tests are stopped after this many seconds")
    ] = 600
