"""Loads that the load test must refuse, must not decide, and must pass; some of them are really sent."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.adapters.programs import ChildPrograms
from ci_steps.documents import PushedImage, Report
from ci_steps.model.digest import Digest
from ci_steps.model.settings import IntegrationSettings, LoadSettings, Stage
from ci_steps.model.verdict import Verdict
from ci_steps.ports import Containers, Programs
from ci_steps.ports.containers import Finished
from ci_steps.selftest.case import Case
from ci_steps.selftest.load_limits import PURE
from ci_steps.selftest.loads import Recorder
from ci_steps.selftest.loopback import LoopbackContainer, LoopbackService, Reply, specimen_answer
from ci_steps.selftest.silent import Silent
from ci_steps.selftest.specimen import INTERFACE, Specimen, evaluations, golden, jsonl, model_files
from ci_steps.steps.load_test import LoadTest

_PASSED, _REFUSED, _INCONCLUSIVE = Verdict.PASSED, Verdict.REFUSED, Verdict.INCONCLUSIVE
_PUSHED, _LIVE = Digest("2" * 64), Digest("1" * 64)


@dataclass(frozen=True, slots=True)
class _Beside:
    """Two services: which one is started depends on the image that is asked for."""

    pushed: LoopbackService
    live: LoopbackService

    def started(
        self, reference: str, *, env: dict[str, str], memory_mb: int | None
    ) -> AbstractContextManager[LoopbackContainer]:
        """Start the one whose image this is."""
        service = self.live if reference.endswith(str(_LIVE)) else self.pushed
        return service.started(reference, env=env, memory_mb=memory_mb)

    def ran(
        self, reference: str, program: str, *, given: bytes, memory_mb: int | None, seconds: float
    ) -> Finished:
        return self.pushed.ran(reference, program, given=given, memory_mb=memory_mb, seconds=seconds)


@dataclass(frozen=True, slots=True)
class _Unpublished(_Beside):
    """The port of the container is published nowhere."""

    @contextmanager
    def started(
        self, reference: str, *, env: dict[str, str], memory_mb: int | None
    ) -> Iterator[LoopbackContainer]:
        with self.pushed.started(reference, env=env, memory_mb=memory_mb) as container:
            yield replace(container, address="")


_PLAN = LoadSettings(rate=100, seconds=10, p95_ms=50)
_VERSUS = msgspec.structs.replace(_PLAN, versus="baseline", slower_by_at_most_ms=5.0)
_SHORT = LoadSettings(rate=40, seconds=1, warmup_seconds=0.5, p50_ms=50)
_SOUND_SERVICE = _Beside(LoopbackService(), LoopbackService())
_NEVER_READY = LoopbackService(routes={"GET /health/ready": lambda _: Reply(503, b"")})
_SECOND = Specimen(baseline=model_files())
_FEW = INTERFACE | {"input": {"type": "object", "properties": {"text": {"enum": ["good", "bad"]}}}}


def _whole(
    folder: Path,
    *,
    load: LoadSettings = _PLAN,
    sent: Programs | None = None,
    containers: Containers = _SOUND_SERVICE,
    specimen: Specimen | None = None,
    pushed: Digest = _PUSHED,
) -> Report:
    """Run the step on a specimen; without ``sent`` nothing is sent, and every answer took 5 ms."""
    specimen = specimen or Specimen()
    plan = {"load": load, "integration": IntegrationSettings(ready_seconds=0.5)}
    run = replace(specimen, plan=plan).laid_out(folder)
    run.write(PushedImage(repository="127.0.0.1:5000/specimen", image=pushed, findings=()))
    return LoadTest(containers, sent or Recorder(), Silent()).run(run)


def _run(check: str, wanted: Verdict, title: str, rule: str = "", **given: Any) -> Case:
    name = f"load-test.{check}" if check else "load-test"
    return Case("load-test", name, wanted, title, partial(_whole, **given), rule)


def _really(check: str, wanted: Verdict, title: str, load: LoadSettings, service: LoopbackService) -> Case:
    def report_of(folder: Path) -> Report:
        return _whole(folder, load=load, sent=ChildPrograms(os.environ), containers=_Beside(service, service))

    return Case("load-test", f"load-test.{check}", wanted, f"{title}, really sent to", report_of)


def _late(request: Any) -> Any:
    time.sleep(0.3)
    return specimen_answer(request)


def _apart(ours: float, live: float = 5.0) -> Recorder:
    """Return what two services make of a plan, the pushed one and the live one."""
    return Recorder(latency=lambda side, _: (ours, live)[side])


def _live_fails(side: int, moment: float) -> str:
    return "status 422" if side and moment < 1 else ""


_TURNS: tuple[Case, ...] = (
    _run("baseline", _INCONCLUSIVE, "a first release", load=_VERSUS),
    _run(
        "baseline",
        _INCONCLUSIVE,
        "a live release that does not come up",
        load=_VERSUS,
        specimen=_SECOND,
        containers=_Beside(LoopbackService(), LoopbackService(ended=3)),
    ),
    _run(
        "baseline",
        _INCONCLUSIVE,
        "a live release that does not take what is sent",
        load=_VERSUS,
        specimen=_SECOND,
        sent=Recorder(failure=_live_fails),
    ),
    _run(
        "versus",
        _REFUSED,
        "a live release that comes up, and is quicker",
        "baseline",
        load=_VERSUS,
        specimen=_SECOND,
        sent=_apart(11.0),
    ),
    _run("versus", _PASSED, "a live release as quick", load=_VERSUS, specimen=_SECOND, sent=_apart(9.0)),
    _run("versus", _PASSED, "the image that is live", load=_VERSUS, specimen=_SECOND, pushed=_LIVE),
    _run("", _PASSED, "a sound second release", load=_VERSUS, specimen=_SECOND),
)


_STARTED: tuple[Case, ...] = (
    _run(
        "p95",
        _REFUSED,
        "a service that is never steady, and too slow",
        "warmup",
        sent=Recorder(latency=lambda _, __: 51.0, medians=(70.0, 20.0)),
    ),
    _run(
        "ready",
        _REFUSED,
        "a container that ends at once",
        containers=_Beside(LoopbackService(ended=3), LoopbackService()),
    ),
    _run(
        "ready",
        _REFUSED,
        "a container that is never ready",
        containers=_Beside(_NEVER_READY, LoopbackService()),
    ),
    _run(
        "ready",
        _INCONCLUSIVE,
        "a container that somebody stopped",
        containers=_Beside(LoopbackService(ended=143), LoopbackService()),
    ),
    _run(
        "ready",
        _INCONCLUSIVE,
        "a container whose port is not published",
        containers=_Unpublished(LoopbackService(), LoopbackService()),
    ),
    _run("ready", _PASSED, "a container that comes up"),
    _run(
        "payload",
        _INCONCLUSIVE,
        "a model without golden rows",
        specimen=Specimen(files={"requirements.lock": b""}),
    ),
    _run(
        "payload",
        _INCONCLUSIVE,
        "an interface that allows three requests",
        load=msgspec.structs.replace(_PLAN, payloads="interface"),
        specimen=Specimen(files=model_files(**{"interface.json": json.dumps(_FEW).encode()})),
    ),
    _run(
        "payload",
        _INCONCLUSIVE,
        "a model without an interface",
        load=msgspec.structs.replace(_PLAN, payloads="interface"),
        specimen=Specimen(files=model_files(**{"interface.json": None})),
    ),
    _run(
        "payload",
        _INCONCLUSIVE,
        "200 golden rows with one request",
        specimen=Specimen(files=model_files(**{"golden.jsonl": jsonl([{"request": {"text": "a"}}] * 200)})),
    ),
    _run(
        "payload",
        _INCONCLUSIVE,
        "19 golden rows",
        specimen=Specimen(files=model_files(**{"golden.jsonl": jsonl(golden(evaluations(19)))})),
    ),
    _run(
        "payload",
        _PASSED,
        "20 golden rows",
        specimen=Specimen(files=model_files(**{"golden.jsonl": jsonl(golden(evaluations(20)))})),
    ),
    _run("payload", _PASSED, "golden rows"),
    _run(
        "errors",
        _REFUSED,
        "a service that does not take what its interface allows",
        "payload",
        load=msgspec.structs.replace(_PLAN, payloads="interface"),
        sent=Recorder(failure=lambda _, __: "status 422"),
    ),
    _really("p50", _REFUSED, "a service that takes 0.3 s", _SHORT, LoopbackService(answers=_late)),
    _really(
        "errors",
        _PASSED,
        "a sound service, with requests of its interface",
        msgspec.structs.replace(_SHORT, payloads="interface", arrivals="poisson"),
        LoopbackService(),
    ),
    _run("", _PASSED, "a sound load"),
)


def _planned(rule: str, load: LoadSettings, late: str, cut_off: str, whole: str) -> tuple[Case, ...]:
    """Make cases of one way to plan a load: too slow after half of it, cut off there, and sound."""
    slow = Recorder(latency=lambda _, moment: 5.0 if moment < 5 else 60.0)
    return (
        _run("p95", _REFUSED, late, rule, load=load, sent=slow),
        _run("requests", _INCONCLUSIVE, cut_off, rule, load=load, sent=Recorder(kept=0.5, lost=1)),
        _run("p95", _PASSED, whole, rule, load=load),
    )


_PLANNED: tuple[Case, ...] = (
    *_planned(
        "stages",
        LoadSettings(stages=(Stage(rate=50, seconds=10), Stage(rate=100, seconds=10)), p95_ms=50),
        "a second stage that is too slow",
        "a second stage that was not recorded",
        "two stages in time",
    ),
    *_planned(
        "arrivals",
        msgspec.structs.replace(_PLAN, arrivals="poisson"),
        "random arrivals, of which the later are answered too late",
        "random arrivals of which half were recorded",
        "random arrivals, answered in time",
    ),
    *_planned(
        "workers",
        msgspec.structs.replace(_PLAN, workers=2),
        "two processes, both answered too late in the end",
        "two processes, of which one ended",
        "two processes, answered in time",
    ),
    _run(
        "payload",
        _PASSED,
        "generated requests that are different enough",
        load=msgspec.structs.replace(_PLAN, payloads="interface"),
    ),
)

CASES: tuple[Case, ...] = (*PURE, *_TURNS, *_STARTED, *_PLANNED)
