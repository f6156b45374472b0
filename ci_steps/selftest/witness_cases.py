"""Requests that would break, sent to live releases and candidates of every kind."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ci_steps.documents import Report
from ci_steps.model.verdict import Verdict
from ci_steps.model.wire import pretty
from ci_steps.model.witness import Witness
from ci_steps.rundir import RunDir
from ci_steps.selftest.case import Case
from ci_steps.selftest.integrated import case, report_on
from ci_steps.selftest.loopback import LoopbackService
from ci_steps.selftest.specimen import model_files
from ci_steps.selftest.spoilt_services import (
    NOT_SENT,
    SENT,
    no_rows,
    other_shape,
    predicting,
    takes_more,
)


def witnessed(
    live: LoopbackService, service: LoopbackService, *witnesses: Witness
) -> Callable[[Path], Report]:
    """Send witnesses to ``live``, which the baseline's reference starts, and to ``service``."""

    def report(root: Path) -> Report:
        names = tuple(f"witnesses/{number}.json" for number in range(len(witnesses)))
        for name, witness in zip(names, witnesses, strict=True):
            RunDir(root).write_bytes(name, pretty(witness))
        specimen = replace(no_rows(), baseline=model_files())
        reference = f"127.0.0.1:5000/specimen@sha256:{'1' * 64}"
        both = replace(service, others={reference: live})
        return report_on(both, root, specimen=specimen, witnesses=names)

    return report


CASES: tuple[Case, ...] = (
    case(
        "witness",
        Verdict.REFUSED,
        "a request of the baseline's that is refused",
        witnessed(LoopbackService(takes=takes_more), LoopbackService(), SENT),
    ),
    *(
        case("witness", wanted, title, witnessed(live, LoopbackService(), SENT))
        for wanted, title, live in (
            (Verdict.WARNED, "a request that the live release refuses as well", LoopbackService()),
            (Verdict.WARNED, "status 499 of the live release", LoopbackService(routes=predicting(499))),
            (Verdict.INCONCLUSIVE, "status 500 of the live release", LoopbackService(routes=predicting(500))),
            (Verdict.INCONCLUSIVE, "silence of the live release", LoopbackService(routes=predicting(0))),
            (Verdict.INCONCLUSIVE, "a live image that is gone", LoopbackService(absent="manifest unknown")),
            (Verdict.INCONCLUSIVE, "a live image that ends", LoopbackService(ended=3)),
        )
    ),
    case(
        "witness",
        Verdict.REFUSED,
        "a request of the baseline's that is answered in another shape",
        witnessed(
            LoopbackService(takes=takes_more), LoopbackService(takes=takes_more, answers=other_shape), SENT
        ),
    ),
    case(
        "witness",
        Verdict.WARNED,
        "a request of the baseline's that is answered",
        witnessed(LoopbackService(takes=takes_more), LoopbackService(takes=takes_more), SENT),
    ),
    case(
        "witness",
        Verdict.WARNED,
        "witnesses that no caller of today sends",
        witnessed(LoopbackService(takes=takes_more), LoopbackService(takes=takes_more), SENT, *NOT_SENT),
    ),
)
