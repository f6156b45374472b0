"""Recorded loads that the load test must refuse, must not decide, and must pass; nothing is sent."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from ci_steps.documents import Report
from ci_steps.model.settings import LoadSettings, RemoteWorkers
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.loads import LIMITS, N, beside, report, requests, slow, warm_up
from ci_steps.steps.load_test.decisions import MOST_CPU, MOST_LAG_MS
from ci_steps.steps.load_test.records import Request

_PASSED, _WARNED, _REFUSED = Verdict.PASSED, Verdict.WARNED, Verdict.REFUSED
_INCONCLUSIVE = Verdict.INCONCLUSIVE
_SOUND = requests(slow(0.004, 90.0))
_QUICK = requests([5.0] * N)
_STALLED = requests([5.0] * 600 + [max(5.0, 4000.0 - 10 * n) for n in range(400)])
_STRICT = msgspec.structs.replace(LIMITS, errors=0)
_ELSEWHERE = msgspec.structs.replace(LIMITS, remote=RemoteWorkers(workers=2, listen="0.0.0.0:7070"))
_HALF = msgspec.structs.replace(LIMITS, achieved=0.5)


def _case(check: str, wanted: Verdict, title: str, made: Callable[[], Report], rule: str = "") -> Case:
    return Case("load-test", f"load-test.{check}", wanted, title, lambda _: made(), rule)


def _judged(
    check: str,
    wanted: Verdict,
    title: str,
    recorded: tuple[Request, ...],
    limits: LoadSettings = LIMITS,
    rule: str = "",
    **seen: Any,
) -> Case:
    return _case(check, wanted, title, partial(report, recorded, limits, **seen), rule)


def _in_turns(
    check: str,
    wanted: Verdict,
    title: str,
    ours: tuple[Request, ...],
    live: tuple[Request, ...],
    rule: str = "",
    **seen: Any,
) -> Case:
    return _case(check, wanted, title, partial(beside, ours, live, **seen), rule)


def _read_late(latency: float) -> tuple[Request, ...]:
    """Return requests of which a few are sent 60 ms late, and others in time but read as late as that."""
    late = requests([65.0] * 20, lag_ms=60.0)
    return (*late, *requests(slow(0.09, latency))[20:])


def _behind(seconds: float) -> tuple[Request, ...]:
    """Return requests whose answers take so much longer than the plan from the first to the last."""
    return requests([5.0 + 1000 * seconds * n / (N - 1) for n in range(N)])


_LATENCIES: tuple[Case, ...] = (
    _judged("p50", _REFUSED, "a median above its limit", requests(slow(0.6, 21.0))),
    _judged("p50", _PASSED, "a median below its limit", _SOUND),
    _judged("p50", _PASSED, "a median on its limit", requests([20.0] * N)),
    _judged("p50", _INCONCLUSIVE, "a median of 19 requests", _SOUND[:19]),
    _judged("p50", _INCONCLUSIVE, "half of the requests above the median's limit", requests(slow(0.5, 21.0))),
    _judged("p95", _REFUSED, "a 95th percentile above its limit", requests(slow(0.07, 51.0))),
    _judged("p95", _PASSED, "a 95th percentile below its limit", _SOUND),
    _judged("p95", _INCONCLUSIVE, "a 95th percentile of 199 requests", _SOUND[:199]),
    _judged("p95", _INCONCLUSIVE, "6 in 100 above the 95th percentile's limit", requests(slow(0.06, 51.0))),
    _judged("p99", _REFUSED, "a 99th percentile above its limit", requests(slow(0.016, 101.0))),
    _judged("p99", _REFUSED, "a service that stands still for four seconds", _STALLED),
    _judged("p99", _PASSED, "slow requests, but 4 of 1,000", requests(slow(0.004, 999.0))),
    _judged(
        "p99",
        _INCONCLUSIVE,
        "9 of 1,000 above: another run may show 11",
        requests(slow(0.009, 999.0)),
    ),
    _judged("p99", _INCONCLUSIVE, "15 of 1,000 above its limit", requests(slow(0.015, 101.0))),
    _judged("p99", _INCONCLUSIVE, "a 99th percentile of 999 requests", _SOUND[:999]),
    _judged(
        "p99",
        _INCONCLUSIVE,
        "latency above its limit only by the generator's lateness",
        requests([110.0] * N, lag_ms=MOST_LAG_MS + 2),
    ),
    _judged(
        "p99",
        _INCONCLUSIVE,
        "latency on its limit without the generator's lateness",
        requests([112.0] * N, lag_ms=12.0),
    ),
    _judged(
        "p99",
        _REFUSED,
        "latency above its limit even without the generator's lateness",
        requests([113.0] * N, lag_ms=12.0),
    ),
    _judged(
        "p95",
        _INCONCLUSIVE,
        "latency above its limit only because a late generator read the answers late",
        _read_late(110.0),
    ),
    _judged("p95", _PASSED, "latency below its limit, sent late", requests([45.0] * N, lag_ms=12.0)),
)


def _elsewhere(check: str, wanted: Verdict, title: str, recorded: tuple[Request, ...], **seen: Any) -> Case:
    """Return a case whose requests workers on other machines sent."""
    made = partial(report, recorded, _ELSEWHERE, way_ms=8.0, clock_ms=0.5)
    return _case(check, wanted, title, partial(made, **seen), "remote")


_ELSEWHERE_CASES: tuple[Case, ...] = (
    _elsewhere("p99", _REFUSED, "too slow even without the way from another machine", requests([110.0] * N)),
    _elsewhere("p99", _INCONCLUSIVE, "too slow only by the way from another machine", requests([108.0] * N)),
    _elsewhere("p99", _PASSED, "in time with the way from another machine", requests([99.0] * N)),
    _elsewhere("generator", _PASSED, "a short way and clocks that agree", _SOUND),
    _elsewhere("generator", _INCONCLUSIVE, "a way as long as a tenth of the limit", _SOUND, way_ms=9.5),
    _elsewhere("generator", _INCONCLUSIVE, "a way that nobody measured", _SOUND, way_ms=math.inf),
    _elsewhere("generator", _INCONCLUSIVE, "clocks too far apart", _SOUND, clock_ms=10.5),
    _elsewhere("requests", _INCONCLUSIVE, "a worker that vanished", _SOUND[:500], lost=1),
)

_REST: tuple[Case, ...] = (
    _judged("errors", _REFUSED, "more failures than allowed", requests([5.0] * N, failed=17)),
    _judged("errors", _INCONCLUSIVE, "15 failures where 10 are allowed", requests([5.0] * N, failed=15)),
    _judged("errors", _INCONCLUSIVE, "as many failures as allowed", requests([5.0] * N, failed=10)),
    _judged("errors", _INCONCLUSIVE, "no failure in 298 where 1 % may", requests([5.0] * 298), planned=298),
    _judged("errors", _PASSED, "no failure in 299 where 1 % may", requests([5.0] * 299), planned=299),
    _judged("errors", _PASSED, "4 failures where 10 are allowed", requests([5.0] * N, failed=4)),
    _judged("errors", _REFUSED, "one failure where none is allowed", requests([5.0] * N, failed=1), _STRICT),
    _judged("errors", _PASSED, "no failure where none is allowed", _QUICK, _STRICT),
    _judged("errors", _PASSED, "one connection closed without an answer", requests([5.0] * N, closed=1)),
    _judged("errors", _INCONCLUSIVE, "two of 1,000 closed without an answer", requests([5.0] * N, closed=2)),
    _judged(
        "errors",
        _PASSED,
        "as many failures as closed connections that were asked again",
        requests([5.0] * N, failed=4, closed=4),
    ),
    _judged("requests", _INCONCLUSIVE, "no request at all", ()),
    _judged("requests", _INCONCLUSIVE, "a plan of which a part was not recorded", _SOUND[:990]),
    _judged("requests", _INCONCLUSIVE, "a worker that ended before its share was sent", _SOUND[:500], lost=1),
    _judged("requests", _PASSED, "a plan that was recorded whole", _SOUND),
    _judged(
        "p50",
        _REFUSED,
        "what was recorded of a plan is too slow as it is",
        requests([21.0] * 500),
        rule="requests",
    ),
    _judged("achieved", _REFUSED, "answers that come ever later", _behind(0.3)),
    _judged("achieved", _REFUSED, "failures that leave too little answered", requests([5.0] * N, failed=21)),
    _judged("achieved", _PASSED, "the planned rate", _SOUND),
    _judged("achieved", _PASSED, "answers that are all as late", requests([900.0] * N)),
    _judged("achieved", _PASSED, "a rate on its limit", _behind(10.0), _HALF),
    _judged(
        "achieved",
        _INCONCLUSIVE,
        "a rate that the generator itself missed",
        requests([r.latency_ms for r in _behind(0.3)], lag_ms=MOST_LAG_MS + 1),
    ),
    _judged("generator", _INCONCLUSIVE, "a generator that sends late", requests([20.0] * N, lag_ms=10.5)),
    _judged("generator", _PASSED, "a generator that sends on time", _SOUND),
    _judged("generator", _PASSED, "a generator on its limit", requests([20.0] * N, lag_ms=MOST_LAG_MS)),
    _judged("generator", _INCONCLUSIVE, "a generator that uses all of its core", _SOUND, cpu=MOST_CPU + 0.01),
    _judged("generator", _PASSED, "a generator that uses 90 % of its core", _SOUND, cpu=MOST_CPU),
    _judged(
        "p95",
        _REFUSED,
        "latency above its limit beyond all that a late generator adds",
        _read_late(111.0),
        rule="generator",
    ),
    _case("warmup", _PASSED, "a service that is steady", partial(warm_up, 80.0, 10.0, 11.0)),
    _case("warmup", _PASSED, "a quick service that is steady", partial(warm_up, 80.0, 1.0, 2.0)),
    _case("warmup", _INCONCLUSIVE, "a service that goes on changing", partial(warm_up, 30.0, 15.0, 17.0)),
    _case("warmup", _INCONCLUSIVE, "a warm-up of one window", partial(warm_up, 30.0)),
    *(
        _case("warmup", wanted, title, partial(warm_up, 5.0, 5.0, **given))
        for wanted, title, given in (
            (_WARNED, "failures before it was warm", {"failed": 15}),
            (_WARNED, "a failure when it was warm, where 1 % may", {"failed": 1, "last": 1}),
            (_REFUSED, "5 failures of 100 when it was warm, where 1 % may", {"failed": 5, "last": 5}),
            (_REFUSED, "a failure when it was warm", {"failed": 1, "last": 1, "limits": _STRICT}),
            (_INCONCLUSIVE, "a live release that fails when warm", {"failed": 5, "last": 5, "side": 1}),
        )
    ),
)


_BESIDE: tuple[Case, ...] = (
    _in_turns("versus", _REFUSED, "10 ms slower than the live release", requests([15.0] * N), _QUICK),
    _in_turns("versus", _PASSED, "as quick as the live release", _QUICK, _QUICK),
    _in_turns("versus", _PASSED, "slower by as much as it may be", requests([10.0] * N), _QUICK),
    _in_turns("versus", _PASSED, "quicker than the live release", _QUICK, requests([15.0] * N)),
    _in_turns(
        "versus",
        _INCONCLUSIVE,
        "slow in two of ten blocks: chance, or not",
        requests([5.0] * 800 + [30.0] * 200),
        _QUICK,
    ),
    _in_turns(
        "versus",
        _INCONCLUSIVE,
        "999 requests for a 99th percentile",
        _QUICK[:999],
        _QUICK[:999],
        planned=999,
    ),
    _in_turns("versus", _INCONCLUSIVE, "one block of each", _QUICK, _QUICK, blocks=1),
    _in_turns(
        "versus",
        _INCONCLUSIVE,
        "a late generator, which hides differences",
        requests([20.0] * N, lag_ms=11.0),
        requests([20.0] * N, lag_ms=11.0),
    ),
    _in_turns("requests", _INCONCLUSIVE, "turns of which a part was not recorded", _QUICK[:990], _QUICK),
    _in_turns("errors", _REFUSED, "failures only in turns", requests([5.0] * N, failed=1), _QUICK),
    _in_turns("baseline", _INCONCLUSIVE, "a live release that fails", _QUICK, requests([5.0] * N, failed=1)),
    _in_turns("baseline", _INCONCLUSIVE, "a live release not wholly recorded", _QUICK, _QUICK[:990]),
    _in_turns("baseline", _INCONCLUSIVE, "a live release without a record", _QUICK, ()),
    _in_turns("baseline", _INCONCLUSIVE, "a pushed image without a record", (), _QUICK),
    _in_turns("baseline", _PASSED, "a live release that answers", _QUICK, _QUICK),
)

PURE: tuple[Case, ...] = (*_LATENCIES, *_ELSEWHERE_CASES, *_REST, *_BESIDE)
