"""Whether the live address answers golden rows as the raw model did, once the release serves there."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from ci_steps.documents import FetchedModel, Plan
from ci_steps.model.release import Release
from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.ports import Progress
from ci_steps.rundir import RunDir
from ci_steps.steps.golden.differences import Alike
from ci_steps.steps.golden.parity import Parity, Wrong, parity, worst_first
from ci_steps.steps.golden.promises import promises
from ci_steps.steps.golden.replay import Replayed
from ci_steps.steps.golden.rows import GoldenRow, chosen, golden_rows
from ci_steps.steps.golden.service import TOO_BUSY, Reply, calling

CHECK = "rollout.parity"
_PAUSE_SECONDS = 0.5
_ONCE_WRONG_SECONDS = 2.0
"""How much longer callers get answers that differ, so that it can be said how many do."""


class Live(Protocol):
    """The live address."""

    def predict(self, body: bytes, *, timeout: float) -> Reply:
        """Ask it one request."""


Calling = Callable[[str], AbstractContextManager[Live]]
CALLING: Calling = partial(calling, agent="ci-steps rollout (golden rows)")


@dataclass(frozen=True, slots=True)
class LiveParity:
    """The rows that integration-test replayed, sent through the live address one after the other.

    They are requests among those of real callers, so there is never more than one of them at a time.
    """

    rows: Sequence[GoldenRow]
    alike: Alike
    settings: IntegrationSettings
    address: str
    calling: Calling
    progress: Progress

    @classmethod
    def of(cls, run: RunDir, calling: Calling, progress: Progress) -> "LiveParity":
        """Read the rows of the model that is rolled out; a model may have none."""
        plan, fetched = run.read(Plan), run.read(FetchedModel)
        files = {file.path: file for file in fetched.files}
        golden, interface = files.get("golden.jsonl"), files.get("interface.json")
        rows = golden_rows(run.verified(fetched.folder, golden)) if golden else ()
        settings = plan.integration
        return cls(
            rows=chosen(rows, plan.sha, settings.rows),
            alike=Alike(
                settings.tolerance,
                settings.absolute,
                promises(run.verified(fetched.folder, interface)).whole if interface else Alike(0).whole,
            ),
            settings=settings,
            address=plan.target.address,
            calling=calling,
            progress=progress,
        )

    def findings(self, release: Release) -> tuple[Finding, ...]:
        """Ask every row, and say whether ``release`` answered it; without a row there is no finding."""
        if not self.rows:
            return ()
        self.progress.say(f"replaying {len(self.rows)} golden rows through {self.address}")
        with self.calling(f"http://{self.address}") as live:
            return (self._judged(self._asked(live, release), release),)

    def _asked(self, live: Live, release: Release) -> list[tuple[GoldenRow, Reply]]:
        """Ask row by row until one gets no reply twice, or the time is over: soon, once one differs."""
        deadline = time.monotonic() + self.settings.replay_seconds
        asked: list[tuple[GoldenRow, Reply]] = []
        for done, row in enumerate(self.rows, start=1):
            reply = _reply(live, row, deadline)
            if reply is None:
                break
            asked.append((row, reply))
            if not reply.status:
                break
            if told([asked[-1]], release, self.alike).wrong:
                deadline = min(deadline, time.monotonic() + _ONCE_WRONG_SECONDS)
            self.progress.advance(done, len(self.rows), "rows")
        return asked

    def _judged(self, asked: Sequence[tuple[GoldenRow, Reply]], release: Release) -> Finding:
        found = told(asked, release, self.alike)
        if found.wrong:
            rest = len(self.rows) - found.rows
            left = f"; {rest} rows were not asked any more" if rest else ""
            then = (
                "see what is otherwise there than where integration-test ran it: environment, proxy, memory"
            )
            return self._finding(Verdict.REFUSED, f"{found.in_words}{left}", then)
        answered = [reply for _, reply in asked if answers(reply)]
        if is_short(answered, self.rows):
            late = f"{self.settings.replay_seconds:g} s were over"
            why = next((reply.in_words for _, reply in asked if not answers(reply)), late)
            observed = f"{len(answered)} of {len(self.rows)} rows were answered: {why}"
            return self._finding(Verdict.INCONCLUSIVE, observed, "see to the address, then run rollout again")
        if nameless := sum(not reply.release for reply in answered):
            observed = (
                f"{nameless} of {len(answered)} answers do not say in X-Release which release gave them"
            )
            return self._finding(Verdict.INCONCLUSIVE, observed, "let nothing before it take X-Release away")
        return self._finding(Verdict.PASSED, f"{found.in_words}, by {release.id}", "")

    def _finding(self, verdict: Verdict, observed: str, then: str) -> Finding:
        near = f"fractions within {self.settings.tolerance:g} of each other"
        return Finding(
            check=CHECK,
            subject=f"through {self.address}",
            verdict=verdict,
            observed=observed,
            rule=f"the answers in golden.jsonl, by type, from this release; {near}",
            where=self.settings.where,
            next=then,
        )


def told(asked: Sequence[tuple[GoldenRow, Reply]], release: Release, alike: Alike) -> Parity:
    """Compare what was answered, and by whom; no answer at all is neither alike nor different."""
    heard = [(row, reply) for row, reply in asked if answers(reply)]
    strange = [
        Wrong(row.id, f"was answered by {reply.release}, not by {release.id}")
        for row, reply in heard
        if is_strange(reply, release)
    ]
    differing = parity([Replayed(row, reply.outcome) for row, reply in heard], alike).wrong
    strangers = {wrong.row_id for wrong in strange}
    others = [wrong for wrong in differing if wrong.row_id not in strangers]
    return Parity(len(heard), worst_first([*strange, *others]))


def is_short(answered: Sequence[Reply], rows: Sequence[GoldenRow]) -> bool:
    """Whether some row was not answered."""
    return len(answered) < len(rows)


def answers(reply: Reply) -> bool:
    """Whether there is a reply that says anything of the model: not silence, and not that it is too busy."""
    return reply.status not in {0, TOO_BUSY}


def is_strange(reply: Reply, release: Release) -> bool:
    """Whether another release says that it answered."""
    return reply.release not in {"", release.id}


def _reply(live: Live, row: GoldenRow, deadline: float) -> Reply | None:
    """Ask once, and once more where nothing answered or it was too busy; None where the time is over."""
    for pause in (0.0, _PAUSE_SECONDS):
        left = deadline - time.monotonic() - pause
        if left <= 0:
            return None
        time.sleep(pause)
        reply = live.predict(row.body, timeout=left)
        if answers(reply):
            break
    return reply
