"""Random pairs put to the gate, and values against what it answers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ci_steps.steps.check_interface.subset import compared
from tests.interfaces.answers import Answer, Answered, Gate, asked
from tests.interfaces.instances import Bounds, instances
from tests.interfaces.oracle import accepts, in_one_only
from tests.interfaces.random_pairs import RandomPair, random_pair
from tests.interfaces.shrink import shrunk
from tests.interfaces.small_values import tried_all


@dataclass(frozen=True, slots=True)
class Trial:
    way: str
    answer: Answer
    tried: int
    """Values that the inner schema accepts and that were put to the outer."""
    shown: bool
    """Whether one of them is rejected by the outer."""
    contradiction: str
    """The smallest pair that shows that the answer is wrong; empty where nothing says so."""
    seconds: float


def trials(numbers: range, bounds: Bounds) -> Iterator[Trial]:
    for number in numbers:
        yield trial(random_pair(number), bounds)


def trial(pair: RandomPair, bounds: Bounds, gate: Gate = compared) -> Trial:
    answered = asked(pair.inner, pair.outer, gate)
    tried, witness = 0, list[Any]()
    for value in instances(pair.inner, pair.outer, bounds, pair.number):
        tried += 1
        if not accepts(pair.outer, value):
            witness.append(value)
            break
    if not witness and answered.answer is not Answer.BROKEN:
        accepted, witness = tried_all(pair.inner, pair.outer)
        tried += accepted
    found = _contradiction(pair, answered, witness, gate)
    return Trial(pair.way, answered.answer, tried, bool(witness), found, answered.seconds)


def _contradiction(pair: RandomPair, answered: Answered, witness: list[Any], gate: Gate) -> str:
    if answered.untrue:
        inner, outer = shrunk(pair.inner, pair.outer, lambda one, other: bool(asked(one, other, gate).untrue))
        value = asked(inner, outer, gate).untrue[0]
        return _line(pair, inner, outer, f"a witness that shows nothing: {json.dumps(value)}")
    if witness and answered.answer is Answer.COMPATIBLE:
        value = witness[0]

        def missed(one: Any, other: Any) -> bool:
            return in_one_only(value, one, other) and asked(one, other, gate).answer is Answer.COMPATIBLE

        inner, outer = shrunk(pair.inner, pair.outer, missed)
        return _line(pair, inner, outer, f"compatible, and only the first accepts {json.dumps(value)}")
    return ""


def _line(pair: RandomPair, inner: Any, outer: Any, what: str) -> str:
    return f"pair {pair.number} ({pair.way}): {json.dumps(inner)} in {json.dumps(outer)}: {what}"
