import math
from typing import Annotated, Literal

from msgspec import Meta

from ci_steps.model.settings.section import Positive, Section

MOST_REQUESTS = 10**7
"""More are no plan: every latency is kept, and sorted."""


class Stage(Section, frozen=True, kw_only=True):
    """A part of the plan with one rate."""

    rate: Annotated[Positive, Meta(description="planned requests a second")]
    seconds: Annotated[Positive, Meta(description="length, seconds")]

    @property
    def planned(self) -> int:
        """How many requests are planned."""
        return max(1, round(min(self.rate * self.seconds, MOST_REQUESTS + 1)))


class RemoteWorkers(Section, frozen=True, kw_only=True):
    """Workers on other machines, which join with `load-worker` and the same CI_STEPS_LOAD_SECRET."""

    workers: Annotated[
        Annotated[int, Meta(ge=1, le=64)], Meta(description="how many must join; they share the plan")
    ]
    listen: Annotated[
        str,
        Meta(
            description="host:port of this machine where they join; the containers stay on loopback",
            pattern=r"^[^:/\s]+:\d{1,5}$",
        ),
    ]
    join_seconds: Annotated[Positive, Meta(description="they must have joined within this many seconds")] = (
        300
    )


class LoadSettings(Section, frozen=True, kw_only=True):
    """The load that the image must bear, and its limits."""

    rate: Annotated[Positive | None, Meta(description="planned requests a second; or give stages")] = None
    seconds: Annotated[Positive | None, Meta(description="length of the plan, seconds; or give stages")] = (
        None
    )
    stages: Annotated[
        tuple[Stage, ...], Meta(description="rates one after the other, each held to the limits by itself")
    ] = ()
    arrivals: Annotated[
        Literal["constant", "poisson"],
        Meta(description="planned moments: evenly spaced, or of a Poisson process"),
    ] = "constant"
    payloads: Annotated[
        Literal["golden", "interface"],
        Meta(description="what is sent: requests of golden rows, or generated from interface.json"),
    ] = "golden"
    workers: Annotated[
        Annotated[int, Meta(ge=1, le=64)],
        Meta(description="Locust processes of this machine that share the plan"),
    ] = 1
    remote: Annotated[
        RemoteWorkers | None, Meta(description="workers on other machines send instead, and this one none")
    ] = None
    warmup_seconds: Annotated[
        Annotated[float, Meta(ge=0)], Meta(description="sent before, and not counted, seconds at least")
    ] = 2
    warmup_at_most_seconds: Annotated[
        Annotated[float, Meta(ge=0)],
        Meta(description="the warm-up goes on until latency is steady, at most this long, seconds"),
    ] = 30
    p50_ms: Annotated[Positive | None, Meta(description="limit of the median latency, ms")] = None
    p95_ms: Annotated[Positive | None, Meta(description="limit of the 95th percentile, ms")] = None
    p99_ms: Annotated[Positive | None, Meta(description="limit of the 99th percentile, ms")] = None
    versus: Annotated[
        Literal["baseline"] | None, Meta(description="load the live release's image beside it, in turns")
    ] = None
    slower_by_at_most_ms: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="how much later than the live release each limited quantile may be, ms"),
    ] = None
    # A limit that hardly anything could miss is none: a service that fails every other request serves nobody.
    errors: Annotated[
        Annotated[float, Meta(ge=0, lt=0.5)],
        Meta(description="greatest share of failed requests, also of a warm-up's last window"),
    ] = 0
    achieved: Annotated[
        Annotated[float, Meta(ge=0.5, le=1)], Meta(description="least achieved/planned rate")
    ] = 0.98

    @property
    def plan(self) -> tuple[Stage, ...]:
        """The stages; one where rate and seconds stand for it."""
        if self.rate is not None and self.seconds is not None:
            return (Stage(where=self.where, rate=self.rate, seconds=self.seconds),)
        return self.stages

    @property
    def senders(self) -> int:
        """How many processes send."""
        return self.remote.workers if self.remote else self.workers

    @property
    def planned(self) -> int:
        """How many requests are planned, the warm-up not counted."""
        return sum(stage.planned for stage in self.plan)


QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def fewest_requests(quantile: str) -> int:
    """Return how many requests decide a quantile: ten or more above it.

    >>> fewest_requests("p99")
    1000
    """
    return math.ceil(10 / (1 - QUANTILES[quantile]) - 1e-9)


def fewest_for_errors(share: float) -> int:
    """Return how many requests without a failure show, with 95 %, that fewer than this share fail.

    >>> fewest_for_errors(0.01)
    299
    """
    return math.ceil(math.log(0.05) / math.log1p(-share))
