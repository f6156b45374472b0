"""What was rolled out where, by whom: append-only, each entry bound to the one before by its digest."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Literal, Self

from msgspec import Meta

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.release import Release
from ci_steps.model.value import Value
from ci_steps.model.verdict import Verdict, Waived
from ci_steps.model.wire import Wire, digest_of


class Ending(Enum):
    """How a rollout or a rollback ended; each a different thing."""

    LIVE = "live"
    ROLLED_BACK = "rolled-back"
    ROLLBACK_FAILED = "rollback-failed"


class LedgerEntry(Wire, frozen=True, kw_only=True):
    """An intent, written before the platform is touched, or the outcome, written after it was read back."""

    number: Annotated[int, Meta(description="position in the chain, from 1", ge=1)]
    previous: Annotated[Digest | None, Meta(description="digest of the entry before; null at the first")]
    kind: Annotated[
        Literal["intent", "outcome"], Meta(description="before or after the platform was touched")
    ]
    action: Annotated[Literal["rollout", "rollback"], Meta(description="what was asked for")]
    run: Annotated[str, Meta(description="id of the run; an intent and its outcome share it")]
    service: Annotated[str, Meta(description="the service")]
    environment: Annotated[str, Meta(description="the environment")]
    release: Annotated[Release | None, Meta(description="the release wanted; null: nothing shall serve")]
    before: Annotated[Release | None, Meta(description="the release that was live before")]
    planned_at: Annotated[int, Meta(description="length of the chain when the run was planned", ge=0)]
    ending: Annotated[Ending | None, Meta(description="outcome only: how it ended")] = None
    reason: Annotated[
        str, Meta(description="outcome only: why it ended so; rollback: why it was asked for")
    ] = ""
    gates: Annotated[
        dict[str, Verdict], Meta(description="verdict of each document the release stands on")
    ] = {}
    values: Annotated[dict[str, str], Meta(description="what each gate saw, as one line a finding")] = {}
    waived: Annotated[tuple[Waived, ...], Meta(description="what did not stop it, and who answers")] = ()
    by: Annotated[str, Meta(description="who asked for it")]
    at: Annotated[str, Meta(description="when it was written, RFC 3339, UTC")]

    @property
    def digest(self) -> Digest:
        return digest_of(self)


class History(Value, frozen=True):
    """A whole chain, read: what is live, what may be gone back to, and what is still open."""

    entries: tuple[LedgerEntry, ...]

    @classmethod
    def of(cls, entries: Sequence[LedgerEntry], *, where: str) -> Self:
        """Check the numbers and the digests of the chain; a broken one is bad input, never repaired."""
        previous = None
        for number, entry in enumerate(entries, start=1):
            if entry.number != number or entry.previous != previous:
                raise InputError(
                    f"{where}: entry {number} does not follow from the one before",
                    hint="the ledger was changed by hand; bring it back from a copy",
                )
            previous = entry.digest
        return cls(tuple(entries))

    @property
    def head(self) -> Digest | None:
        return self.entries[-1].digest if self.entries else None

    @property
    def open_intent(self) -> LedgerEntry | None:
        """The intent whose outcome is not written; only the last entry can be one."""
        last = self.entries[-1] if self.entries else None
        return last if last and last.kind == "intent" else None

    @property
    def live_entry(self) -> LedgerEntry | None:
        """The outcome that put the live release where it is."""
        return next((e for e in reversed(self.entries) if e.ending is Ending.LIVE), None)

    @property
    def live(self) -> Release | None:
        """The release that serves, by the ledger; after a rollout that was rolled back, the one before it."""
        return self.live_entry.release if self.live_entry else None

    def taken_back(self, sha: Digest) -> LedgerEntry | None:
        """Return the rollback that left this model, where it has not gone live again since."""
        for entry in reversed(self.entries):
            if _rolled_back_from(entry) and entry.before and entry.before.sha == sha:
                return entry
            if entry.ending is Ending.LIVE and entry.release and entry.release.sha == sha:
                return None
        return None

    def stands(self, release: Release) -> bool:
        """Whether this very release went live here and nobody has rolled back from it since."""
        went_live = any(e.ending is Ending.LIVE and e.release == release for e in self.entries)
        return went_live and release.id not in self.withdrawn

    @property
    def withdrawn(self) -> frozenset[str]:
        """Ids of releases that a rollback left; nothing goes back to them."""
        return frozenset(e.before.id for e in self.entries if _rolled_back_from(e) and e.before)

    @property
    def previous(self) -> Release | None:
        """The newest verified release that is not live and not withdrawn: where a rollback goes."""
        out = set(self.withdrawn) | ({self.live.id} if self.live else set())
        for entry in reversed(self.entries):
            if entry.ending is Ending.LIVE and entry.release and entry.release.id not in out:
                return entry.release
        return None


def _rolled_back_from(entry: LedgerEntry) -> bool:
    return entry.kind == "outcome" and entry.action == "rollback" and entry.ending is Ending.LIVE
