from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ci_steps.documents.base import Document, Report
from ci_steps.errors import ExitCode
from ci_steps.model.release import Observed, Release
from ci_steps.model.verdict import Verdict, Waived
from ci_steps.model.wire import Wire


class IntegrationReport(Report, frozen=True, kw_only=True):
    """Whether the pushed image answers as the raw model did."""

    name: ClassVar[str] = "integration-test"

    rows: Annotated[int, Meta(description="rows replayed", ge=0)] = 0


class LatencyBin(Wire, frozen=True, kw_only=True):
    """One bar of the latency histogram."""

    up_to_ms: Annotated[float, Meta(description="upper edge, ms")]
    requests: Annotated[int, Meta(description="requests in it", ge=0)]


class LoadReport(Report, frozen=True, kw_only=True):
    """Whether the image bears its load, with latency counted from the planned moment of each request."""

    name: ClassVar[str] = "load-test"

    planned: Annotated[int, Meta(description="requests planned", ge=0)] = 0
    sent: Annotated[int, Meta(description="requests sent", ge=0)] = 0
    failed: Annotated[int, Meta(description="requests that failed", ge=0)] = 0
    quantiles_ms: Annotated[
        dict[str, float], Meta(description="p50, p95, p99, max of the sorted list, ms")
    ] = {}
    lag_p99_ms: Annotated[float, Meta(description="how late the generator itself sent, p99, ms", ge=0)] = 0
    histogram: Annotated[tuple[LatencyBin, ...], Meta(description="latencies of all requests")] = ()
    latencies: Annotated[str | None, Meta(description="every latency, a file in the run directory")] = None
    locust: Annotated[str | None, Meta(description="Locust's report, a file in the run directory")] = None

    @property
    def headline(self) -> str:
        if not self.verdict.lets_go_on:
            return super().headline
        quantiles = ", ".join(f"{name} {value:.1f} ms" for name, value in self.quantiles_ms.items())
        return f"{self.sent} requests, {self.failed} failed, {quantiles}"


class Moment(Wire, frozen=True, kw_only=True):
    """One moment of a rollout."""

    at: Annotated[str, Meta(description="RFC 3339, UTC, with milliseconds")]
    what: Annotated[str, Meta(description="what happened")]


Result = Literal[
    "live", "already-live", "rolled-back", "rollback-failed", "moved", "stale", "dry-run", "nothing-to-do"
]

_EXITS: dict[str, ExitCode] = {
    "rolled-back": ExitCode.ROLLED_BACK,
    "rollback-failed": ExitCode.ROLLBACK_FAILED,
    "moved": ExitCode.INCONCLUSIVE,
    "stale": ExitCode.STALE,
    "nothing-to-do": ExitCode.BAD_INPUT,
}


class _Deed(Document, frozen=True, kw_only=True):
    result: Annotated[Result, Meta(description="how it ended; each a different thing")]
    reason: Annotated[str, Meta(description="why it ended so")] = ""
    release: Annotated[Release | None, Meta(description="the release that was wanted")]
    before: Annotated[Release | None, Meta(description="the release that was live before")]
    observed: Annotated[Observed | None, Meta(description="what really runs, read back at the end")] = None
    timeline: Annotated[tuple[Moment, ...], Meta(description="what happened when")] = ()

    @property
    def verdict(self) -> Verdict:
        ended_well = self.result in {"live", "already-live", "dry-run"}
        return Verdict.PASSED if ended_well else Verdict.INCONCLUSIVE

    @property
    def exit_code(self) -> ExitCode:
        return _EXITS.get(self.result, ExitCode.GO_ON)

    @property
    def headline(self) -> str:
        what = (
            f"{self.release.id} ({self.release.model}@{self.release.sha.short})"
            if self.release
            else "nothing"
        )
        if self.result == "live":
            # Who rolls back at night reads here which release answers now, and only then why.
            return f"live: {what}" + (f" - {self.reason}" if self.reason else "")
        return f"{self.result}: {self.reason or what}"


class Rollout(_Deed, frozen=True, kw_only=True):
    """How the rollout ended, and what the platform was then seen to run."""

    name: ClassVar[str] = "rollout"

    waived: Annotated[tuple[Waived, ...], Meta(description="what did not stop it, and who answers")] = ()


class Rollback(_Deed, frozen=True, kw_only=True):
    """How the way back ended, and what the platform was then seen to run."""

    name: ClassVar[str] = "rollback"
