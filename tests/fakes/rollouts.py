"""A service with its ledger and platform in memory, and the runs that act on them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from ci_steps.documents import (
    Baseline,
    BuiltImage,
    IntegrationReport,
    InterfaceReport,
    LoadReport,
    MetricsReport,
    PushedImage,
    Report,
    Rollback,
    Rollout,
    ScanReport,
    UnitTestsReport,
)
from ci_steps.model.digest import Digest
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.ports import Ledger, Target
from ci_steps.rundir import RunDir
from ci_steps.selftest.loopback import specimen_answer
from ci_steps.selftest.specimen import Specimen
from ci_steps.steps.golden.service import Reply
from ci_steps.steps.rollout import RollBack, RollOut
from ci_steps.steps.rollout.parity import CALLING, Calling
from tests.fakes.ledger import MemoryLedger
from tests.fakes.progress import Told
from tests.fakes.target import FakeTarget

REPORTS: tuple[type[Report], ...] = (
    UnitTestsReport,
    ScanReport,
    MetricsReport,
    InterfaceReport,
    IntegrationReport,
    LoadReport,
)
T = TypeVar("T", bound=Target)
L = TypeVar("L", bound=Ledger)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOON.date()


def image(name: str) -> Digest:
    return Digest.of(name.encode())


def finding(check: str, verdict: Verdict = Verdict.PASSED) -> Finding:
    return Finding(check=check, subject="accuracy", verdict=verdict, observed="0.81", rule="at least 0.70")


@dataclass(slots=True, kw_only=True)
class Runs(Generic[T, L]):
    """The runs that act on one service's ledger and platform, which are called through ``calling``."""

    folder: Path
    target: T
    ledger: L
    progress: Told = field(default_factory=Told)
    digest_of: Callable[[str], Digest] = image
    repository: str = "127.0.0.1:5000/specimen"
    settle_seconds: float = 0
    calling: Calling = CALLING

    def planned(self, name: str, **changes: Any) -> RunDir:
        """Plan a release of the image ``name`` against what is live now, every gate passed."""
        history = self.ledger.history()
        baseline = history.live and Baseline(
            release=history.live.id,
            model=history.live.model,
            sha=history.live.sha,
            repository=history.live.repository,
            image=history.live.image,
        )
        fields = {
            "run": f"run-{name}",
            "baseline": baseline,
            "ledger_length": len(history.entries),
            "ledger_head": history.head,
            **changes,
        }
        run = Specimen(plan=fields).laid_out(self.folder / str(fields["run"]))
        for kind in REPORTS:
            run.write(kind(findings=(finding(f"{kind.name}.rule"),)))
        run.write(BuiltImage(image=self.digest_of(name), layers=(), labels={}))
        run.write(
            PushedImage(
                findings=(finding("push-image.digest"),),
                repository=self.repository,
                image=self.digest_of(name),
            )
        )
        return run

    def roll_out(self, run: RunDir, **changes: Any) -> Rollout:
        return self._rolling_out(**changes).run(run)

    def live(self, name: str, **changes: Any) -> Rollout:
        """Roll out the image ``name``, and see that it is live."""
        document = self.roll_out(self.planned(name, **changes))
        assert document.result == "live", document.reason
        return document

    def roll_back(self, *, run_id: str = "back") -> Rollback:
        step = RollBack(
            service="specimen",
            environment="production",
            run_id=run_id,
            reason="complaints",
            target=self.target,
            ledger=self.ledger,
            progress=self.progress,
            clock=lambda: NOON,
            who=lambda: "m.jansen",
            settle_seconds=self.settle_seconds,
        )
        return step.run(RunDir(self.folder / run_id))

    def endings(self) -> list[str]:
        """How each intent ended, in the order of the ledger, which must be whole."""
        entries = self.ledger.history().entries
        pairs = list(zip(entries[::2], entries[1::2], strict=True))
        assert all(a.kind == "intent" and b.kind == "outcome" and a.run == b.run for a, b in pairs)
        return [b.ending.value for _, b in pairs if b.ending]

    def _rolling_out(self, today: date = TODAY, **changes: Any) -> RollOut:
        fields: dict[str, Any] = {
            "target": self.target,
            "ledger": self.ledger,
            "progress": self.progress,
            "clock": lambda: NOON,
            "who": lambda: "m.jansen",
            "today": lambda: today,
            "settle_seconds": self.settle_seconds,
            "calling": self.calling,
        }
        return RollOut(**(fields | changes))


@dataclass(slots=True, kw_only=True)
class World(Runs[FakeTarget, MemoryLedger]):
    """A platform and a ledger in memory."""

    target: FakeTarget = field(default_factory=FakeTarget)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    asked: list[bytes] = field(default_factory=list)
    """The bodies that were sent to the live address."""
    replies: Callable[[bytes, Reply], Reply] = lambda _, reply: reply
    """What becomes of a body's reply on its way back."""

    def __post_init__(self) -> None:
        self.calling = self._called

    @contextmanager
    def _called(self, address: str) -> Iterator["World"]:
        assert address == "http://127.0.0.1:18081"
        yield self

    def predict(self, body: bytes, *, timeout: float) -> Reply:
        """Answer as the specimen's model does, in the name of the release that serves."""
        assert timeout > 0
        self.asked.append(body)
        if self.target.serving is None:
            return Reply(0, fault="the connection failed")
        content = msgspec.json.encode(specimen_answer(msgspec.json.decode(body)))
        return self.replies(body, Reply(200, content, release=self.target.serving.id))

    @property
    def serving(self) -> str | None:
        """Name of the image that serves."""
        release = self.target.serving
        names = ("v1", "v2", "v3", "bad")
        return next((n for n in names if release and release.image == image(n)), None)
