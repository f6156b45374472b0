from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ci_steps.documents.base import Document, Report
from ci_steps.errors import ExitCode
from ci_steps.model.release import Observed, Release
from ci_steps.model.verdict import Finding, Verdict, Waived
from ci_steps.model.wire import Wire


class IntegrationReport(Report, frozen=True, kw_only=True):
    """Whether the raw model and the pushed image answer as golden.jsonl says."""

    name: ClassVar[str] = "integration-test"

    rows: Annotated[int, Meta(description="rows replayed", ge=0)] = 0


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
    not_checked: Annotated[tuple[str, ...], Meta(description="what was not looked at, and why")] = ()

    @property
    def verdict(self) -> Verdict:
        ended_well = self.result in {"live", "already-live", "dry-run"}
        return Verdict.PASSED if ended_well else Verdict.INCONCLUSIVE

    @property
    def exit_code(self) -> ExitCode:
        return _EXITS.get(self.result, self.verdict.exit_code)

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
    findings: Annotated[
        tuple[Finding, ...], Meta(description="how golden rows were answered through the live address")
    ] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of how it ended and what was found: what was live before is not taken back."""
        return max((super().verdict, *(finding.verdict for finding in self.findings)))

    @property
    def blocking(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.verdict.lets_go_on)

    @property
    def headline(self) -> str:
        told = super().headline
        if self.result == "live" and not self.reason and self.findings:
            return f"{told}, {self.findings[0].observed}"
        return told


class Rollback(_Deed, frozen=True, kw_only=True):
    """How the way back ended, and what the platform was then seen to run."""

    name: ClassVar[str] = "rollback"
