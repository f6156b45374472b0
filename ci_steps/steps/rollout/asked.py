"""What a rollout was asked for, and what its document and its ledger entry say of it."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from ci_steps.documents import Document, Plan, PushedImage, Report, Rollout
from ci_steps.documents.live import Result
from ci_steps.model.ledger import History, LedgerEntry
from ci_steps.model.release import Observed, Release
from ci_steps.model.verdict import Finding, Waived
from ci_steps.steps.rollout.contract import Done, named
from ci_steps.steps.rollout.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Asked:
    """A release that every gate lets through, on its way to its users."""

    plan: Plan
    documents: tuple[Document, ...]
    waived: tuple[Waived, ...]
    image: PushedImage
    timeline: Timeline

    def release(self, number: int) -> Release:
        """Return the release wanted, under the id that intent ``number`` gives it."""
        return Release(
            id=f"{self.plan.environment}-{number}",
            model=self.plan.model,
            sha=self.plan.sha,
            repository=self.image.repository,
            image=self.image.image,
            replicas=self.plan.target.replicas,
            memory_mb=self.plan.target.memory_mb,
        )

    def is_for(self, release: Release | None) -> bool:
        """Whether ``release`` is what is wanted, whatever its id."""
        return release is not None and release == msgspec.structs.replace(self.release(0), id=release.id)

    def overtaken(self, history: History) -> tuple[Literal["stale", "moved"], str] | None:
        """Say so where this was planned against another live release, or was rolled back from since."""
        live, baseline = history.live, self.plan.baseline
        if (live.id if live else None) == (baseline.release if baseline else None):
            # A job that is run again must not undo what someone did at night.
            since = (e.before for e in history.entries[self.plan.ledger_length :] if e.action == "rollback")
            left = next((release for release in since if self.is_for(release)), None)
            undone = left is not None and left.id in history.withdrawn
            return (
                ("moved", f"{named(left)} was rolled back from since the plan; plan again")
                if undone
                else None
            )
        against = f"this was planned against {baseline.release if baseline else 'nothing'}"
        entry = history.live_entry
        if entry and entry.planned_at > self.plan.ledger_length:
            return "stale", f"{named(live)} is live and was planned later than this; {against}"
        return "moved", f"{named(live)} is live, {against}; plan again, so that the gates compare with it"

    def intent(self, history: History, release: Release, *, by: str, reason: str = "") -> LedgerEntry:
        """Return the entry that goes before the first touch of the platform."""
        return LedgerEntry(
            number=len(history.entries) + 1,
            previous=history.head,
            kind="intent",
            action="rollout",
            run=self.plan.run,
            service=self.plan.service,
            environment=self.plan.environment,
            release=release,
            before=history.live,
            planned_at=self.plan.ledger_length,
            reason=reason,
            gates={document.name: document.verdict for document in self.documents},
            values=_values(self.documents),
            waived=self.waived,
            by=by,
            at=self.timeline.now(),
        )

    def left(
        self,
        result: Literal["moved", "stale", "dry-run", "already-live"],
        reason: str,
        *,
        release: Release,
        before: Release | None,
        observed: Observed | None = None,
        findings: tuple[Finding, ...] = (),
    ) -> Rollout:
        """Return the document of a rollout that changed nothing."""
        self.timeline.note(reason)
        return Rollout(
            result=result,
            reason=reason,
            release=release,
            before=before,
            observed=observed,
            timeline=self.timeline.moments,
            waived=self.waived,
            findings=findings,
            not_checked=_not_checked(result, findings),
        )

    def ended(self, intent: LedgerEntry, done: Done) -> Rollout:
        """Return the document of a rollout that was carried out."""
        return Rollout(
            result=done.ending.value,
            reason=done.reason,
            release=intent.release,
            before=intent.before,
            observed=done.observed,
            timeline=self.timeline.moments,
            waived=self.waived,
            findings=done.findings,
            not_checked=_not_checked(done.ending.value, done.findings),
        )


def _not_checked(result: Result, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Return why the live address was not asked golden rows, where it was not."""
    if findings:
        return ()
    if result == "dry-run":
        return ("golden rows through the live address: a dry run sends nothing",)
    if result in {"live", "already-live"}:
        return ("golden rows through the live address: the model has no golden.jsonl",)
    return ("golden rows through the live address: the release never served there",)


def _values(documents: tuple[Document, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for document in documents:
        for finding in document.findings if isinstance(document, Report) else ():
            key = f"{finding.check} {finding.subject}".strip()
            seen = f"{finding.observed} ({finding.rule})"
            values[key] = f"{values[key]}; {seen}" if key in values else seen
    return values
