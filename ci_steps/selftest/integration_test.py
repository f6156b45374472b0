"""Containers that integration-test must refuse or cannot decide, and the sound one that passes; no engine."""

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
from ci_steps.model.wire import pretty
from ci_steps.model.witness import Witness
from ci_steps.ports import Isolation
from ci_steps.rundir import RunDir
from ci_steps.selftest.case import Case
from ci_steps.selftest.loopback import LoopbackService, Reply, specimen_takes
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.selftest.spoilt_services import (
    NOT_SENT,
    SENT,
    crash,
    few_rows,
    flipped,
    just_enough,
    listing,
    lists,
    lists_nothing,
    lists_reversed,
    nearly_whole,
    no_rows,
    off_by,
    other_evaluations,
    other_shape,
    serving,
    takes_more,
    to_bad_requests,
    unevaluated,
    whole_scores,
)
from ci_steps.steps.integration_test import IntegrationTest

_GATE = "integration-test"
_NO_BREAK = Finding(
    check="check-interface.backward",
    verdict=Verdict.PASSED,
    observed="the baseline's interface",
    rule="backward",
)


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


def _case(check: str, wanted: Verdict, title: str, report: Callable[[Path], Report]) -> Case:
    return Case(gate=_GATE, check=f"{_GATE}.{check}", wanted=wanted, title=title, report=report)


def _refuses(check: str, title: str, **spoilt: Any) -> Case:
    return _case(check, Verdict.REFUSED, title, lambda root: report_on(LoopbackService(**spoilt), root))


@cache
def _sound() -> Report:
    """Run the gate once on what is sound; every check of it has its say there."""
    with TemporaryDirectory() as root:
        return report_on(LoopbackService(), Path(root))


def _of(specimen: Specimen, service: LoopbackService) -> Callable[[Path], Report]:
    return lambda root: report_on(service, root, specimen=specimen)


def _never_ready(root: Path) -> Report:
    hasty = Specimen(plan={"integration": IntegrationSettings(ready_seconds=0.2)})
    service = LoopbackService(routes={"GET /health/ready": lambda _: Reply.json({"ready": False}, 503)})
    return report_on(service, root, specimen=hasty)


def _witnessed(service: LoopbackService, *witnesses: Witness) -> Callable[[Path], Report]:
    def report(root: Path) -> Report:
        names = tuple(f"witnesses/{number}.json" for number in range(len(witnesses)))
        for name, witness in zip(names, witnesses, strict=True):
            RunDir(root).write_bytes(name, pretty(witness))
        return report_on(service, root, witnesses=names)

    return report


CASES: tuple[Case, ...] = (
    *(
        _case(check, Verdict.PASSED, "a sound container", lambda _: _sound())
        for check in (
            "health",
            "identity",
            "isolation",
            "golden",
            "evaluations",
            "interface",
            "metrics",
            "bad-requests",
        )
    ),
    _case("health", Verdict.REFUSED, "a container that never becomes ready", _never_ready),
    _refuses("health", "a container that ends", ended=3, log='{"level": "error", "event": "no model"}'),
    _refuses("identity", "the image of another model", manifest=manifest_of(model_files(other=b""))),
    _refuses("isolation", "a container that runs as root", isolated=Isolation(0, True, 0, True)),
    _refuses("isolation", "a writable root file system", isolated=Isolation(7, False, 0, True)),
    _refuses("isolation", "a capability that was kept", isolated=Isolation(7, True, 1 << 10, True)),
    _refuses("isolation", "new privileges", isolated=Isolation(7, True, 0, False)),
    _refuses("golden", "other answers than the raw model's", answers=flipped),
    _refuses("golden", "scores off by twice the tolerance", answers=off_by(2e-6)),
    _case(
        "golden",
        Verdict.PASSED,
        "as many golden rows as are wanted",
        _of(just_enough(), serving(just_enough())),
    ),
    _case(
        "golden",
        Verdict.PASSED,
        "a whole number answered as one with a fraction that is nearly the same",
        _of(whole_scores(), serving(whole_scores(), answers=nearly_whole)),
    ),
    _case(
        "golden",
        Verdict.PASSED,
        "scores off by half the tolerance",
        lambda root: report_on(LoopbackService(answers=off_by(5e-7)), root),
    ),
    _refuses("golden", "status 500 to every request", answers=crash),
    _refuses("golden", "a list answered in another order", routes={"POST /predict": lists_reversed}),
    _case("golden", Verdict.INCONCLUSIVE, "too few golden rows", _of(few_rows(), serving(few_rows()))),
    _case(
        "evaluations",
        Verdict.REFUSED,
        "evaluations of another model",
        _of(other_evaluations(), serving(other_evaluations())),
    ),
    _case(
        "evaluations",
        Verdict.INCONCLUSIVE,
        "golden rows without an evaluation",
        _of(unevaluated(), serving(unevaluated())),
    ),
    _refuses("interface", "a label that is not promised", answers=other_shape),
    _case(
        "interface",
        Verdict.INCONCLUSIVE,
        "nothing answered",
        lambda root: report_on(LoopbackService(answers=crash), root),
    ),
    _case("metrics", Verdict.INCONCLUSIVE, "no golden row to send", _of(no_rows(), serving(no_rows()))),
    _refuses("metrics", "no metrics page", routes={"GET /metrics": lambda _: Reply(404, b"")}),
    _refuses(
        "metrics",
        "a counter that stands still",
        routes={
            "GET /metrics": lambda _: Reply(
                200, b'serving_requests_total{route="/predict"} 0\n', "text/plain"
            )
        },
    ),
    _refuses("bad-requests", "status 500 to a bad request", takes=lambda _: True),
    _refuses("bad-requests", "status 500 and nothing else to bad requests", routes=to_bad_requests(500)),
    _refuses("bad-requests", "status 399 to bad requests", routes=to_bad_requests(399)),
    _case(
        "bad-requests",
        Verdict.PASSED,
        "status 499 to bad requests",
        lambda root: report_on(LoopbackService(routes=to_bad_requests(499)), root),
    ),
    _refuses("bad-requests", "a property too many let in", takes=takes_more),
    _case(
        "witness",
        Verdict.REFUSED,
        "a request of the baseline's that is refused",
        _witnessed(LoopbackService(takes=specimen_takes), SENT),
    ),
    _case(
        "witness",
        Verdict.WARNED,
        "a request of the baseline's that is answered",
        _witnessed(LoopbackService(takes=takes_more), SENT),
    ),
    _case(
        "witness",
        Verdict.WARNED,
        "witnesses that no caller of today sends",
        _witnessed(LoopbackService(takes=takes_more), SENT, *NOT_SENT),
    ),
    Case(_GATE, _GATE, Verdict.PASSED, "a sound container, whatever is looked at", lambda _: _sound()),
    *(
        _case(check, wanted, title, _of(listing(pointer), serving(listing(pointer), answers=answers)))
        for check, wanted, title, pointer, answers in (
            ("golden", Verdict.PASSED, "the same list as the raw model's", "/label", lists),
            ("golden", Verdict.REFUSED, "a shorter list than the raw model's", "/label", lists_nothing),
            ("evaluations", Verdict.PASSED, "a prediction in a list", "/labels/0", lists),
            ("evaluations", Verdict.REFUSED, "a prediction past the end of a list", "/labels/1", lists),
        )
    ),
)
