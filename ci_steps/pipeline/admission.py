"""Whether documents let the next step start."""

from collections.abc import Iterable
from datetime import date

from ci_steps.documents import Document
from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Verdict, Waived, Waiver


class Blocked(Value, frozen=True):
    """Why a step may not start."""

    document: str
    verdict: Verdict
    findings: tuple[Finding, ...]


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
