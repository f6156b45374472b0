"""What `release.yaml` may say, with its defaults. `plan` reads it once; later steps read only the plan."""

import math
from typing import Annotated, Literal

from msgspec import Meta

from ci_steps.model.verdict import Waiver
from ci_steps.model.wire import Wire

Direction = Literal["higher", "lower"]
Positive = Annotated[float, Meta(gt=0)]
SERVICE = "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
ENVIRONMENT = "[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
MOST_REQUESTS = 10**9
"""More are no plan: a load generator sends them for days."""


class Section(Wire, frozen=True, kw_only=True):
    """A mapping of `release.yaml`, which knows where it stands."""

    where: Annotated[str, Meta(description="file and line, filled in while reading: release.yaml:14")] = ""


class ImageSettings(Section, frozen=True, kw_only=True):
    """What the serving image stands on."""

    base: Annotated[
        str, Meta(description="reference of the base image; its PYTHON_VERSION must be the model's")
    ]
    platform: Annotated[str, Meta(description="os/architecture of the image")] = "linux/amd64"


class UnitTestSettings(Section, frozen=True, kw_only=True):
    """How the model repository's own tests are run."""

    path: Annotated[str, Meta(description="what pytest is given, relative to release.yaml")] = "tests"
    lock: Annotated[
        str, Meta(description="lock of the tests' environment; empty takes the model's, plus pytest")
    ] = ""
    timeout_seconds: Annotated[
        Positive, Meta(description="the tests are stopped after this many seconds")
    ] = 600


class ScanSettings(Section, frozen=True, kw_only=True):
    """What a model's files may do when they are loaded."""

    allow: Annotated[tuple[str, ...], Meta(description="exact names of globals that a pickle may use")] = ()
    code: Annotated[tuple[str, ...], Meta(description="paths of source files that may run")] = ()


class MetricRule(Section, frozen=True, kw_only=True):
    """One rule that a metric must keep: a floor, a ceiling, or a margin against the baseline."""

    metric: Annotated[str, Meta(description="accuracy, f1, roc_auc, log_loss, mae or rmse")]
    direction: Annotated[Direction, Meta(description="which way is better")]
    floor: Annotated[float | None, Meta(description="the least value allowed")] = None
    ceiling: Annotated[float | None, Meta(description="the greatest value allowed")] = None
    versus: Annotated[Literal["baseline"] | None, Meta(description="compare with the live release")] = None
    worse_by_at_most: Annotated[
        Annotated[float, Meta(ge=0)] | None,
        Meta(description="non-inferiority margin, in the metric's own unit"),
    ] = None
    confidence: Annotated[
        Annotated[float, Meta(gt=0.5, lt=1)], Meta(description="one-sided confidence of the comparison")
    ] = 0.95
    min_n: Annotated[Annotated[int, Meta(ge=1)], Meta(description="fewest examples that may decide")] = 30
    slices: Annotated[
        tuple[str, ...], Meta(description="names of slices; each of their values is held to the rule")
    ] = ()


class InterfaceSettings(Section, frozen=True, kw_only=True):
    """How the model's interface may differ from the baseline's."""

    policy: Annotated[
        Literal["backward"], Meta(description="backward: whoever calls the baseline can call the candidate")
    ] = "backward"


class IntegrationSettings(Section, frozen=True, kw_only=True):
    """How the running container is held to the raw model."""

    rows: Annotated[
        Annotated[int, Meta(ge=100)], Meta(description="rows replayed, chosen by the model's SHA")
    ] = 100
    tolerance: Annotated[
        Annotated[float, Meta(ge=0, lt=1)],
        Meta(description="relative difference of numbers that counts as equal"),
    ] = 1e-6
    ready_seconds: Annotated[
        Positive, Meta(description="the container must be ready within this many seconds")
    ] = 60
    memory_mb: Annotated[Annotated[int, Meta(ge=6)] | None, Meta(description="memory limit, MiB")] = None


class LoadSettings(Section, frozen=True, kw_only=True):
    """The load that the image must bear, and its limits."""

    rate: Annotated[Positive, Meta(description="planned requests a second")]
    seconds: Annotated[Positive, Meta(description="length of the plan, seconds")]
    warmup_seconds: Annotated[
        Annotated[float, Meta(ge=0)], Meta(description="sent before, and not counted, seconds")
    ] = 2
    p50_ms: Annotated[Positive | None, Meta(description="limit of the median latency, ms")] = None
    p95_ms: Annotated[Positive | None, Meta(description="limit of the 95th percentile, ms")] = None
    p99_ms: Annotated[Positive | None, Meta(description="limit of the 99th percentile, ms")] = None
    # A limit that nothing could miss is none: 1 would let every request fail, 0 none be answered.
    errors: Annotated[
        Annotated[float, Meta(ge=0, lt=1)], Meta(description="greatest share of failed requests")
    ] = 0
    achieved: Annotated[
        Annotated[float, Meta(gt=0, le=1)], Meta(description="least achieved/planned rate")
    ] = 0.98

    @property
    def planned(self) -> int:
        """How many requests are planned, the warm-up not counted."""
        return max(1, round(self.rate * self.seconds))


QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


def fewest_requests(quantile: str) -> int:
    """Return how many requests decide a quantile: ten or more above it.

    >>> fewest_requests("p99")
    1000
    """
    return math.ceil(10 / (1 - QUANTILES[quantile]) - 1e-9)


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


class Settings(Section, frozen=True, kw_only=True):
    """All of `release.yaml`."""

    service: Annotated[str, Meta(description="name of the service", pattern=SERVICE)]
    model: Annotated[str, Meta(description="default of --model")] = ""
    store: Annotated[
        str,
        Meta(description="folder of models and ledger, relative to release.yaml, or s3://bucket/prefix"),
    ]
    registry: Annotated[str, Meta(description="host:port/repository that images are pushed to")]
    plain_http: Annotated[
        tuple[str, ...], Meta(description="registries beyond loopback that are spoken to without TLS")
    ] = ()
    image: Annotated[ImageSettings, Meta(description="what the serving image stands on")]
    unit_tests: Annotated[UnitTestSettings, Meta(description="the model repository's tests")] = (
        UnitTestSettings()
    )
    scan: Annotated[ScanSettings, Meta(description="what files may do when loaded")] = ScanSettings()
    metrics: Annotated[tuple[MetricRule, ...], Meta(description="what the metrics are held to")] = ()
    interface: Annotated[InterfaceSettings, Meta(description="how the interface may change")] = (
        InterfaceSettings()
    )
    integration: Annotated[IntegrationSettings, Meta(description="container against raw model")] = (
        IntegrationSettings()
    )
    load: Annotated[LoadSettings, Meta(description="load and limits")]
    environments: Annotated[dict[str, EnvironmentSettings], Meta(description="where releases serve")]
    waivers: Annotated[tuple[Waiver, ...], Meta(description="who answers for what nobody could decide")] = ()
