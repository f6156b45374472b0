"""Live addresses from which a release must be taken back, and one on which it stays; all in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from ci_steps.documents import (
    BuiltImage,
    IntegrationReport,
    InterfaceReport,
    LoadReport,
    MetricsReport,
    PushedImage,
    Report,
    ScanReport,
    UnitTestsReport,
)
from ci_steps.model.digest import Digest
from ci_steps.model.ledger import History, LedgerEntry
from ci_steps.model.release import Observed, Release, Replica
from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.rundir import RunDir
from ci_steps.selftest.case import Case
from ci_steps.selftest.integrated import Quiet
from ci_steps.selftest.loopback import specimen_answer
from ci_steps.selftest.specimen import Specimen
from ci_steps.steps.golden.service import Reply
from ci_steps.steps.rollout import RollOut

_CHECK = "rollout.parity"
_TODAY = date(2026, 6, 30)
_GATES: tuple[type[Report], ...] = (
    UnitTestsReport,
    ScanReport,
    MetricsReport,
    InterfaceReport,
    IntegrationReport,
    LoadReport,
)
Spoil = Callable[[Reply], Reply]


@dataclass(slots=True)
class _World:
    """A platform, its ledger and its live address, whose replies ``spoil`` may change on their way."""

    spoil: Spoil
    serving: Release | None = None
    entries: list[LedgerEntry] = field(default_factory=list)
    retired: list[Release | None] = field(default_factory=list)
    """What served each time that the rest was stopped."""

    def observe(self) -> Observed:
        if self.serving is None:
            return Observed(replicas=())
        one = Replica(
            id="copy-1", release=self.serving.id, image=self.serving.image, healthy=True, serving=True
        )
        return Observed(replicas=(one,), answering=self.serving.id)

    def apply(self, wanted: Release | None) -> None:
        self.serving = wanted

    def retire(self) -> None:
        self.retired.append(self.serving)

    def history(self) -> History:
        return History.of(self.entries, where="memory")

    def append(self, entry: LedgerEntry) -> bool:
        self.entries.append(entry)
        return True

    @contextmanager
    def held(self) -> Iterator[bool]:
        yield True

    @contextmanager
    def called(self, address: str) -> Iterator["_World"]:
        del address
        yield self

    def predict(self, body: bytes, *, timeout: float) -> Reply:
        del timeout
        answer = specimen_answer(msgspec.json.decode(body))
        name = self.serving.id if self.serving else ""
        return self.spoil(Reply(200, msgspec.json.encode(answer), release=name))


def _rolled_out(spoil: Spoil, seconds: float, folder: Path) -> Report:
    """Roll out over nothing: what is not shown to be right must be gone afterwards, the rest must stay."""
    world = _World(spoil)
    step = RollOut(
        target=world,
        ledger=world,
        progress=Quiet(),
        clock=lambda: datetime.now(UTC),
        who=lambda: "selftest",
        today=lambda: _TODAY,
        settle_seconds=0,
        calling=world.called,
    )
    document = step.run(_gone_through(folder, seconds))
    stays = all(finding.verdict.lets_go_on for finding in document.findings)
    kept = document.result == "live" and world.serving is not None
    # Nobody is stopped before it is known who is to stay.
    in_order = world.retired == [world.serving]
    # Any report carries findings; without them the case has no answer, and is wrong.
    return IntegrationReport(findings=document.findings if stays is kept and in_order else ())


def _gone_through(folder: Path, seconds: float) -> RunDir:
    run = Specimen(plan={"integration": IntegrationSettings(replay_seconds=seconds)}).laid_out(folder)
    passed = Finding(check="selftest", verdict=Verdict.PASSED, observed="as told", rule="none")
    for kind in _GATES:
        run.write(kind(findings=(passed,)))
    image = Digest("3" * 64)
    run.write(BuiltImage(image=image, layers=(), labels={}))
    run.write(PushedImage(findings=(passed,), repository="127.0.0.1:5000/specimen", image=image))
    return run


def _replaced(
    *, status: int = 200, fault: str = "", content: bytes | None = None, release: str | None = None
) -> Spoil:
    def spoil(reply: Reply) -> Reply:
        said = reply.content if content is None else content
        return Reply(status, said, fault=fault, release=reply.release if release is None else release)

    return spoil


def _off(reply: Reply) -> Reply:
    answer = msgspec.json.decode(reply.content)
    content = msgspec.json.encode(answer | {"score": answer["score"] * (1 + 2e-6)})
    return Reply(200, content, release=reply.release)


def _case(wanted: Verdict, title: str, spoil: Spoil, seconds: float = 120) -> Case:
    return Case("rollout", _CHECK, wanted, title, lambda folder: _rolled_out(spoil, seconds, folder))


def _same(reply: Reply) -> Reply:
    return reply


CASES: tuple[Case, ...] = (
    _case(Verdict.PASSED, "a live address that answers as the raw model did", _same),
    _case(Verdict.REFUSED, "scores off by twice the tolerance", _off),
    _case(Verdict.REFUSED, "another answer", _replaced(content=b'{"label":"neutral","score":0.5}')),
    _case(Verdict.REFUSED, "status 500", _replaced(status=500)),
    _case(Verdict.REFUSED, "answers of another release", _replaced(release="production-0")),
    _case(Verdict.INCONCLUSIVE, "answers that no release signs", _replaced(release="")),
    _case(Verdict.INCONCLUSIVE, "silence", _replaced(status=0, fault="the connection failed")),
    _case(Verdict.INCONCLUSIVE, "no time left", _same, 1e-9),
    _case(Verdict.INCONCLUSIVE, "an address that is too busy", _replaced(status=503), 0.6),
)
