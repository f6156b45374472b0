"""Running steps: one by itself, or all of a release in their order."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from msgspec.structs import replace

from ci_steps.documents import Document, Made, Plan, Stopped
from ci_steps.errors import ExitCode, StepError
from ci_steps.model.digest import Digest
from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Verdict, Waived, Waiver
from ci_steps.pipeline.admission import Blocked, admit
from ci_steps.pipeline.step import Step, refuse_changed_sources, sources
from ci_steps.rundir import RunDir


class Ran(Value, frozen=True):
    """What became of one step: done, kept from an earlier try, or not started because of ``blocked``.

    ``stops`` are the findings that no waiver covers, ``waived`` those that one does.
    """

    step: str
    document: Document | None = None
    kept: bool = False
    blocked: Blocked | None = None
    stops: tuple[Finding, ...] = ()
    waived: tuple[Waived, ...] = ()
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """The worst of what was found; what is waived counts as warned."""
        if self.blocked:
            return self.blocked.verdict
        assert self.document is not None
        if self.document.verdict.lets_go_on or self.stops or not self.waived:
            return self.document.verdict
        return Verdict.WARNED

    @property
    def exit_code(self) -> ExitCode:
        own = self.document.exit_code if self.document else None
        special = self.document is not None and own is not self.document.verdict.exit_code
        return own if own is not None and special else self.verdict.exit_code


def exit_code(ran: Sequence[Ran]) -> ExitCode:
    """Return the code of several steps: a rollout's own ending where there is one, else the worst verdict."""
    endings = [one.exit_code for one in ran if one.exit_code is not one.verdict.exit_code]
    return endings[-1] if endings else max(one.verdict for one in ran).exit_code


class Watcher(Protocol):
    """Who is told, while steps run."""

    def began(self, step: str) -> None: ...

    def ended(self, ran: Ran) -> None: ...


class Runner(Value, frozen=True):
    """Runs steps in one run directory, which the caller holds."""

    run: RunDir
    kinds: Mapping[str, type[Step]]
    make: Callable[[str], Step]
    watcher: Watcher
    by: str
    version: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def alone(self, name: str, *, keep: bool = False) -> Ran:
        """Do one step; it does not start from a document that blocks or whose sources have changed.

        With ``keep`` it is not done again where its document still holds.
        """
        refuse_changed_sources(self.kinds[name].needs, self.run, self.kinds)
        return self._step(name, blocked={}, keep=keep)

    def all(self, names: Sequence[str]) -> list[Ran]:
        """Do the steps in their order.

        A step whose document still holds is not done again. One that nothing lets go on is not started;
        those that do not need it are done all the same, so that every gate has its say.
        """
        blocked: dict[type[Document], Blocked] = {}
        return [self._step(name, blocked, keep=True) for name in names]

    def _step(self, name: str, blocked: dict[type[Document], Blocked], *, keep: bool) -> Ran:
        kind = self.kinds[name]
        self.watcher.began(name)
        self.run.drop(Stopped)
        if why := self._obstacle(kind, blocked):
            blocked[kind.makes] = why
            self.run.drop(kind.makes)
            ran = Ran(name, blocked=why)
        elif keep and (document := self._kept(kind)):
            ran = self._judged(Ran(name, document, kept=True))
        else:
            ran = self._judged(self._done(name))
        self.watcher.ended(ran)
        return ran

    def _obstacle(self, kind: type[Step], blocked: Mapping[type[Document], Blocked]) -> Blocked | None:
        for need in kind.needs:
            if need in blocked:
                return blocked[need]
        return self._admitted(*(self.run.read(need) for need in kind.needs))[1]

    def _admitted(self, *documents: Document) -> tuple[tuple[Waived, ...], Blocked | None]:
        return admit(documents, self._waivers(), self.now().date())

    def _judged(self, ran: Ran) -> Ran:
        assert ran.document is not None
        waived, blocked = self._admitted(ran.document)
        return replace(ran, waived=waived, stops=blocked.findings if blocked else ())

    def _kept(self, kind: type[Step]) -> Document | None:
        """Return the document of an earlier try that still holds, by this kit, and lets it go on."""
        if kind.settles or not self.run.has(kind.makes):
            return None
        document = self.run.read(kind.makes)
        if document.made is None or document.made.kit != self.version:
            return None
        if document.made_from != sources(kind, self.run) | self._beside(kind):
            return None
        return None if self._admitted(document)[1] else document

    def _beside(self, kind: type[Step]) -> dict[str, Digest]:
        return {} if kind.beside is Step.beside else self.make(kind.name).beside(self.run)

    def _done(self, name: str) -> Ran:
        kind = self.kinds[name]
        made_from = sources(kind, self.run)
        if kind.makes is not Plan:
            # A killed step must not leave the answer of the try before.
            self.run.drop(kind.makes)
        began, at = time.monotonic(), self.now()
        try:
            step = self.make(name)
            self._bring_back(kind)
            made_from |= step.beside(self.run)
            document = step.run(self.run)
        except StepError as error:
            self._note(name, error, at)
            raise
        seconds = round(time.monotonic() - began, 3)
        run_id = document.run if isinstance(document, Plan) else self._run_id()
        made = Made(by=self.by, at=stamp(at), seconds=seconds, run=run_id, kit=self.version)
        self.run.write(replace(document, made=made, made_from=made_from))
        return Ran(name, document, seconds=seconds)

    def _bring_back(self, kind: type[Step]) -> None:
        """Between machines travel documents only; the content that this step opens is brought here again."""
        for opened in kind.opens:
            maker = self.make(opened.name)
            if maker.lost(self.run):
                self._bring_back(type(maker))
                maker.bring_back(self.run)

    def _note(self, name: str, error: StepError, at: datetime) -> None:
        made = Made(by=self.by, at=stamp(at), seconds=0, run=self._run_id(), kit=self.version)
        self.run.write(
            Stopped(made=made, step=name, message=str(error), hint=error.hint, code=int(error.exit_code))
        )

    def _waivers(self) -> tuple[Waiver, ...]:
        return self.run.read(Plan).waivers if self.run.has(Plan) else ()

    def _run_id(self) -> str:
        return self.run.read(Plan).run if self.run.has(Plan) else ""


def stamp(moment: datetime) -> str:
    """Return a moment as documents write it: RFC 3339, UTC, in seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
