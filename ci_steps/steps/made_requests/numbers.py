"""Numbers that a schema allows: at its ends, and moderate ones.

Where a schema names no end, numbers stay below a few thousand. A bare ``{"type": "number"}`` allows 1e308
as well, and a model that reckons with 32-bit floats is honest though it overflows there; a bound that the
schema does name is taken at its word, however large.
"""

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

_FAR = 1000
_MODERATE = (0, 1, -1, 2, 10, 100, _FAR)
_CLOSE = Fraction(1, 1024)


def by_chance(schema: Mapping[str, Any], chance: random.Random, *, whole: bool) -> float:
    """Return a number between the bounds."""
    low, high = _bounds(schema)
    if low is None:
        low = min(Fraction(0), high - _FAR) if high is not None else Fraction(0)
    high = low + _FAR if high is None else high
    if step := _step(schema, whole=whole):
        first = -(-low // step)
        return _plain(chance.randint(first, max(first, high // step)) * step, whole=whole)
    return round(chance.uniform(float(low), float(high)), 6)


def at_ends(schema: Mapping[str, Any], *, whole: bool) -> list[float]:
    """Return numbers at the bounds, next to them, and moderate ones between."""
    low, high = _bounds(schema)
    step = _step(schema, whole=whole)
    wanted = [Fraction(number) for number in _MODERATE] + ([] if step else [Fraction(1, 2), Fraction(-7, 2)])
    for end, away in ((low, 1), (high, -1)):
        if end is not None:
            close = step or max(abs(end), Fraction(1)) * _CLOSE
            wanted += [end, end + away * close]
    if step:
        wanted += [number // step * step for number in wanted] + [
            -(-number // step) * step for number in wanted
        ]
    allowed = [each for each in dict.fromkeys(wanted) if _allows(schema, each) and not (step and each % step)]
    return [_plain(number, whole=whole) for number in sorted(allowed)]


def _bounds(schema: Mapping[str, Any]) -> tuple[Fraction | None, Fraction | None]:
    lows = [_exact(schema[key]) for key in ("minimum", "exclusiveMinimum") if key in schema]
    highs = [_exact(schema[key]) for key in ("maximum", "exclusiveMaximum") if key in schema]
    return max(lows, default=None), min(highs, default=None)


def _allows(schema: Mapping[str, Any], number: Fraction) -> bool:
    low, high = _bounds(schema)
    out = [_exact(schema[key]) for key in ("exclusiveMinimum", "exclusiveMaximum") if key in schema]
    return (low is None or number >= low) and (high is None or number <= high) and number not in out


def _step(schema: Mapping[str, Any], *, whole: bool) -> Fraction | None:
    step = _exact(schema["multipleOf"]) if schema.get("multipleOf") else None
    if not whole:
        return step
    return Fraction(step.numerator) if step else Fraction(1)


def _exact(number: float) -> Fraction:
    """Return what the schema says, 1/10 for 0.1."""
    return Fraction(str(number))


def _plain(number: Fraction, *, whole: bool) -> float:
    return int(number) if whole or number.denominator == 1 else float(number)
