from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ci_steps.documents import Rollback
from ci_steps.documents.live import Result
from ci_steps.model.ledger import Ending, History, LedgerEntry
from ci_steps.model.release import Observed, Release
from ci_steps.pipeline import Step
from ci_steps.ports import Ledger, Progress, Target
from ci_steps.rundir import RunDir
from ci_steps.steps.rollout.contract import Contract, Done, holder, in_words, named
from ci_steps.steps.rollout.timeline import Timeline

_NOT_REPLAYED = (
    "golden rows through the live address: they were replayed when this release went live first, and nothing"
    " that they could say now would leave the users with the release that is left"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack(Step):
    """Leave the live release and go back to the newest verified one that nobody went back from.

    The release that is left is withdrawn: a second rollback goes further back, never forth again. It needs
    no plan, only the ledger. Where a rollout or a rollback was cut off, settling that is all that is done.
    """

    name = "rollback"
    makes = Rollback
    settles = True

    service: str
    environment: str
    run_id: str
    reason: str
    target: Target
    ledger: Ledger
    progress: Progress
    clock: Callable[[], datetime]
    who: Callable[[], str]
    settle_seconds: float = 15
    """How long the platform may take to show what was applied."""

    def run(self, run: RunDir) -> Rollback:
        del run
        timeline = Timeline(self.progress, self.clock)
        with self.ledger.held() as ours:
            if ours:
                return self._rolled_back(timeline)
        history = self.ledger.history()
        return _left("moved", f"{holder(history)} is at work; wait for it", history.live, timeline)

    def _rolled_back(self, timeline: Timeline) -> Rollback:
        contract = Contract(self.target, self.ledger, timeline, self.settle_seconds)
        history = self.ledger.history()
        if intent := history.open_intent:
            if intent.action == "rollback":
                return _ended(intent, contract.carry_out(intent), timeline)
            settled = contract.settle(intent, by=self.run_id)
            if settled.ending is not Ending.LIVE:
                return self._settled(intent, settled, timeline)
            history = self.ledger.history()
        live, previous = history.live, history.previous
        if previous is None:
            reason = (
                f"{self.service} in {self.environment} has no verified release to go back to"
                f"; {named(live)} is live"
            )
            return _left("nothing-to-do", reason, live, timeline)
        timeline.note(f"found: {in_words(self.target.observe())}")
        intent = self._intent(history, previous, at=timeline.now())
        if not self.ledger.append(intent):
            history = self.ledger.history()
            return _left("moved", f"{holder(history)} wrote to the ledger first", history.live, timeline)
        return _ended(intent, contract.carry_out(intent), timeline)

    def _settled(self, intent: LedgerEntry, settled: Done, timeline: Timeline) -> Rollback:
        """Return what settling a cut rollout came to: it led back already, so nobody asked to go further."""
        result: Result
        if settled.ending is Ending.ROLLBACK_FAILED:
            result, reason = "rollback-failed", settled.reason
        else:
            result = "live" if intent.before else "nothing-to-do"
            reason = f"run {intent.run} was cut off before it went live; {named(intent.before)} serves"
        return _document(
            result,
            reason,
            timeline,
            release=intent.before,
            before=intent.release,
            observed=settled.observed,
        )

    def _intent(self, history: History, previous: Release, *, at: str) -> LedgerEntry:
        return LedgerEntry(
            number=len(history.entries) + 1,
            previous=history.head,
            kind="intent",
            action="rollback",
            run=self.run_id,
            service=self.service,
            environment=self.environment,
            release=previous,
            before=history.live,
            planned_at=len(history.entries),
            reason=self.reason,
            by=self.who(),
            at=at,
        )


def _ended(intent: LedgerEntry, done: Done, timeline: Timeline) -> Rollback:
    return _document(
        done.ending.value,
        done.reason,
        timeline,
        release=intent.release,
        before=intent.before,
        observed=done.observed,
    )


def _left(result: Result, reason: str, live: Release | None, timeline: Timeline) -> Rollback:
    timeline.note(reason)
    return _document(result, reason, timeline, before=live)


def _document(
    result: Result,
    reason: str,
    timeline: Timeline,
    *,
    release: Release | None = None,
    before: Release | None = None,
    observed: Observed | None = None,
) -> Rollback:
    return Rollback(
        result=result,
        reason=reason,
        release=release,
        before=before,
        observed=observed,
        timeline=timeline.moments,
        not_checked=(_NOT_REPLAYED,) if result == "live" else (),
    )
