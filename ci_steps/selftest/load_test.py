"""Loads that the load test must refuse, must not decide, and must pass; two of them are really sent."""

import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.adapters.programs import ChildPrograms
from ci_steps.documents import LoadReport, PushedImage, Report
from ci_steps.model.digest import Digest
from ci_steps.model.settings import LoadSettings
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.loopback import LoopbackService, specimen_answer
from ci_steps.selftest.silent import Silent
from ci_steps.selftest.specimen import Specimen
from ci_steps.steps.load_test import LoadTest
from ci_steps.steps.load_test.judgement import MOST_LAG_MS, Request, judged

_LIMITS = LoadSettings(rate=100, seconds=10, p50_ms=20, p95_ms=50, p99_ms=100, errors=0.01, achieved=0.98)
_N = 1000


def _requests(
    latencies: Iterable[float], *, failed: int = 0, lag_ms: float = 1.0, every_s: float = 0.01
) -> tuple[Request, ...]:
    return tuple(
        Request(
            planned_s=number * every_s,
            lag_ms=lag_ms,
            latency_ms=latency,
            failure="status 500" if number < failed else "",
        )
        for number, latency in enumerate(latencies)
    )


def _slow(share: float, latency: float) -> list[float]:
    """Return latencies of which a share is slow and the others take 5 ms."""
    slow = round(share * _N)
    return [5.0] * (_N - slow) + [latency] * slow


_SOUND = _requests(_slow(0.009, 90.0))


def _judge(requests: tuple[Request, ...], limits: LoadSettings, _folder: Path) -> Report:
    return LoadReport(findings=judged(requests, _N, limits))


def _judged(
    check: str, wanted: Verdict, title: str, requests: tuple[Request, ...], limits: LoadSettings = _LIMITS
) -> Case:
    return Case("load-test", f"load-test.{check}", wanted, title, partial(_judge, requests, limits))


def _late(seconds: float, request: Any) -> Any:
    time.sleep(seconds)
    return specimen_answer(request)


def _really_sent(answers: Callable[[Any], Any], folder: Path) -> Report:
    limits = LoadSettings(rate=40, seconds=1, warmup_seconds=0.25, p50_ms=150)
    run = Specimen(plan={"load": limits}).laid_out(folder)
    run.write(PushedImage(repository="127.0.0.1:5000/specimen", image=Digest("1" * 64), findings=()))
    return LoadTest(LoopbackService(answers=answers), ChildPrograms(os.environ), Silent()).run(run)


def _ended(folder: Path) -> Report:
    run = Specimen().laid_out(folder)
    run.write(PushedImage(repository="127.0.0.1:5000/specimen", image=Digest("1" * 64), findings=()))
    return LoadTest(LoopbackService(ended=3), ChildPrograms(os.environ), Silent()).run(run)


def _without_golden(folder: Path) -> Report:
    run = Specimen(files={"requirements.lock": b""}).laid_out(folder)
    run.write(PushedImage(repository="127.0.0.1:5000/specimen", image=Digest("1" * 64), findings=()))
    return LoadTest(LoopbackService(), ChildPrograms(os.environ), Silent()).run(run)


def _read_late(latency: float) -> tuple[Request, ...]:
    """Return requests of which a few are sent 60 ms late, and others in time but read as late as that."""
    late = _requests([65.0] * 20, lag_ms=60.0)
    return (*late, *_requests(_slow(0.06, latency))[20:])


_PASSED, _REFUSED, _INCONCLUSIVE = Verdict.PASSED, Verdict.REFUSED, Verdict.INCONCLUSIVE
_STALLED = _requests([5.0] * 600 + [max(5.0, 4000.0 - 10 * n) for n in range(400)])
_HALF = msgspec.structs.replace(_LIMITS, achieved=0.5)
_TWICE_AS_LONG = (
    *_requests([5.0] * (_N - 1)),
    Request(planned_s=19.0, lag_ms=0, latency_ms=1000, failure=""),
)

