from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from ci_steps.documents import (
    BuiltImage,
    FetchedModel,
    IntegrationReport,
    InterfaceReport,
    LoadReport,
    MetricsReport,
    Plan,
    PushedImage,
    Rollout,
    ScanReport,
    UnitTestsReport,
)
from ci_steps.errors import InputError
from ci_steps.model.ledger import Ending, History
from ci_steps.model.release import Observed, Release
from ci_steps.model.verdict import Finding
from ci_steps.pipeline import Step, admit
from ci_steps.ports import Ledger, Progress, Target
from ci_steps.rundir import RunDir
from ci_steps.steps.rollout.asked import Asked
from ci_steps.steps.rollout.contract import (
    Contract,
    holder,
    holds,
    in_words,
    named,
    refuse_strangers,
    rows_in_words,
    spoilt,
)
from ci_steps.steps.rollout.parity import CALLING, Calling, LiveParity
from ci_steps.steps.rollout.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOut(Step):
    """Put the tested image before its users, or leave them with the release they had.

    Once it serves, golden rows are sent through the live address, one after the other: a release that does
    not answer them as the raw model did is taken back.
    The ledger is told before the platform is touched, and again after it was read back. A release that is
    live and verified is left alone; one that is live by the ledger, while the platform runs something
    else, is applied again under its own id.
    """

    name = "rollout"
    needs = (
        Plan,
        UnitTestsReport,
        FetchedModel,
        ScanReport,
        MetricsReport,
        InterfaceReport,
        BuiltImage,
        PushedImage,
        IntegrationReport,
        LoadReport,
    )
    opens = (FetchedModel,)
    makes = Rollout
    reads = (
        "service",
        "environment",
        "target",
        "integration",
        "waivers",
        "baseline",
        "ledger_length",
        "ledger_head",
        "model",
        "sha",
        "dry_run",
        "promoted",
    )
    settles = True

    target: Target
    ledger: Ledger
    progress: Progress
    clock: Callable[[], datetime]
    who: Callable[[], str]
    today: Callable[[], date]
    promoted: Ledger | None = None
    """The ledger of the environment that the release is carried on from."""
    settle_seconds: float = 15
    """How long the platform may take to show what was applied."""
    calling: Calling = CALLING

    def run(self, run: RunDir) -> Rollout:
        plan = run.read(Plan)
        documents = tuple(run.read(kind) for kind in self.needs)
        waived, blocked = admit(documents, plan.waivers, self.today())
        if blocked:
            raise InputError(
                f"rollout was started past {blocked.document}, which is {blocked.verdict.value}",
                hint="there is no way past a gate; look at what it found",
            )
        timeline = Timeline(self.progress, self.clock)
        asked = Asked(plan, documents, waived, run.read(PushedImage), timeline)
        if plan.dry_run:
            return self._foretold(asked)
        parity = LiveParity.of(run, self.calling, self.progress)
        if gone := self._no_longer_stands(plan):
            history = self._history(asked)
            release = asked.release(len(history.entries) + 1)
            return asked.left("moved", gone, release=release, before=history.live)
        with self.ledger.held() as ours:
            if ours:
                return self._rolled_out(asked, parity)
        return self._moved(asked, "is at work; wait for it, then plan again")

    def _no_longer_stands(self, plan: Plan) -> str:
        """Say so where what was proven in another environment was taken back since the plan."""
        if plan.promoted is None or self.promoted is None:
            return ""
        history, proven = self.promoted.history(), plan.promoted
        ids = [entry.release for entry in history.entries if entry.release]
        release = next((r for r in ids if (r.id, r.image) == (proven.release, proven.image)), None)
        if release and history.stands(release):
            return ""
        return f"{proven.release} in {proven.environment} was rolled back from since the plan"

    def _rolled_out(self, asked: Asked, parity: LiveParity) -> Rollout:
        replay = parity.findings
        contract = Contract(self.target, self.ledger, asked.timeline, self.settle_seconds, replay)
        history = self._history(asked)
        if intent := history.open_intent:
            if intent.run == asked.plan.run and asked.is_for(intent.release):
                return asked.ended(intent, contract.carry_out(intent))
            settled = contract.settle(intent, by=asked.plan.run)
            if settled.ending is Ending.ROLLBACK_FAILED:
                return asked.ended(intent, settled)
            history = self._history(asked)
        live, release = history.live, asked.release(len(history.entries) + 1)
        if live and asked.is_for(live):
            observed = contract.seen(live)
            if holds(observed, live):
                return self._left_live(asked, live, observed, replay(live))
            healed = f"healed: {named(live)} was live by the ledger, but {in_words(observed)}"
            intent = asked.intent(history, live, by=self.who(), reason=healed)
        elif overtaken := asked.overtaken(history):
            return asked.left(*overtaken, release=release, before=live)
        else:
            # A platform that does not answer, or an address that is taken, ends it here: nothing was touched.
            found = self.target.observe()
            asked.timeline.note(f"found: {in_words(found)}")
            refuse_strangers(found, history, asked.plan.store)
            intent = asked.intent(history, release, by=self.who())
        if not self.ledger.append(intent):
            return self._moved(asked, "wrote to the ledger first; plan again")
        return asked.ended(intent, contract.carry_out(intent))

    def _left_live(
        self, asked: Asked, live: Release, observed: Observed, findings: tuple[Finding, ...]
    ) -> Rollout:
        """Leave what is live as it is, also where its answers are not what they were: a person decides."""
        reason = f"{named(live)} is live and verified"
        if unproven := spoilt(findings):
            reason = f"{named(live)} is live and is left so, but {rows_in_words(unproven)}"
        return asked.left(
            "already-live", reason, release=live, before=live, observed=observed, findings=findings
        )

    def _foretold(self, asked: Asked) -> Rollout:
        """Say what would be done; touch neither the ledger nor the platform."""
        history = self._history(asked)
        live, observed = history.live, self.target.observe()
        release = asked.release(len(history.entries) + 1)
        steps = []
        if (intent := history.open_intent) and intent.run != asked.plan.run:
            steps.append(f"settle run {intent.run}, which was cut off or is still at work")
        if live and asked.is_for(live):
            release = live
            verified = f"leave {named(live)} as it is, live and verified"
            steps.append(verified if holds(observed, live) else f"heal {named(live)}: {in_words(observed)}")
        elif overtaken := asked.overtaken(history):
            steps.append(f"stop as {overtaken[0]}: {overtaken[1]}")
        else:
            refuse_strangers(observed, history, asked.plan.store)
            memory = f" with {release.memory_mb} MiB each" if release.memory_mb else ""
            steps.append(
                f"put {named(release)} in place of {named(live)}:"
                f" {release.replicas} x {release.reference}{memory} at {asked.plan.target.address}"
            )
        reason = f"would {', then '.join(steps)}"
        return asked.left("dry-run", reason, release=release, before=live, observed=observed)

    def _history(self, asked: Asked) -> History:
        """Read the ledger, which may have grown since the plan and nothing else."""
        plan, history = asked.plan, self.ledger.history()
        known = History(history.entries[: plan.ledger_length])
        if len(known.entries) < plan.ledger_length or known.head != plan.ledger_head:
            raise InputError(
                f"the ledger of {plan.service} in {plan.environment} no longer holds what the plan saw in it",
                hint="bring it back from a copy",
            )
        return history

    def _moved(self, asked: Asked, does: str) -> Rollout:
        history = self.ledger.history()
        release = asked.release(len(history.entries) + 1)
        reason = f"{holder(history)} {does}"
        return asked.left("moved", reason, release=release, before=history.live)
