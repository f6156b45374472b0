"""Containers that integration-test must refuse or cannot decide, and the sound one that passes; no engine."""

from pathlib import Path

from ci_steps.documents import Report
from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Verdict
from ci_steps.ports import Isolation
from ci_steps.selftest import generated_requests, golden_cases, witness_cases
from ci_steps.selftest.case import Case
from ci_steps.selftest.integrated import GATE, case, of, refuses, report_on, sound, undecided
from ci_steps.selftest.loopback import LoopbackService, Reply
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.selftest.spoilt_services import (
    crash,
    late_counter,
    no_rows,
    other_evaluations,
    other_shape,
    ready_later,
    serving,
    silence,
    silent_in_the_end,
    takes_more,
    to_bad_requests,
    unevaluated,
)


def never_ready(root: Path) -> Report:
    hasty = Specimen(plan={"integration": IntegrationSettings(ready_seconds=0.2)})
    service = LoopbackService(routes={"GET /health/ready": lambda _: Reply.json({"ready": False}, 503)})
    return report_on(service, root, specimen=hasty)


CASES: tuple[Case, ...] = (
    *(
        case(check, Verdict.PASSED, "a sound container", lambda _: sound())
        for check in (
            "health",
            "identity",
            "isolation",
            "raw",
            "golden",
            "evaluations",
            "interface",
            "metrics",
            "bad-requests",
        )
    ),
    case("health", Verdict.REFUSED, "a container that never becomes ready", never_ready),
    undecided("health", "a container whose port nobody knows", published=False),
    case(
        "health",
        Verdict.PASSED,
        "a container that is ready at the third look",
        lambda root: report_on(LoopbackService(routes=ready_later(2)), root),
    ),
    case(
        "health",
        Verdict.PASSED,
        "a moment's silence after everything that was sent",
        lambda root: report_on(LoopbackService(routes=ready_later(1, after=b"")), root),
    ),
    case(
        "health",
        Verdict.INCONCLUSIVE,
        "silence after everything that was sent",
        lambda root: report_on(LoopbackService(routes=silent_in_the_end()), root),
    ),
    undecided("identity", "silence about who it is", routes={"GET /info": silence}),
    undecided("isolation", "walls that cannot be seen", isolated=None),
    case(
        "metrics",
        Verdict.PASSED,
        "a counter that comes a moment late",
        lambda root: report_on(LoopbackService(routes=late_counter()), root),
    ),
    undecided("metrics", "silence instead of counts", routes={"GET /metrics": silence}),
    undecided("bad-requests", "silence to bad requests", routes=to_bad_requests(0)),
    refuses("health", "a container that ends", ended=3, log='{"level": "error", "event": "no model"}'),
    refuses("identity", "the image of another model", manifest=manifest_of(model_files(other=b""))),
    refuses("isolation", "a container that runs as root", isolated=Isolation(0, True, 0, True)),
    refuses("isolation", "a writable root file system", isolated=Isolation(7, False, 0, True)),
    refuses("isolation", "a capability that was kept", isolated=Isolation(7, True, 1 << 10, True)),
    refuses("isolation", "new privileges", isolated=Isolation(7, True, 0, False)),
    *golden_cases.CASES,
    case(
        "evaluations",
        Verdict.REFUSED,
        "evaluations of another model",
        of(other_evaluations(), serving(other_evaluations())),
    ),
    case(
        "evaluations",
        Verdict.INCONCLUSIVE,
        "golden rows without an evaluation",
        of(unevaluated(), serving(unevaluated())),
    ),
    refuses("interface", "a label that is not promised", answers=other_shape),
    case(
        "interface",
        Verdict.INCONCLUSIVE,
        "nothing answered",
        lambda root: report_on(LoopbackService(answers=crash), root),
    ),
    case("metrics", Verdict.INCONCLUSIVE, "no golden row to send", of(no_rows(), serving(no_rows()))),
    refuses("metrics", "no metrics page", routes={"GET /metrics": lambda _: Reply(404, b"")}),
    refuses(
        "metrics",
        "a counter that stands still",
        routes={
            "GET /metrics": lambda _: Reply(
                200, b'serving_requests_total{route="/predict"} 0\n', "text/plain"
            )
        },
    ),
    refuses("bad-requests", "status 500 to a bad request", takes=lambda _: True),
    refuses("bad-requests", "status 500 and nothing else to bad requests", routes=to_bad_requests(500)),
    refuses("bad-requests", "status 399 to bad requests", routes=to_bad_requests(399)),
    case(
        "bad-requests",
        Verdict.PASSED,
        "status 499 to bad requests",
        lambda root: report_on(LoopbackService(routes=to_bad_requests(499)), root),
    ),
    refuses("bad-requests", "a property too many let in", takes=takes_more),
    *witness_cases.CASES,
    *generated_requests.CASES,
    Case(GATE, GATE, Verdict.PASSED, "a sound container, whatever is looked at", lambda _: sound()),
)
