"""The contract that every target is held to: apply, verify, retire, commit; or restore and do the same."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from ci_steps.errors import InputError, OutsideError, StepError
from ci_steps.model.ledger import Ending, History, LedgerEntry
from ci_steps.model.release import Observed, Release
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.ports import Ledger, Target
from ci_steps.steps.rollout.timeline import Timeline

_LOOK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Done:
    """How an intent ended, and what the platform was then seen to run; None where it would not say."""

    ending: Ending
    reason: str
    observed: Observed | None
    findings: tuple[Finding, ...] = ()
    """What its answers were found to be."""


Replay = Callable[[Release], tuple[Finding, ...]]
"""Asks golden rows of the release that now serves."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Brings an intent of the ledger to its one outcome."""

    target: Target
    ledger: Ledger
    timeline: Timeline
    settle_seconds: float
    replay: Replay = lambda _: ()
    """For an intent of this run's own; nobody has the golden rows of another's."""

    def carry_out(self, intent: LedgerEntry) -> Done:
        """Make the intent's release serve, or what was live before it; write which of the two it was.

        It may be called again after a cut: the target is told the wanted end, never a change.
        """
        findings: tuple[Finding, ...] = ()
        unproven = None
        try:
            self.timeline.note(f"bringing {named(intent.release)} to serve")
            self.target.apply(intent.release)
            observed = self.seen(intent.release)
            if intent.release and holds(observed, intent.release):
                self.timeline.note(f"verified: {in_words(observed)}")
                findings = self.replay(intent.release)
                for finding in findings:
                    self.timeline.note(rows_in_words(finding))
            # A release that was live before, as in a healing, is never taken back for itself.
            unproven = spoilt(findings) if intent.before != intent.release else None
            if holds(observed, intent.release) and not unproven:
                observed = self._alone(intent.release)
        except StepError as error:
            return self._restore(intent, str(error))
        except BaseException as error:
            # The duty to restore: also Ctrl-C, SIGTERM and our own bugs leave the service on a whole release.
            self._restore(intent, f"it was cut off by {type(error).__name__}")
            raise
        if not holds(observed, intent.release):
            return self._restore(intent, f"{named(intent.release)} was applied, but {in_words(observed)}")
        if unproven:
            return self._restore(
                intent, f"{named(intent.release)} served, but {rows_in_words(unproven)}", findings
            )
        return self._close(intent, Done(Ending.LIVE, intent.reason, observed, findings))

    def settle(self, intent: LedgerEntry, *, by: str) -> Done:
        """Write the outcome of an intent whose run died: live where its release serves, else restore."""
        self.timeline.note(f"settling run {intent.run}, which was cut off")
        observed = self.target.observe()
        if intent.release and observed.answering == intent.release.id:
            observed = self.seen(intent.release)
        if holds(observed, intent.release):
            observed = self._alone(intent.release)
        if holds(observed, intent.release):
            settled = f"cut off; settled by run {by}, which has not its golden rows to replay"
            return self._close(intent, Done(Ending.LIVE, settled, observed))
        return self._restore(intent, f"it was cut off; settled by run {by}")

    def seen(self, wanted: Release | None) -> Observed:
        """Return what runs, looking again for a bounded time until it is what is wanted."""
        deadline = time.monotonic() + self.settle_seconds
        while True:
            observed = self.target.observe()
            if holds(observed, wanted) or time.monotonic() >= deadline:
                return observed
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _alone(self, serving: Release | None) -> Observed:
        """Stop what else still runs, only now that nobody has to go back to it, and look once more."""
        self.target.retire()
        return self.seen(serving)

    def _restore(self, intent: LedgerEntry, reason: str, findings: tuple[Finding, ...] = ()) -> Done:
        self.timeline.note(f"{reason}; going back to {named(intent.before)}")
        observed = None
        try:
            self.target.apply(intent.before)
            observed = self.seen(intent.before)
            if holds(observed, intent.before):
                self.timeline.note(f"restored: {in_words(observed)}")
                observed = self._alone(intent.before)
        except Exception as error:  # noqa: BLE001  # the duty to restore: whatever failed, the ledger says so
            why = str(error) if isinstance(error, StepError) else f"{type(error).__name__}: {error}"
            failed = f"{reason}; going back to {named(intent.before)} failed: {why}"
        else:
            if holds(observed, intent.before):
                return self._close(intent, Done(Ending.ROLLED_BACK, reason, observed, findings))
            failed = f"{reason}; went back to {named(intent.before)}, but {in_words(observed)}"
        self.timeline.note(failed)
        return self._close(intent, Done(Ending.ROLLBACK_FAILED, failed, observed, findings))

    def _close(self, intent: LedgerEntry, done: Done) -> Done:
        outcome = msgspec.structs.replace(
            intent,
            number=intent.number + 1,
            previous=intent.digest,
            kind="outcome",
            ending=done.ending,
            reason=done.reason,
            at=self.timeline.now(),
        )
        if not self.ledger.append(outcome):
            raise OutsideError(
                f"entry {outcome.number} of the ledger was written by another run meanwhile",
                hint="look at `history`; only one run at a time may roll out",
            )
        return done


def holds(observed: Observed, wanted: Release | None) -> bool:
    """Whether the platform runs what is wanted; nothing, where nothing is."""
    return observed.runs(wanted) if wanted else observed.empty


def spoilt(findings: tuple[Finding, ...]) -> Finding | None:
    """Return what keeps a release from being live: whatever is not shown to be right."""
    return next((finding for finding in findings if not finding.verdict.lets_go_on), None)


def rows_in_words(finding: Finding) -> str:
    """Return what became of the golden rows, in one clause."""
    became = {
        Verdict.REFUSED: "are answered otherwise",
        Verdict.INCONCLUSIVE: "could not be compared",
    }.get(finding.verdict, "are answered as they should be")
    first = finding.observed.partition(";")[0]  # the worst row; the finding has the others
    return f"golden rows through the live address {became}: {first}"


def named(release: Release | None) -> str:
    return f"{release.id} ({release.model}@{release.sha.short})" if release else "nothing"


def refuse_strangers(observed: Observed, history: History, store: str) -> None:
    """Refuse to touch a platform where a release serves that this ledger knows nothing of.

    Going back after a failure would take it away: a ledger that was lost, or is another one's, must not
    decide over what serves. What is live by the ledger and was changed by hand is known all the same.
    """
    known = {(entry.release.id, entry.release.image) for entry in history.entries if entry.release}
    live = history.live.id if history.live else None
    for replica in observed.replicas:
        unknown = replica.image and replica.release != live and (replica.release, replica.image) not in known
        if replica.serving and unknown:
            raise InputError(
                f"{replica.release} of {replica.image} serves, and the ledger in {store} knows nothing of it",
                hint="see that `store:` is where it was released from; stop its containers if it is to go",
            )


def in_words(observed: Observed) -> str:
    """Return what runs, in one clause."""
    serving = [replica for replica in observed.replicas if replica.serving]
    healthy = [replica for replica in serving if replica.healthy]
    images = sorted({r.image.short if r.image else "an unknown image" for r in serving})
    of = f" of {', '.join(images)}" if images else ""
    who = f"{observed.answering} answers" if observed.answering else "no release answers"
    return f"{len(healthy)} of {len(serving)} serving replicas{of} are healthy and {who}"


def holder(history: History) -> str:
    """Return who works on the ledger, as far as it can tell."""
    intent = history.open_intent
    return f"run {intent.run} (by {intent.by}, since {intent.at})" if intent else "another run"
