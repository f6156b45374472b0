"""The planned moments: all of them before the first is sent, and the same on every machine."""

import math
import random
from typing import Annotated, Literal

from msgspec import Meta

from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.model.wire import Wire

CANDIDATE, BASELINE = 0, 1
_FEWEST_BLOCKS, _MOST_BLOCKS = 20, 60


class Round(Wire, frozen=True, kw_only=True):
    """Requests that are sent in one go; the next round waits until all are answered."""

    stage: Annotated[int, Meta(description="number of its stage, from 0")]
    side: Annotated[int, Meta(description="0: the pushed image; 1: the live release's")]
    in_turns: Annotated[bool, Meta(description="whether it is a block of the comparison")] = False
    pair: Annotated[int, Meta(description="number of its pair of blocks, from 0")] = 0
    from_s: Annotated[float, Meta(description="where its start lies in the stage, seconds")] = 0
    moments: Annotated[tuple[float, ...], Meta(description="seconds after the round's start")]


def planned(load: LoadSettings, seed: str, *, compared: bool) -> tuple[Round, ...]:
    """Return every stage, sent to the pushed image alone, and after each the blocks that compare.

    For a comparison the stage's requests are planned a second time, cut into blocks, and each block is sent
    to both sides, one after the other: ABBA. Each side has the machine for itself at the planned rate; sent
    at the same moment the two would slow each other down, and a slow one would look as quick as the other.
    """
    rounds = []
    for number, stage in enumerate(load.plan):
        alone = moments(stage, load.arrivals, f"{seed}/{number}")
        rounds.append(Round(stage=number, side=CANDIDATE, moments=alone))
        if compared:
            rounds += _in_turns(stage, number, moments(stage, load.arrivals, f"{seed}/{number}/turns"))
    return tuple(rounds)


def moments(stage: Stage, arrivals: Literal["constant", "poisson"], seed: str) -> tuple[float, ...]:
    """Return as many moments as the stage plans, evenly spaced or with exponential gaps between them.

    >>> moments(Stage(rate=4, seconds=1), "constant", "")
    (0.0, 0.25, 0.5, 0.75)
    """
    if arrivals == "constant":
        return tuple(round(number / stage.rate, 6) for number in range(stage.planned))
    # Not the library's expovariate: what is planned must not depend on Python's version.
    chance, at, found = random.Random(seed), 0.0, []  # noqa: S311 - a plan, not a secret
    for _ in range(stage.planned):
        at -= math.log(1 - chance.random()) / stage.rate
        found.append(round(at, 6))
    return tuple(found)


def _in_turns(stage: Stage, number: int, whole: tuple[float, ...]) -> list[Round]:
    blocks = round(min(max(stage.seconds, _FEWEST_BLOCKS), _MOST_BLOCKS))
    length = max(stage.seconds, whole[-1] + 1e-6) / blocks
    cut: list[list[float]] = [[] for _ in range(blocks)]
    for moment in whole:
        block = min(int(moment / length), blocks - 1)
        cut[block].append(round(moment - block * length, 6))
    return [
        Round(
            stage=number,
            side=side,
            in_turns=True,
            pair=pair,
            from_s=round(block * length, 6),
            moments=tuple(cut[block]),
        )
        for pair, block in enumerate(number for number, block in enumerate(cut) if block)
        for side in ((CANDIDATE, BASELINE) if pair % 2 == 0 else (BASELINE, CANDIDATE))
    ]
