"""Values made after a schema: what witnesses are built from, and what small sets are counted with."""

import math
from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from itertools import count
from typing import Any

from ci_steps.steps.check_interface.schemas import (
    KINDS,
    Range,
    Schema,
    child,
    choices,
    further,
    items,
    keywords,
    kinds,
    properties,
    required,
)
from ci_steps.steps.check_interface.validation import Judge


def instances(schema: Any, judge: Judge) -> Iterator[Any]:
    """Yield values that the decided keywords accept; it ends only where there is no other.

    So an end is a proof, and what comes before it is not: another keyword may reject any of them, a value may
    come twice, and an infinite set never ends. ``judge`` holds the root, where references lead.
    """
    said = keywords(schema)
    listed = choices(said)
    if listed is not None:
        yield from (value for value in listed if judge.accepts(value, said))
        return
    yield from _in_turn([of_kind(kind, said, judge) for kind in KINDS if kind in kinds(said)])


def accepts_nothing(schema: Any, judge: Judge) -> bool:
    """Whether the decided keywords of a part of the judge's schema show that no value is accepted."""
    # Remembered, because each level asks it of the next: else twice the time for every level.
    if id(schema) not in judge.empty:
        judge.empty[id(schema)] = next(instances(schema, judge), _END) is _END
    return judge.empty[id(schema)]


def of_kind(kind: str, schema: Schema, judge: Judge) -> Iterator[Any]:
    """Yield the values of one kind, as :func:`instances` does; the schema lists no choices."""
    if kind == "string":
        yield from _strings(schema)
    elif kind == "number":
        yield from numbers(Range.of(schema))
    elif kind == "boolean":
        yield from (True, False)
    elif kind == "object":
        yield from objects(schema, judge)
    elif kind == "array":
        yield from _arrays(schema, judge)
    else:
        yield None


def numbers(among: Range) -> Iterator[float]:
    """Yield the numbers of a range; ends only where there are no more."""
    if among.empty:
        return
    if among.low is not None and among.high is not None:
        yield from _between(among.low, among.high, whole=among.whole)
    elif among.low is not None:
        yield from _onwards(among.low, 1)
    elif among.high is not None:
        yield from _onwards(among.high, -1)
    else:
        yield from (sign * step for step in count() for sign in (1, -1))


def objects(
    schema: Schema,
    judge: Judge,
    *,
    given: Mapping[str, Any] | None = None,
    without: frozenset[str] = frozenset(),
) -> Iterator[dict[str, Any]]:
    """Yield objects, the smallest first, that hold ``given`` and lack ``without``."""
    start = dict(given or {})
    needed = required(schema) - start.keys() - without
    # Asked first: below, one that nothing fits would be looked for again and again, for ever.
    if any(accepts_nothing(child(schema, name), judge) for name in needed):
        return
    names = sorted((required(schema) | properties(schema).keys()) - start.keys() - without)
    names.sort(key=lambda name: name not in required(schema))
    smallest = None
    for value in _filled(start, names, schema, judge):
        smallest = value if smallest is None else smallest
        yield value
    if smallest is None:
        return
    taken = set(names) | start.keys() | without
    for extra in instances(further(schema), judge):
        yield from ({**smallest, name: extra} for name in fresh_names(taken))


def fresh_names(taken: Collection[str]) -> Iterator[str]:
    """Yield names that are not taken."""
    return (name for name in (f"extra{number or ''}" for number in count()) if name not in taken)


_END = object()
_EXACT = 2**53


def _filled(
    value: dict[str, Any], names: list[str], schema: Schema, judge: Judge
) -> Iterator[dict[str, Any]]:
    if not names:
        yield value
        return
    name, rest = names[0], names[1:]
    if name not in required(schema):
        yield from _filled(value, rest, schema, judge)
    for each in instances(child(schema, name), judge):
        yield from _filled({**value, name: each}, rest, schema, judge)


def _arrays(schema: Schema, judge: Judge) -> Iterator[list[Any]]:
    yield []
    for item in instances(items(schema), judge):
        yield from ([item] * length for length in count(1))


def _strings(schema: Schema) -> Iterator[str]:
    # The lengths are no part of the decided keywords; keeping them gives better guesses.
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    yield "text".ljust(int(shortest), "t")[: None if longest is None else int(longest)]
    yield from ("a" * length for length in count(int(shortest)))


def _onwards(start: float, sign: int) -> Iterator[float]:
    # One more than a number past 2**53 is the same number, once it is a float.
    step = 1 if abs(start) < _EXACT else abs(start)
    values = (start + sign * step * number for number in count())
    yield from (value if abs(value) < math.inf else start for value in values)


def _between(low: float, high: float, *, whole: bool) -> Iterator[float]:
    if whole:
        yield from range(int(low), int(high) + 1)
        return
    yield low
    if low == high:
        return
    yield high
    for parts in count(2):
        try:
            inside = float(Fraction(low) + (Fraction(high) - Fraction(low)) / parts)
        except OverflowError:
            inside = low
        # Between neighbouring floats there are numbers and no float: then one comes again.
        yield inside if low <= inside <= high else low


def _in_turn(sources: list[Iterator[Any]]) -> Iterator[Any]:
    """Yield one of each, round and round, until all have ended."""
    while sources:
        left = []
        for source in sources:
            value = next(source, _END)
            if value is not _END:
                left.append(source)
                yield value
        sources = left
