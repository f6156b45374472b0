"""Recorded requests as a load test leaves them: what the selftest spoils in one place at a time."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ci_steps.documents import LoadReport
from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.ports.programs import Ended
from ci_steps.steps.load_test.judgement import judged
from ci_steps.steps.load_test.records import GeneratorSeen, Request, RoundSeen, StageSeen, WarmUpSeen
from ci_steps.steps.load_test.versus import Turns, compared
from ci_steps.steps.load_test.warmup import finding

LIMITS = LoadSettings(rate=100, seconds=10, p50_ms=20, p95_ms=50, p99_ms=100, errors=0.01, achieved=0.98)
BESIDE = msgspec.structs.replace(LIMITS, errors=0, versus="baseline", slower_by_at_most_ms=5.0)
N = 1000
_BLOCKS = 10


def requests(
    latencies: Iterable[float],
    *,
    failed: int = 0,
    closed: int = 0,
    lag_ms: float = 1.0,
    every_s: float = 0.01,
) -> tuple[Request, ...]:
    """Return one request every 10 ms, with these latencies; the first ones failed, or had to ask again."""
    return tuple(
        Request(
            planned_s=number * every_s,
            lag_ms=lag_ms,
            latency_ms=latency,
            failure="status 500" if number < failed else "",
            again=int(number < closed),
        )
        for number, latency in enumerate(latencies)
    )


def slow(share: float, latency: float, n: int = N) -> list[float]:
    """Return latencies of which a share is slow, spread over all of them, and the others take 5 ms."""
    many = round(share * n)
    places = {round(each * n / many) for each in range(many)} if many else set()
    return [latency if number in places else 5.0 for number in range(n)]


def report(
    recorded: Sequence[Request],
    limits: LoadSettings = LIMITS,
    *,
    planned: int = N,
    cpu: float = 0.1,
    lost: int = 0,
    way_ms: float = 0.0,
    clock_ms: float = 0.0,
) -> LoadReport:
    """Return what the gate says of one stage."""
    seen = StageSeen(
        stage=Stage(rate=100, seconds=10),
        planned=planned,
        requests=tuple(recorded),
        cpu=cpu,
        workers=1 + lost,
        lost=lost,
        way_ms=way_ms,
        clock_ms=clock_ms,
    )
    return LoadReport(findings=judged(seen, limits))


def warm_up(
    *medians: float, failed: int = 0, last: int = 0, limits: LoadSettings = LIMITS, side: int = 0
) -> LoadReport:
    """Return what the gate says of a warm-up with these medians, of 100 requests each."""
    seen = WarmUpSeen(
        window_s=1,
        medians_ms=medians,
        requests=100 * len(medians),
        failed=failed,
        last_requests=100,
        last_failed=last,
    )
    return LoadReport(findings=(finding(seen, side, limits),))


def beside(
    ours: Sequence[Request],
    live: Sequence[Request],
    limits: LoadSettings = BESIDE,
    *,
    planned: int = N,
    blocks: int = _BLOCKS,
) -> LoadReport:
    """Return what the gate says of two images that were loaded in turns."""
    sides = [
        StageSeen(stage=Stage(rate=100, seconds=10), planned=planned, requests=tuple(side))
        for side in (ours, live)
    ]
    pairs = [tuple(at * blocks // len(side) for at in range(len(side))) for side in (ours, live)]
    turns = Turns(sides[0], sides[1], pairs[0], pairs[1])
    return LoadReport(findings=tuple(compared(turns, limits, "selftest")))


@dataclass(frozen=True, slots=True)
class Recorder:
    """Stands where Locust does, and writes down at once what a service would have made of the plan.

    ``latency`` and ``failure`` are asked for each request: which side it is sent to, 0 or 1, and its moment
    in the stage. ``kept`` is the share of the records that are written, from the first; ``lost`` is how many
    processes ended before their share was sent. Of the 100 requests of each warm-up ``warm_failed`` failed,
    ``warm_failed_last`` of them in its last window of 50.
    """

    latency: Callable[[int, float], float] = lambda _, __: 5.0
    failure: Callable[[int, float], str] = lambda _, __: ""
    medians: tuple[float, ...] = (5.0, 5.0)
    kept: float = 1.0
    lost: int = 0
    warm_failed: int = 0
    warm_failed_last: int = 0

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: float,
        on_line: Callable[[str], None] = lambda _: None,
        stdin: str = "",
    ) -> Ended:
        rounds = json.loads((cwd / "arrivals.json").read_bytes())
        targets = json.loads((cwd / "order.json").read_bytes())["targets"]
        rows = [
            Request(
                round=number,
                planned_s=moment,
                lag_ms=0.1,
                latency_ms=self.latency(one["side"], one["from_s"] + moment),
                failure=self.failure(one["side"], one["from_s"] + moment),
            )
            for number, one in enumerate(rounds)
            for moment in one["moments"]
        ]
        warm = WarmUpSeen(
            window_s=1,
            medians_ms=self.medians,
            requests=100,
            failed=self.warm_failed,
            last_requests=50,
            last_failed=self.warm_failed_last,
        )
        seen = GeneratorSeen(
            workers=1 + self.lost,
            lost=self.lost,
            warm_ups=(warm,) * len(targets),
            rounds=tuple(RoundSeen(began=0, cpu=(0.1,)) for _ in rounds),
        )
        lines = [msgspec.json.encode(row) + b"\n" for row in rows[: round(self.kept * len(rows))]]
        (cwd / "latencies.jsonl").write_bytes(b"".join(lines))
        (cwd / "generator.json").write_bytes(msgspec.json.encode(seen))
        return Ended(0, "")
