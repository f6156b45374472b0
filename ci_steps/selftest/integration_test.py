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
from ci_steps.selftest.loopback import LoopbackService, Reply, specimen_answer, specimen_takes
from ci_steps.selftest.specimen import Specimen, evaluations, golden, jsonl, manifest_of, model_files
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


_SENT = Witness(
    kind="request",
    value={"text": "good", "lang": "en"},
    accepted_by="baseline",
    rejected_by="candidate",
    because="lang is no longer allowed",
    pointer="/input/additionalProperties",
)
_NOT_SENT = (
    Witness(
        kind="answer",
        value={"label": "neutral"},
        accepted_by="baseline",
        rejected_by="candidate",
        because="no label neutral",
        pointer="/output/properties/label/enum",
    ),
    Witness(
        kind="request",
        value={"text": 1},
        accepted_by="candidate",
        rejected_by="baseline",
        because="numbers are taken",
        pointer="/input/properties/text/type",
    ),
)


def _witnessed(service: LoopbackService, *witnesses: Witness) -> Callable[[Path], Report]:
    def report(root: Path) -> Report:
        names = tuple(f"witnesses/{number}.json" for number in range(len(witnesses)))
        for name, witness in zip(names, witnesses, strict=True):
            RunDir(root).write_bytes(name, pretty(witness))
        return report_on(service, root, witnesses=names)

    return report


def _off_by(share: float) -> Callable[[Any], Any]:
    def answers(request: Any) -> Any:
        answer = specimen_answer(request)
        return answer | {"score": answer["score"] * (1 + share)}

    return answers


def _flipped(request: Any) -> Any:
    return specimen_answer({"text": "bad" if "good" in request["text"] else "good"})


def _crash(request: Any) -> Any:
    raise ValueError(f"no answer to {type(request).__name__}")


def _lists_reversed(body: bytes) -> Reply:
    try:
        asked = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return Reply(400, b"")
    if not isinstance(asked, list):
        return Reply.json(specimen_answer(asked)) if specimen_takes(asked) else Reply(422, b"")
    taken = all(map(specimen_takes, asked)) and asked
    return Reply.json([specimen_answer(row) for row in asked[::-1]]) if taken else Reply(422, b"")


def _to_bad_requests(status: int) -> dict[str, Callable[[bytes], Reply]]:
    """Return a route that answers as it should, but for the status of what it does not take."""

    def reply(body: bytes) -> Reply:
        try:
            asked = msgspec.json.decode(body)
        except (ValueError, RecursionError):
            return Reply(status, b"")
        rows = asked if isinstance(asked, list) else [asked]
        if not rows or not all(map(specimen_takes, rows)):
            return Reply(status, b"")
        answers = [specimen_answer(row) for row in rows]
        return Reply.json(answers if isinstance(asked, list) else answers[0])

    return {"POST /predict": reply}


def _takes_more(request: Any) -> bool:
    return isinstance(request, dict) and isinstance(request.get("text"), str)


def _few_rows() -> Specimen:
    return Specimen(files=model_files(**{"golden.jsonl": jsonl(golden(evaluations(), 40))}))


def _no_rows() -> Specimen:
    return Specimen(files=model_files(**{"golden.jsonl": b"\n"}))


def _just_enough() -> Specimen:
    return Specimen(files=model_files(**{"golden.jsonl": jsonl(golden(evaluations(), 100))}))


def _whole(answer: dict[str, Any], one: float = 1) -> dict[str, Any]:
    return answer | {"score": one if answer["label"] == "positive" else 0}


def _whole_scores() -> Specimen:
    rows = [row | {"answer": _whole(row["answer"])} for row in golden(evaluations())]
    return Specimen(files=model_files(**{"golden.jsonl": jsonl(rows)}))


def _nearly_whole(request: Any) -> Any:
    return _whole(specimen_answer(request), 1.0000001)


def _unevaluated() -> Specimen:
    return Specimen(files=model_files(**{"evaluations.jsonl": jsonl(evaluations(20))}))


def _other_evaluations() -> Specimen:
    """Golden rows that agree with the container, and evaluations that agree with neither."""
    files = model_files(**{"evaluations.jsonl": jsonl(evaluations(wrong=900))})
    return Specimen(files=files)


def _other_shape(request: Any) -> Any:
    return specimen_answer(request) | {"label": "undecided"}


def _serving(specimen: Specimen, **spoilt: Any) -> LoopbackService:
    return LoopbackService(manifest=manifest_of(specimen.files), **spoilt)


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
    _refuses("golden", "other answers than the raw model's", answers=_flipped),
    _refuses("golden", "scores off by twice the tolerance", answers=_off_by(2e-6)),
    _case(
        "golden",
        Verdict.PASSED,
        "as many golden rows as are wanted",
        _of(_just_enough(), _serving(_just_enough())),
    ),
    _case(
        "golden",
        Verdict.PASSED,
        "a whole number answered as one with a fraction that is nearly the same",
        _of(_whole_scores(), _serving(_whole_scores(), answers=_nearly_whole)),
    ),
    _case(
        "golden",
        Verdict.PASSED,
        "scores off by half the tolerance",
        lambda root: report_on(LoopbackService(answers=_off_by(5e-7)), root),
    ),
    _refuses("golden", "status 500 to every request", answers=_crash),
    _refuses("golden", "a list answered in another order", routes={"POST /predict": _lists_reversed}),
    _case("golden", Verdict.INCONCLUSIVE, "too few golden rows", _of(_few_rows(), _serving(_few_rows()))),
    _case(
        "evaluations",
        Verdict.REFUSED,
        "evaluations of another model",
        _of(_other_evaluations(), _serving(_other_evaluations())),
    ),
    _case(
        "evaluations",
        Verdict.INCONCLUSIVE,
        "golden rows without an evaluation",
        _of(_unevaluated(), _serving(_unevaluated())),
    ),
    _refuses("interface", "a label that is not promised", answers=_other_shape),
    _case(
        "interface",
        Verdict.INCONCLUSIVE,
        "nothing answered",
        lambda root: report_on(LoopbackService(answers=_crash), root),
    ),
    _case("metrics", Verdict.INCONCLUSIVE, "no golden row to send", _of(_no_rows(), _serving(_no_rows()))),
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
    _refuses("bad-requests", "status 500 and nothing else to bad requests", routes=_to_bad_requests(500)),
    _refuses("bad-requests", "status 399 to bad requests", routes=_to_bad_requests(399)),
    _case(
        "bad-requests",
        Verdict.PASSED,
        "status 499 to bad requests",
        lambda root: report_on(LoopbackService(routes=_to_bad_requests(499)), root),
    ),
    _refuses("bad-requests", "a property too many let in", takes=_takes_more),
    _case(
        "witness",
        Verdict.REFUSED,
        "a request of the baseline's that is refused",
        _witnessed(LoopbackService(takes=specimen_takes), _SENT),
    ),
    _case(
        "witness",
        Verdict.WARNED,
        "a request of the baseline's that is answered",
        _witnessed(LoopbackService(takes=_takes_more), _SENT),
    ),
    _case(
        "witness",
        Verdict.WARNED,
        "witnesses that no caller of today sends",
        _witnessed(LoopbackService(takes=_takes_more), _SENT, *_NOT_SENT),
    ),
)
