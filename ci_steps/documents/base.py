from typing import Annotated, ClassVar

from msgspec import Meta

from ci_steps.errors import ExitCode
from ci_steps.model.digest import Digest
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import Wire, digest_of, plain


class Made(Wire, frozen=True, kw_only=True):
    """Who made a document and when; no digest depends on it."""

    by: Annotated[str, Meta(description="who ran the step")]
    at: Annotated[str, Meta(description="when the step began, RFC 3339, UTC")]
    seconds: Annotated[float, Meta(description="how long the step took", ge=0)]
    run: Annotated[str, Meta(description="id of the run")]
    kit: Annotated[str, Meta(description="version of the kit")]


class Document(Wire, frozen=True, kw_only=True):
    """What a step leaves for the steps after it. It is named after its step."""

    name: ClassVar[str]

    made_from: Annotated[
        dict[str, Digest],
        Meta(description="digest of each document it was made from, and of its section of the plan"),
    ] = {}
    made: Annotated[Made | None, Meta(description="who and when; outside every digest")] = None
    seal: Annotated[
        Digest | None, Meta(description="digest of the rest: a document changed by hand is not read")
    ] = None

    @property
    def digest(self) -> Digest:
        """The digest of what the document says; who and when stay outside."""
        content = plain(self)
        del content["made"], content["seal"]
        return digest_of(content)

    @property
    def verdict(self) -> Verdict:
        """A deed that was done lets the next step go on."""
        return Verdict.PASSED

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that do not let it go on, worst first."""
        return ()

    @property
    def exit_code(self) -> ExitCode:
        return self.verdict.exit_code

    @property
    def headline(self) -> str:
        """The one line that a person reads first."""
        return ""


class Report(Document, frozen=True, kw_only=True):
    """A document that says whether something holds, and why."""

    findings: Annotated[tuple[Finding, ...], Meta(description="everything that was looked at")]
    not_checked: Annotated[tuple[str, ...], Meta(description="what was not looked at, and why")] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings; inconclusive where there is none."""
        return max((f.verdict for f in self.findings), default=Verdict.INCONCLUSIVE)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        stops = [f for f in self.findings if not f.verdict.lets_go_on]
        return tuple(sorted(stops, key=lambda f: f.verdict, reverse=True))

    @property
    def headline(self) -> str:
        worst = max(self.findings, key=lambda f: f.verdict, default=None)
        if worst is None:
            return "nothing was looked at"
        if worst.verdict is Verdict.PASSED:
            return worst.sentence if len(self.findings) == 1 else f"{len(self.findings)} findings, all passed"
        return worst.sentence


class Stopped(Document, frozen=True, kw_only=True):
    """Why a step could not tell: bad input, or the outside failed. Gone as soon as a step starts again."""

    name: ClassVar[str] = "stopped"

    step: Annotated[str, Meta(description="the step that stopped")]
    message: Annotated[str, Meta(description="what was wrong, in one line")]
    hint: Annotated[str, Meta(description="what to do next")] = ""
    code: Annotated[int, Meta(description="exit code", ge=1, le=8)]
