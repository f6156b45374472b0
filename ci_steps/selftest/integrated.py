"""How a case of integration-test runs the gate on a service on loopback."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from ci_steps.documents import InterfaceReport, PushedImage, Report
from ci_steps.model.digest import Digest
from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.rundir import RunDir
from ci_steps.selftest.case import Case
from ci_steps.selftest.loopback import LoopbackService
from ci_steps.selftest.specimen import Specimen
from ci_steps.selftest.spoilt_services import no_rows, serving
from ci_steps.steps.integration_test import IntegrationTest

GATE = "integration-test"
_NO_BREAK = Finding(
    check="check-interface.backward",
    verdict=Verdict.PASSED,
    observed="the baseline's interface",
    rule="backward",
)

_HASTY = Specimen(plan={"integration": IntegrationSettings(ready_seconds=1)})
"""Whose container is not waited for long, should a mutant wait for it at all."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Progress that nobody reads."""

    def say(self, text: str) -> None:
        del text

    def advance(self, done: int, total: int, unit: str) -> None:
        del done, total, unit


def pushed(specimen: Specimen, root: Path, *, witnesses: tuple[str, ...] = ()) -> RunDir:
    """Lay out a release whose image is pushed and whose interface was let through."""
    run = specimen.laid_out(root)
    run.write(InterfaceReport(findings=(_NO_BREAK,), witnesses=witnesses))
    come = msgspec.structs.replace(_NO_BREAK, check="push-image.digest", observed="the same", rule="the same")
    run.write(PushedImage(findings=(come,), repository="127.0.0.1:5000/specimen", image=Digest("3" * 64)))
    return run


def report_on(
    service: LoopbackService,
    root: Path,
    *,
    specimen: Specimen | None = None,
    witnesses: tuple[str, ...] = (),
) -> Report:
    """Run the gate on ``service``, in an empty folder; witnesses must lie there already."""
    run = pushed(specimen or Specimen(), root, witnesses=witnesses)
    return IntegrationTest(containers=service, progress=Quiet()).run(run)


def case(
    check: str, wanted: Verdict, title: str, report: Callable[[Path], Report], *, rule: str = ""
) -> Case:
    return Case(gate=GATE, check=f"{GATE}.{check}", wanted=wanted, title=title, report=report, rule=rule)


def refuses(check: str, title: str, *, rule: str = "", **spoilt: Any) -> Case:
    return case(check, Verdict.REFUSED, title, on(check, **spoilt), rule=rule)


def undecided(check: str, title: str, *, rule: str = "", **spoilt: Any) -> Case:
    return case(check, Verdict.INCONCLUSIVE, title, on(check, **spoilt), rule=rule)


def on(check: str = "", **spoilt: Any) -> Callable[[Path], Report]:
    """Run the gate on a spoilt service, as far as ``check`` is decided: the rest need not be waited for."""
    if check == "raw":
        return of(_HASTY, LoopbackService(published=False, **spoilt))
    if check == "isolation":
        return of(no_rows(), serving(no_rows(), **spoilt))
    return lambda root: report_on(LoopbackService(**spoilt), root)


@cache
def sound() -> Report:
    """Run the gate once on what is sound; every check of it has its say there."""
    with TemporaryDirectory() as root:
        return report_on(LoopbackService(), Path(root))


def of(specimen: Specimen, service: LoopbackService) -> Callable[[Path], Report]:
    return lambda root: report_on(service, root, specimen=specimen)
