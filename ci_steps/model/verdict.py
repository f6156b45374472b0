"""What a gate found, and what that means for going on."""

from datetime import date, timedelta
from enum import Enum
from functools import total_ordering
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from ci_steps.errors import ExitCode
from ci_steps.model.checks import RUN_AGAIN
from ci_steps.model.wire import Wire

LONGEST_WAIVER = timedelta(days=366)


@total_ordering
class Verdict(Enum):
    """May it go on? Ordered from best to worst."""

    PASSED = "passed"
    WARNED = "warned"
    INCONCLUSIVE = "inconclusive"
    REFUSED = "refused"

    def __lt__(self, other: "Verdict") -> bool:
        order = list(Verdict)
        return order.index(self) < order.index(other)

    @property
    def lets_go_on(self) -> bool:
        return self <= Verdict.WARNED

    @property
    def sign(self) -> str:
        """The one character that stands for it wherever a person looks, so that colour is never alone."""
        return {"passed": "✔", "warned": "!", "inconclusive": "?", "refused": "✘"}[self.value]

    @property
    def exit_code(self) -> ExitCode:
        return {
            Verdict.PASSED: ExitCode.GO_ON,
            Verdict.WARNED: ExitCode.GO_ON,
            Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
            Verdict.REFUSED: ExitCode.REFUSED,
        }[self]


class Interval(Wire, frozen=True, kw_only=True):
    """An estimate with its confidence interval, beside the margin that it is held to."""

    estimate: Annotated[float, Meta(description="the estimate, in the metric's own unit")]
    lower: Annotated[float, Meta(description="lower end of the interval")]
    upper: Annotated[float, Meta(description="upper end of the interval")]
    margin: Annotated[float, Meta(description="the value that decides, on the same axis")]
    confidence: Annotated[float, Meta(description="one-sided confidence of each end, 0 to 1", gt=0, lt=1)]
    n: Annotated[int, Meta(description="number of examples it stands on", ge=0)]


class Finding(Wire, frozen=True, kw_only=True):
    """One thing a gate looked at: what it saw, the rule it was held to, and what to do next."""

    check: Annotated[str, Meta(description="stable id, which a waiver names: check-metrics.baseline")]
    subject: Annotated[str, Meta(description="what was looked at: accuracy where length=long")] = ""
    verdict: Annotated[Verdict, Meta(description="what this finding alone means")]
    observed: Annotated[str, Meta(description="the value or fact seen")]
    rule: Annotated[str, Meta(description="what it is held to")]
    where: Annotated[str, Meta(description="where the rule stands: release.yaml:14")] = ""
    next: Annotated[str, Meta(description="what to do about it; empty where it passed")] = ""
    interval: Annotated[Interval | None, Meta(description="the numbers behind it, for a picture")] = None
    witness: Annotated[str | None, Meta(description="path, in the run directory, of a concrete proof")] = None

    @property
    def sentence(self) -> str:
        """One line for a person: subject, observed, rule."""
        subject = f"{self.subject}: " if self.subject else ""
        return f"{subject}{self.observed} ({self.rule})"


class Waiver(Wire, frozen=True, kw_only=True):
    """Someone's answer for going on past an inconclusive finding, until a day."""

    check: Annotated[str, Meta(description="the finding's id, exactly")]
    reason: Annotated[str, Meta(description="why", min_length=3)]
    by: Annotated[str, Meta(description="the person who answers for it", min_length=1)]
    until: Annotated[date, Meta(description="the last day on which it holds")]
    # Left out of the JSON where nobody gives it: ledgers that are older than the key keep their digests.
    subject: Annotated[
        str | UnsetType, Meta(description="one subject of the check alone; left out: whatever it is about")
    ] = UNSET
    environment: Annotated[
        str | UnsetType, Meta(description="the one environment that it is for; left out: each")
    ] = UNSET
    where: Annotated[str, Meta(description="where it stands: release.yaml:30")] = ""

    def is_for(self, environment: str) -> bool:
        """Whether a plan for ``environment`` carries it."""
        return self.environment in {UNSET, environment}

    def covers(self, finding: Finding, today: date) -> bool:
        """Only what nobody could decide can be waived, until the day is over; never a refusal.

        Nor what another try decides: nobody can answer for what was not asked.
        """
        if finding.check in RUN_AGAIN:
            return False
        return finding.verdict is Verdict.INCONCLUSIVE and self.names(finding) and self.holds(today)

    def names(self, finding: Finding) -> bool:
        """Whether the finding is what it is about."""
        return finding.check == self.check and self.subject in {UNSET, finding.subject}

    @property
    def what(self) -> str:
        """What it is about, for a person."""
        return self.check if self.subject is UNSET else f"{self.check} {self.subject}"

    def holds(self, today: date) -> bool:
        """Whether anybody answers on this day: one day, not every day to come."""
        return 0 <= (self.until - today).days <= LONGEST_WAIVER.days

    def too_long(self, today: date) -> str:
        """Return what is wrong with a waiver for longer than a year; empty where nothing is."""
        if self.until - today <= LONGEST_WAIVER:
            return ""
        return f"the waiver of {self.check} until {self.until} covers nothing: a waiver holds a year at most"


class Waived(Wire, frozen=True, kw_only=True):
    """A finding that did not stop the release, and who answers for that."""

    finding: Annotated[Finding, Meta(description="the finding, as the gate recorded it")]
    waiver: Annotated[Waiver, Meta(description="the waiver that covers it")]
