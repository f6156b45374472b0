from typing import Annotated, Literal

from msgspec import Meta

from ci_steps.model.settings.section import Positive, Section

SERVICE = "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
ENVIRONMENT = "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"


class IntegrationSettings(Section, frozen=True, kw_only=True):
    """How the running container is held to the raw model."""

    rows: Annotated[
        Annotated[int, Meta(ge=100)], Meta(description="rows replayed, chosen by the model's SHA")
    ] = 100
    tolerance: Annotated[
        Annotated[float, Meta(ge=0, lt=1)],
        Meta(description="relative difference of numbers that counts as equal"),
    ] = 1e-6
    absolute: Annotated[
        Annotated[float, Meta(ge=0, le=0.001)],
        Meta(description="absolute difference that counts as equal too, for numbers near zero"),
    ] = 0
    replay_seconds: Annotated[
        Positive,
        Meta(
            description="the rows must be answered within this many seconds, by the raw model and through"
            " the live address"
        ),
    ] = 120
    ready_seconds: Annotated[
        Positive, Meta(description="the container must be ready within this many seconds")
    ] = 60
    memory_mb: Annotated[Annotated[int, Meta(ge=6)] | None, Meta(description="memory limit, MiB")] = None


class EnvironmentSettings(Section, frozen=True, kw_only=True):
    """Where a release serves."""

    target: Annotated[Literal["docker"], Meta(description="the kind of platform")]
    address: Annotated[str, Meta(description="host:port that clients call", pattern=r"^[^:/\s]+:\d{1,5}$")]
    replicas: Annotated[Annotated[int, Meta(ge=1, le=32)], Meta(description="containers that serve")] = 1
    memory_mb: Annotated[Annotated[int, Meta(ge=6)] | None, Meta(description="memory limit of each, MiB")] = (
        None
    )
    ready_seconds: Annotated[Positive, Meta(description="each must be ready within this many seconds")] = 60
    drain_seconds: Annotated[
        Positive, Meta(description="requests in flight may take this many seconds at a switch")
    ] = 30
