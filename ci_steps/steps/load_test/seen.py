"""Which of the recorded requests belong to which stage and side."""

import math
from collections.abc import Sequence

import msgspec

from ci_steps.model.settings import LoadSettings
from ci_steps.steps.load_test.arrivals import BASELINE, CANDIDATE, Round
from ci_steps.steps.load_test.records import GeneratorSeen, Request, StageSeen
from ci_steps.steps.load_test.versus import Turns


def stage_seen(
    number: int,
    load: LoadSettings,
    rounds: Sequence[Round],
    seen: GeneratorSeen,
    requests: Sequence[Request],
) -> StageSeen:
    """Return what a stage left behind about the pushed image, which had the machine for itself."""
    mine = [at for at, one in enumerate(rounds) if one.stage == number and not one.in_turns]
    return _seen(number, mine, load, rounds, seen, requests)


def turns_seen(
    number: int,
    load: LoadSettings,
    rounds: Sequence[Round],
    seen: GeneratorSeen,
    requests: Sequence[Request],
) -> Turns | None:
    """Return what its comparison left behind; None where none was planned."""
    sides = []
    for side in (CANDIDATE, BASELINE):
        mine = [
            at for at, one in enumerate(rounds) if one.stage == number and one.in_turns and one.side == side
        ]
        sides.append(_seen(number, mine, load, rounds, seen, requests))
    if not sides[0].planned:
        return None
    pairs = [tuple(rounds[request.round].pair for request in side.requests) for side in sides]
    return Turns(sides[0], sides[1], pairs[0], pairs[1])


def _seen(
    number: int,
    mine: Sequence[int],
    load: LoadSettings,
    rounds: Sequence[Round],
    seen: GeneratorSeen,
    requests: Sequence[Request],
) -> StageSeen:
    among, ended = set(mine), [seen.rounds[at] for at in mine if at < len(seen.rounds)]
    greatest = [max(one.cpu, default=0.0) for one in ended]
    idle = [one.idle for one in ended if one.idle is not None]
    return StageSeen(
        stage=load.plan[number],
        planned=sum(len(rounds[at].moments) for at in mine),
        # In the stage's own time, wherever its block began.
        requests=tuple(
            msgspec.structs.replace(r, planned_s=r.planned_s + rounds[r.round].from_s)
            if rounds[r.round].from_s
            else r
            for r in requests
            if r.round in among
        ),
        cpu=sum(greatest) / len(greatest) if greatest else 0.0,
        idle=sum(idle) / len(idle) if idle else None,
        workers=seen.workers,
        lost=seen.lost,
        way_ms=max((_known(one.way_p99_ms) for one in seen.each), default=0.0),
        clock_ms=max((_known(one.clock_ms) for one in seen.each), default=0.0),
    )


def _known(ms: float | None) -> float:
    """Return what was measured; what was not may be anything."""
    return math.inf if ms is None else ms
