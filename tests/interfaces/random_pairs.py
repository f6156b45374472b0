"""Random pairs of schemas, each by its number: the same number gives the same pair."""

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.interfaces.mutations import altered, said_otherwise
from tests.interfaces.oracle import well_formed
from tests.interfaces.places import settled
from tests.interfaces.random_schemas import Maker

ALTERED, SAME, APART, CROWDED = (
    "one altered",
    "the same said otherwise",
    "two of their own",
    "rare keywords, one altered",
)
WAYS = (ALTERED, SAME, APART, CROWDED)


@dataclass(frozen=True, slots=True)
class RandomPair:
    number: int
    way: str
    inner: Any
    outer: Any


def random_pair(number: int) -> RandomPair:
    rng = Random(number)
    way = rng.choices(WAYS, [45, 15, 15, 25])[0]
    while True:
        maker = Maker(rng, draft_7=rng.random() < 0.12)
        maker.crowded = way == CROWDED
        one = maker.crowd() if maker.crowded else maker.document()
        match way:
            case "one altered" | "rare keywords, one altered":
                other = altered(one, maker)
            case "the same said otherwise":
                other = said_otherwise(one, maker)
            case _:
                other = Maker(rng, draft_7=rng.random() < 0.12, closed=0.1).document()
        if all(settled(schema) and well_formed(schema) for schema in (one, other)):
            inner, outer = (one, other) if rng.random() < 0.5 else (other, one)
            return RandomPair(number, way, inner, outer)
