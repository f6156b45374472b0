"""Different values that a JSON schema accepts.

What is made follows the keywords that it knows and is then asked of the jsonschema library, which has the
last word: a keyword that is not followed here costs attempts, and never lets a wrong value through.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ci_steps.steps.made_requests.instances import Instances, Place
from ci_steps.steps.made_requests.turns import Chance, Turns

_MOST_TROUBLES = 20
_ATTEMPTS = 20
_SEEN = 200


def different(
    schema: Any, seed: str, wanted: int, *, seen: Sequence[Any] = (), ends: bool = False
) -> Iterator[Any]:
    """Give values that the schema accepts, no two alike, up to ``wanted``; fewer where no more are found.

    ``ends``: at every place what the schema allows at its ends comes in turn, so that a few dozen values
    have each bound, enum value, branch, and each optional property there and left out. Without, the values
    are as chance has them. ``seen`` are real values: where a text cannot be made, for a pattern or a format,
    theirs is taken, and every second value is one of theirs with one property of a made one; they themselves
    are not given.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    # An empty registry, because the usual one fetches what a $ref names from the network.
    validator = validator_for(schema, default=Draft202012Validator)(schema, registry=Registry())
    chance = random.Random(seed)  # noqa: S311 - a plan, not a secret
    real = seen[:_SEEN]
    made = Instances(schema, Turns(chance) if ends else Chance(chance), _by_place(real))
    known = {json.dumps(value, sort_keys=True) for value in seen}
    given: set[str] = set()
    troubles = 0
    for attempt in range(_ATTEMPTS * wanted):
        if len(given) >= wanted:
            return
        try:
            value = made.one(schema, Place())
            if real and attempt % 2:
                value = _grafted(chance.choice(real), value, chance)
            text = json.dumps(value, sort_keys=True)
            if text in given or text in known or not validator.is_valid(value):
                continue
        except (Unresolvable, RecursionError, ValueError, TypeError, OverflowError, re.error):
            # A schema that cannot be followed or applied: what was made before counts, and is too little.
            troubles += 1
            if troubles > _MOST_TROUBLES:
                return
            continue
        given.add(text)
        yield value


def _grafted(real: Any, made: Any, chance: random.Random) -> Any:
    """Return the real value with one property as it is in the made one, there or left out."""
    if not isinstance(real, dict) or not isinstance(made, dict) or not real.keys() | made.keys():
        return made
    name = chance.choice(sorted(real.keys() | made.keys()))
    rest = {key: value for key, value in real.items() if key != name}
    return {**rest, name: made[name]} if name in made else rest


def _by_place(seen: Sequence[Any]) -> dict[str, list[str]]:
    """Return the texts in real values, by where they stand; all items of an array stand at one place."""
    found: dict[str, list[str]] = {}
    left = [(value, Place()) for value in reversed(seen)]
    while left:
        value, place = left.pop()
        if isinstance(value, str):
            found.setdefault(place.at, []).append(value)
        elif isinstance(value, dict):
            left += [(inner, place.inside(name)) for name, inner in value.items()]
        elif isinstance(value, list):
            left += [(inner, place.inside("*")) for inner in value]
    return found
