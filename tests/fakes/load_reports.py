"""What load tests leave behind, of requests that nobody sent: judged and summed up for real."""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Literal

from ci_steps.documents import LoadReport, LoadStage, WarmUp
from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.model.verdict import Finding
from ci_steps.steps.load_test.judgement import judged
from ci_steps.steps.load_test.records import Request, StageSeen
from ci_steps.steps.load_test.summary import quantiles, stage_of
from ci_steps.steps.load_test.versus import Turns, compared

LOAD = LoadSettings(rate=100, seconds=20, p95_ms=50, p99_ms=100, where="release.yaml:30")
_MIDDLE = NormalDist(math.log(4), 0.45)
_BLOCKS = 20

Slower = Callable[[int, float], float]
"""Milliseconds that a request of a stage, by its number and moment, takes longer than usual."""


def never(stage: int, second: float) -> float:
    del stage, second
    return 0.0


def freeze(begins: float, ends: float, *, stage: int = 0) -> Slower:
    """Return what a service that stands still from one second to another does to those who ask it then."""

    def wait(number: int, second: float) -> float:
        return 1000 * (ends - second) if number == stage and begins <= second < ends else 0.0

    return wait


def load_report(
    load: LoadSettings = LOAD,
    *,
    slow: float = 1,
    live: float | None = None,
    slower: Slower = never,
    failed_at: tuple[float, ...] = (),
) -> LoadReport:
    """Return what the load test says of requests ``slow`` times slower than usual, ``live`` those beside it.

    In the first stage requests fail that are planned in the seconds ``failed_at``.
    """
    stages: list[LoadStage] = []
    findings: list[Finding] = []
    everything: list[Request] = []
    for number, stage in enumerate(load.plan):
        mine = _requests(stage, number, slow, slower, failed_at if number == 0 else ())
        seen = StageSeen(stage=stage, planned=stage.planned, requests=mine, cpu=0.1, idle=0.4)
        turns = None
        if live is not None:
            turns = Turns(seen, _alike(seen, stage, number, live), *_pairs(stage))
        findings += judged(seen, load)
        findings += compared(turns, load, f"fake/{number}") if turns else ()
        stages.append(stage_of(seen, turns, load))
        everything += mine
    sides: tuple[Literal["pushed", "live"], ...] = ("pushed", "live") if live is not None else ("pushed",)
    return LoadReport(
        findings=tuple(findings),
        planned=load.planned,
        sent=len(everything),
        failed=sum(bool(request.failure) for request in everything),
        quantiles_ms=quantiles(everything),
        lag_p99_ms=1,
        stages=tuple(stages),
        warm_ups=tuple(
            WarmUp(side=side, window_s=1, medians_ms=(6.1, 4.2, 4.1), requests=300, failed=0, steady=True)
            for side in sides
        ),
    )


def _requests(
    stage: Stage, number: int, slow: float, slower: Slower, failed_at: tuple[float, ...]
) -> tuple[Request, ...]:
    n = stage.planned
    return tuple(
        Request(
            planned_s=at / stage.rate,
            lag_ms=1,
            # Every latency of the distribution once, in an order that no second notices.
            latency_ms=slow * math.exp(_MIDDLE.inv_cdf(((at * 1237) % n + 0.5) / n))
            + slower(number, at / stage.rate),
            failure="status 503" if math.floor(at / stage.rate) in failed_at and at % 9 == 0 else "",
        )
        for at in range(n)
    )


def _alike(seen: StageSeen, stage: Stage, number: int, slow: float) -> StageSeen:
    requests = _requests(stage, number, slow, never, ())
    return StageSeen(stage=seen.stage, planned=seen.planned, requests=requests, cpu=0.1)


def _pairs(stage: Stage) -> tuple[tuple[int, ...], tuple[int, ...]]:
    pairs = tuple(at * _BLOCKS // stage.planned for at in range(stage.planned))
    return pairs, pairs