CASES: tuple[Case, ...] = (
    _judged("p50", _REFUSED, "a median above its limit", _requests(_slow(0.6, 21.0))),
    _judged("p50", _PASSED, "a median below its limit", _SOUND),
    _judged("p50", _PASSED, "a median on its limit", _requests([20.0] * _N)),
    _judged("p50", _INCONCLUSIVE, "a median of 19 requests", _SOUND[:19]),
    _judged("p95", _REFUSED, "a 95th percentile above its limit", _requests(_slow(0.06, 51.0))),
    _judged("p95", _PASSED, "a 95th percentile below its limit", _SOUND),
    _judged("p95", _INCONCLUSIVE, "a 95th percentile of 199 requests", _SOUND[:199]),
    _judged("p99", _REFUSED, "a 99th percentile above its limit", _requests(_slow(0.011, 101.0))),
    _judged("p99", _REFUSED, "a service that stands still for four seconds", _STALLED),
    _judged("p99", _PASSED, "slow requests, but fewer than one in a hundred", _requests(_slow(0.009, 999.0))),
    _judged("p99", _INCONCLUSIVE, "a 99th percentile of 999 requests", _SOUND[:999]),
    _judged(
        "p99",
        _INCONCLUSIVE,
        "latency above its limit only by the generator's lateness",
        _requests(_slow(1.0, 110.0), lag_ms=MOST_LAG_MS + 2),
    ),
    _judged(
        "p99",
        _INCONCLUSIVE,
        "latency on its limit without the generator's lateness",
        _requests([112.0] * _N, lag_ms=12.0),
    ),
    _judged(
        "p99",
        _REFUSED,
        "latency above its limit even without the generator's lateness",
        _requests([113.0] * _N, lag_ms=12.0),
    ),
    _judged(
        "p95",
        _INCONCLUSIVE,
        "latency above its limit only because a late generator read the answers late",
        _read_late(110.0),
    ),
    _judged(
        "p95",
        _REFUSED,
        "latency above its limit beyond all that a late generator adds",
        _read_late(111.0),
    ),
    _judged("p95", _PASSED, "latency below its limit, sent late", _requests([45.0] * _N, lag_ms=12.0)),
    _judged("errors", _REFUSED, "more failures than allowed", _requests([5.0] * _N, failed=11)),
    _judged("errors", _PASSED, "as many failures as allowed", _requests([5.0] * _N, failed=10)),
    _judged("requests", _INCONCLUSIVE, "no request at all", ()),
    _judged("achieved", _REFUSED, "a rate below the planned one", _requests([5.0] * _N, every_s=0.0103)),
    _judged("achieved", _PASSED, "the planned rate", _SOUND),
    _judged("achieved", _PASSED, "a rate on its limit", _TWICE_AS_LONG, _HALF),
    _judged(
        "achieved",
        _INCONCLUSIVE,
        "a rate that the generator itself missed",
        _requests([30.0] * _N, every_s=0.0103, lag_ms=MOST_LAG_MS + 1),
    ),
    _judged("generator", _INCONCLUSIVE, "a generator that sends late", _requests([20.0] * _N, lag_ms=10.5)),
    _judged("generator", _PASSED, "a generator that sends on time", _SOUND),
    _judged("generator", _PASSED, "a generator on its limit", _requests([20.0] * _N, lag_ms=MOST_LAG_MS)),
    _judged("requests", _INCONCLUSIVE, "a plan of which a part was not recorded", _SOUND[:990]),
    Case("load-test", "load-test.ready", _REFUSED, "a container that ends at once", _ended),
    Case("load-test", "load-test.payload", _INCONCLUSIVE, "a model without golden rows", _without_golden),
    Case(
        "load-test",
        "load-test.p50",
        _REFUSED,
        "a service that takes 0.3 s, really sent to",
        partial(_really_sent, partial(_late, 0.3)),
    ),
    Case(
        "load-test",
        "load-test.errors",
        _PASSED,
        "a sound service, really sent to",
        partial(_really_sent, specimen_answer),
    ),
    Case("load-test", "load-test", _PASSED, "a sound load", partial(_judge, _SOUND, _LIMITS)),
)
