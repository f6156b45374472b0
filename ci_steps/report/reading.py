"""What a run directory holds, as far as it can be read and trusted."""

from datetime import date
from typing import TypeVar

from ci_steps.documents import DOCUMENTS, Document, Plan, Report, Rollback, Rollout
from ci_steps.errors import InputError
from ci_steps.model.settings import MetricRule
from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Verdict, Waived, Waiver
from ci_steps.pipeline import Blocked, admit
from ci_steps.rundir import RunDir

_TONES = {
    "rolled-back": Verdict.WARNED,
    "rollback-failed": Verdict.REFUSED,
    "stale": Verdict.WARNED,
    "nothing-to-do": Verdict.WARNED,
}
"""Endings of a rollout that a person must read otherwise than a pipeline does."""

D = TypeVar("D", bound=Document)


class Reading(Value, frozen=True):
    """The documents of a run by name, and why others cannot be read."""

    run: RunDir
    documents: dict[str, Document]
    unreadable: dict[str, str]
    today: date
    room: int = 20_000
    """Bytes that one table of findings may take."""

    @classmethod
    def of(cls, run: RunDir, today: date) -> "Reading":
        """Read everything that is there; what cannot be read is noted and hides nothing else."""
        documents, unreadable = {}, {}
        for kind in run.present:
            try:
                documents[kind.name] = run.read(kind)
            except InputError as error:
                unreadable[kind.name] = f"{error}; {error.hint}" if error.hint else str(error)
        return cls(run, documents, unreadable, today)

    def get(self, kind: type[D]) -> D | None:
        document = self.documents.get(kind.name)
        return document if isinstance(document, kind) else None

    @property
    def reports(self) -> tuple[Report, ...]:
        return tuple(d for d in self.documents.values() if isinstance(d, Report))

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        plan = self.get(Plan)
        return plan.waivers if plan else ()

    def admitted(self, report: Report) -> tuple[tuple[Waived, ...], Blocked | None]:
        return admit((report,), self.waivers, self.today)

    def verdict(self, document: Document) -> Verdict:
        """Return the verdict as a person reads it: after the waivers, what is waived as warned."""
        if isinstance(document, Rollout | Rollback):
            return _TONES.get(document.result, document.verdict)
        if document.verdict.lets_go_on or not isinstance(document, Report):
            return document.verdict
        blocked = self.admitted(document)[1]
        return blocked.verdict if blocked else Verdict.WARNED

    def waiver_of(self, finding: Finding) -> Waiver | None:
        return next((w for w in self.waivers if w.covers(finding, self.today)), None)

    def verdict_of(self, finding: Finding) -> Verdict:
        return Verdict.WARNED if self.waiver_of(finding) else finding.verdict

    @property
    def rules(self) -> tuple[MetricRule, ...]:
        plan = self.get(Plan)
        return plan.metrics if plan else ()

    def outdated(self, document: Document) -> tuple[str, ...]:
        """Return the documents that were made anew after this one was made from them."""
        return tuple(
            name
            for name, digest in document.made_from.items()
            if name in self.documents and name != Plan.name and self.documents[name].seal != digest
        )

    def missing(self, kind: type[Document]) -> bool:
        return kind.name not in self.documents and kind.name not in self.unreadable


ORDER = tuple(kind for kind in DOCUMENTS if kind.name not in {"stopped", "rollback"})
"""The documents of a whole release, in their order."""
