"""What a load test leaves behind: its findings, and the numbers of their pictures."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ci_steps.documents.base import Report
from ci_steps.model.digest import Digest
from ci_steps.model.wire import Wire


class LatencyQuantile(Wire, frozen=True, kw_only=True):
    """One quantile of a side, with its confidence bounds."""

    name: Annotated[str, Meta(description="p50, p95 or p99")]
    ms: Annotated[float, Meta(description="nearest rank of the sorted latencies, ms", ge=0)]
    lower_ms: Annotated[
        float | None, Meta(description="lower bound, 95 % one-sided; null: too few requests for one")
    ]
    upper_ms: Annotated[
        float | None, Meta(description="upper bound, 95 % one-sided; null: too few requests for one")
    ]
    limit_ms: Annotated[float | None, Meta(description="its limit in release.yaml; null: none is set")]


class CurvePoint(Wire, frozen=True, kw_only=True):
    """One point of the latency curve; drawn with -log10(1 - share) to the right."""

    share: Annotated[float, Meta(description="share of the requests that took at most so long", ge=0, le=1)]
    ms: Annotated[float, Meta(description="latency, ms", ge=0)]


class LoadInterval(Wire, frozen=True, kw_only=True):
    """What became of the requests planned in a part of a stage: a second, or more in a long stage."""

    from_s: Annotated[float, Meta(description="its start, seconds after the stage's first moment", ge=0)]
    seconds: Annotated[float, Meta(description="its length, seconds", gt=0)]
    requests: Annotated[int, Meta(description="requests planned in it", ge=0)]
    p50_ms: Annotated[float, Meta(description="their median latency, ms", ge=0)]
    worst_ms: Annotated[float, Meta(description="their greatest latency, ms", ge=0)]
    failed: Annotated[int, Meta(description="how many of them failed", ge=0)]


class LoadSide(Wire, frozen=True, kw_only=True):
    """One image under one stage's load."""

    requests: Annotated[int, Meta(description="requests recorded", ge=0)]
    failed: Annotated[int, Meta(description="requests that failed", ge=0)]
    quantiles: Annotated[tuple[LatencyQuantile, ...], Meta(description="p50, p95 and p99")] = ()
    curve: Annotated[
        tuple[CurvePoint, ...], Meta(description="latency by share of requests, about 60 points")
    ] = ()
    timeline: Annotated[
        tuple[LoadInterval, ...],
        Meta(description="latency over the stage; for turns, over all blocks joined"),
    ] = ()


class LoadStage(Wire, frozen=True, kw_only=True):
    """One stage: each is evidence by itself."""

    rate: Annotated[float, Meta(description="planned requests a second", gt=0)]
    seconds: Annotated[float, Meta(description="planned length, seconds", gt=0)]
    planned: Annotated[int, Meta(description="requests planned", ge=0)]
    achieved: Annotated[float, Meta(description="answered share of the planned rate, 0 to 1", ge=0, le=1)]
    lag_p99_ms: Annotated[float, Meta(description="how late the generator itself sent, p99, ms", ge=0)]
    cpu: Annotated[
        float, Meta(description="greatest share of a core that one process of the generator used", ge=0)
    ]
    idle: Annotated[
        float | None, Meta(description="share of the machine's time that nobody used; null: unknown")
    ] = None
    alone: Annotated[LoadSide, Meta(description="the pushed image with the machine for itself")]
    turns: Annotated[
        LoadSide | None, Meta(description="the pushed image in turns with the live one; null: not compared")
    ] = None
    live: Annotated[
        LoadSide | None, Meta(description="the live release's image in those turns; null: not compared")
    ] = None


class WarmUp(Wire, frozen=True, kw_only=True):
    """What was sent before anything counted."""

    side: Annotated[Literal["pushed", "live"], Meta(description="the pushed image, or the live release's")]
    window_s: Annotated[float, Meta(description="length of a window, seconds", gt=0)]
    medians_ms: Annotated[tuple[float, ...], Meta(description="median latency of each window, ms")]
    requests: Annotated[int, Meta(description="requests sent", ge=0)]
    failed: Annotated[int, Meta(description="requests that failed", ge=0)]
    steady: Annotated[bool, Meta(description="whether the last two windows agree")]


class RemoteWorker(Wire, frozen=True, kw_only=True):
    """A worker on another machine, and its way to the containers."""

    name: Annotated[str, Meta(description="machine and process")]
    requests: Annotated[int, Meta(description="requests it recorded, the warm-up not counted", ge=0)]
    cpu: Annotated[float, Meta(description="greatest share of a core that it used in a round", ge=0)]
    lag_p99_ms: Annotated[float, Meta(description="how late it sent, p99, ms", ge=0)]
    gone: Annotated[bool, Meta(description="whether it ended before its share was sent")] = False
    way_p50_ms: Annotated[
        float | None, Meta(description="small requests there and back, median, ms; null: not measured")
    ] = None
    way_p99_ms: Annotated[
        float | None, Meta(description="small requests there and back, p99, ms; null: not measured")
    ] = None
    clock_ms: Annotated[
        float | None, Meta(description="how far its clock may have been off, ms; null: not measured")
    ] = None


class LoadReport(Report, frozen=True, kw_only=True):
    """Whether the image bears its load, with latency counted from the planned moment of each request."""

    name: ClassVar[str] = "load-test"

    planned: Annotated[int, Meta(description="requests planned for the image alone", ge=0)] = 0
    sent: Annotated[int, Meta(description="requests sent of those", ge=0)] = 0
    failed: Annotated[int, Meta(description="requests that failed of those", ge=0)] = 0
    quantiles_ms: Annotated[
        dict[str, float],
        Meta(description="p50, p95 and p99, of which so many requests can tell, and max, of all stages, ms"),
    ] = {}
    lag_p99_ms: Annotated[float, Meta(description="how late the generator itself sent, p99, ms", ge=0)] = 0
    workers: Annotated[int, Meta(description="processes of the generator that sent", ge=1)] = 1
    remote: Annotated[tuple[RemoteWorker, ...], Meta(description="workers on other machines")] = ()
    stages: Annotated[tuple[LoadStage, ...], Meta(description="each stage by itself, in order")] = ()
    warm_ups: Annotated[tuple[WarmUp, ...], Meta(description="what was sent before, to each image")] = ()
    arrivals: Annotated[
        Digest | None,
        Meta(description="digest of every planned moment; the same model and settings plan the same"),
    ] = None
    latencies: Annotated[str | None, Meta(description="every latency, a file in the run directory")] = None
    locust: Annotated[str | None, Meta(description="Locust's report, a file in the run directory")] = None

    @property
    def headline(self) -> str:
        if not self.verdict.lets_go_on:
            return super().headline
        quantiles = ", ".join(f"{name} {value:.1f} ms" for name, value in self.quantiles_ms.items())
        requests = "1 request" if self.sent == 1 else f"{self.sent:,} requests"
        warm = sum(warm.failed for warm in self.warm_ups)
        failed = f"{self.failed} failed" + (f", {warm} more while warming up" if warm else "")
        return f"{requests}, {failed}, {quantiles}"
