"""What the generator wrote down, request by request and round by round."""

from typing import Annotated

from msgspec import Meta

from ci_steps.model.settings import Stage
from ci_steps.model.value import Value
from ci_steps.model.wire import Wire


class Request(Wire, frozen=True, kw_only=True):
    """One request, as the generator recorded it."""

    round: Annotated[int, Meta(description="the round of the plan that it belongs to", ge=0)] = 0
    planned_s: Annotated[float, Meta(description="planned moment, seconds after the round's start", ge=0)]
    lag_ms: Annotated[float, Meta(description="how much later than planned it was sent, ms")]
    latency_ms: Annotated[float, Meta(description="from the planned moment to the whole answer, ms", ge=0)]
    failure: Annotated[str, Meta(description="why it failed; empty: it did not")]
    again: Annotated[int, Meta(description="1: sent again after an idle connection was closed")] = 0


class RoundSeen(Wire, frozen=True, kw_only=True):
    """One round, as it was really sent."""

    began: Annotated[float, Meta(description="when its first moment was, seconds since 1970")]
    cpu: Annotated[tuple[float, ...], Meta(description="share of a core that each worker used")]
    idle: Annotated[float | None, Meta(description="share of the machine's time that nobody used")] = None


class WarmUpSeen(Wire, frozen=True, kw_only=True):
    """What was sent before anything counted."""

    window_s: Annotated[float, Meta(description="length of one window, seconds")]
    medians_ms: Annotated[tuple[float, ...], Meta(description="median latency of each window, ms")]
    requests: Annotated[int, Meta(description="requests sent", ge=0)]
    failed: Annotated[int, Meta(description="requests that failed", ge=0)]
    last_requests: Annotated[int, Meta(description="requests sent in the last window", ge=0)] = 0
    last_failed: Annotated[int, Meta(description="requests that failed of those", ge=0)] = 0


class WorkerSeen(Wire, frozen=True, kw_only=True):
    """One worker on another machine."""

    name: Annotated[str, Meta(description="machine and process")]
    requests: Annotated[int, Meta(description="requests it recorded, the warm-up not counted", ge=0)]
    cpu: Annotated[float, Meta(description="greatest share of a core that it used in a round", ge=0)]
    lag_p99_ms: Annotated[float, Meta(description="how late it sent, p99, ms", ge=0)]
    gone: Annotated[bool, Meta(description="whether it ended before its share was sent")] = False
    way_p50_ms: Annotated[float | None, Meta(description="the way to the container and back, median, ms")] = (
        None
    )
    way_p99_ms: Annotated[float | None, Meta(description="the way to the container and back, p99, ms")] = None
    clock_ms: Annotated[float | None, Meta(description="how far its clock may have been off, ms")] = None


class GeneratorSeen(Wire, frozen=True, kw_only=True):
    """What the generator tells of itself."""

    workers: Annotated[int, Meta(description="processes that sent", ge=1)]
    lost: Annotated[int, Meta(description="processes that ended before their share was sent", ge=0)] = 0
    warm_ups: Annotated[tuple[WarmUpSeen, ...], Meta(description="one for each side")] = ()
    rounds: Annotated[tuple[RoundSeen, ...], Meta(description="one for each round that ended")] = ()
    each: Annotated[tuple[WorkerSeen, ...], Meta(description="each worker on another machine")] = ()


class StageSeen(Value, frozen=True):
    """All that one stage left behind about one image."""

    stage: Stage
    planned: int
    requests: tuple[Request, ...]
    cpu: float = 0.0
    """The greatest share of a core that one process of the generator used."""
    idle: float | None = None
    """The share of the machine's time that nobody used; None where it does not tell."""
    workers: int = 1
    lost: int = 0
    way_ms: float = 0.0
    """How long the way to the container took (p99), the slowest worker's; 0 where this machine sent."""
    clock_ms: float = 0.0
    """How far a worker's clock may have been off; the worst one's."""

    @property
    def subject(self) -> str:
        return f"{self.stage.rate:g}/s for {self.stage.seconds:g} s"
