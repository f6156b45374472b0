"""What a campaign is made of: every kind of fault, on both sorts of request, at every place; fixed seeds."""

import random
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.campaign import Blow, Range
from tests.faults.faults import ALWAYS, Fault, Kind, On

SEED = 6
_OF_BYTES = {Kind.WHOLE, Kind.CRAWL, Kind.HEAD}
"""Metadata is not asked for by ranges; the libraries that ask for it limit each silence, not the whole."""
_SLOW = {
    Kind.SILENT_BEFORE,
    Kind.SILENT_WITHIN,
    Kind.CRAWL,
    Kind.HEAD,
    Kind.TOO_LONG,
    Kind.ENDLESS,
    Kind.TRICKLE,
}
"""Kinds that take whole seconds to give up on."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One fetch of a campaign."""

    range_: Range
    fault: Fault | None
    pinned: bool
    blow: Blow | None = None


def every(range_: Range) -> Iterator[Planned]:
    """Plan what one place goes through: each kind on bytes, for a time and for ever, and on metadata."""
    dice = random.Random(f"{SEED} {range_.place.name}")
    for kind in Kind:
        passing = dice.choice([1, 1, 2])
        for on, times in (
            (On.BYTES, passing),
            (On.BYTES, ALWAYS),
            (On.WORDS, dice.choice([passing, ALWAYS])),
        ):
            skip = dice.randrange(range_.counts[on]) if range_.counts[on] else 0
            fault = Fault(kind, on, skip=skip, times=times, seed=dice.randrange(1_000_000))
            pinned = dice.random() < 0.5
            if not (kind in _OF_BYTES and on is On.WORDS):
                yield Planned(range_, fault, pinned)
    for blow in (signal.SIGKILL, signal.SIGINT):
        for _ in range(2):
            fault = Fault(Kind.TRICKLE, On.BYTES, times=ALWAYS, seed=dice.randrange(1_000_000))
            yield Planned(range_, fault, dice.random() < 0.5, Blow(blow, dice.uniform(0, 1.2)))


def some(ranges: Sequence[Range], number: int) -> list[Planned]:
    """Choose fetches that are over soon: from every place, of every such kind, and two that are killed."""
    dice = random.Random(SEED)
    chosen: list[Planned] = []
    kinds = [kind for kind in Kind if kind not in _SLOW]
    for at in range(number - 2):
        range_ = ranges[at % len(ranges)]
        kind = kinds[at % len(kinds)]
        fits = [
            planned
            for planned in every(range_)
            if planned.fault and planned.fault.kind is kind and range_.counts[planned.fault.on]
        ]
        # What is struck for ever is tried again until the kit gives up.
        chosen.append(dice.choice([each for each in fits if each.fault and each.fault.times != ALWAYS]))
    return chosen + [next(planned for planned in every(range_) if planned.blow) for range_ in ranges[:2]]
