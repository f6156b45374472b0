"""How steps follow from each other: what they need, when they are done again, and when they may not start."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from ci_steps.documents import Document, Plan, Report
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.verdict import Finding, Verdict, Waived, Waiver
from ci_steps.rundir import RunDir


class Step(ABC):
    """One step of a release: it reads the documents it declares and returns one."""

    name: ClassVar[str]
    needs: ClassVar[tuple[type[Document], ...]] = ()
    makes: ClassVar[type[Document]]
    reads: ClassVar[tuple[str, ...]] = ()
    """The fields of the plan that are this step's own section."""
    settles: ClassVar[bool] = False
    """Always done, because only the world can tell whether it still holds."""

    @abstractmethod
    def run(self, run: RunDir) -> Document:
        """Do it, from a fresh start, and return what to leave behind."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a step may not start."""

    document: str
    verdict: Verdict
    findings: tuple[Finding, ...]


def sources(step: type[Step] | Step, run: RunDir) -> dict[str, Digest]:
    """Return what the step would be made from, now: the digests of its documents and of its section."""
    found = {kind.name: run.read(kind).digest for kind in step.needs if kind is not Plan}
    if Plan in step.needs:
        found["plan"] = run.read(Plan).section(step.reads)
    return found


def admit(
    documents: Iterable[Document], waivers: tuple[Waiver, ...], today: date
) -> tuple[tuple[Waived, ...], Blocked | None]:
    """Apply the waivers, with today's date; return what they cover, and the first document that still blocks.

    A refusal is never waived, nor a report without findings.
    """
    waived: list[Waived] = []
    for document in documents:
        if document.verdict.lets_go_on:
            continue
        stops: list[Finding] = []
        for finding in document.blocking:
            waiver = next((w for w in waivers if w.covers(finding, today)), None)
            if waiver:
                waived.append(Waived(finding=finding, waiver=waiver))
            else:
                stops.append(finding)
        if stops or not document.blocking:
            verdict = max((f.verdict for f in stops), default=document.verdict)
            return tuple(waived), Blocked(document.name, verdict, tuple(stops))
    return tuple(waived), None


def refuse_changed_sources(kinds: Iterable[type[Document]], run: RunDir, table: Iterable[type[Step]]) -> None:
    """Refuse to start from a document whose own sources have changed since it was made."""
    makers = {step.makes: step for step in table}
    for kind in kinds:
        maker = makers.get(kind)
        if maker is None or kind is Plan:
            continue
        document = run.read(kind)
        refuse_changed_sources((k for k in maker.needs if k is not Plan), run, makers.values())
        for name, digest in sources(maker, run).items():
            if document.made_from.get(name) != digest:
                changed = "its section of plan.json" if name == "plan" else f"{name}.json"
                raise InputError(
                    f"{run.path(kind)}: {changed} was changed after {kind.name} used it",
                    hint=f"run `python -m ci_steps {kind.name}` again",
                )


def still_holds(step: Step, run: RunDir, waivers: tuple[Waiver, ...], today: date) -> Document | None:
    """Return the document of an earlier try that need not be made again, or None."""
    if step.settles or not run.has(step.makes):
        return None
    document = run.read(step.makes)
    if any(not run.has(kind) for kind in step.needs) or document.made_from != sources(step, run):
        return None
    if isinstance(document, Report) and admit((document,), waivers, today)[1]:
        return None
    return document
