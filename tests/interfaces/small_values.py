"""All small values, put to two schemas by a second library, which is quick."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations, islice, product
from typing import Any

from tests.interfaces.oracle import in_one_only, quick

_SCALARS = (None, True, False, -1, 0, 0.5, 1, 2, 2.5, 3, 4, 5, "", "a", "b", "ab", "ba", "abc", "bb", "1")
_FEW: tuple[Any, ...] = (None, True, 0, 1, 2, "", "a", "ab", [], {}, [1], {"a": 1})
_NAMES = ("a", "b", "c", "ab")


@cache
def small_values() -> tuple[Any, ...]:
    """Return a few thousand: scalars, lists of up to three, objects of up to four properties."""
    return (*_SCALARS, *_lists(), *_objects())


def tried_all(inner: Any, outer: Any) -> tuple[int, list[Any]]:
    """Return how many ``inner`` accepts, and the first of them that ``outer`` rejects, if there is one."""
    one, other = quick(inner), quick(outer)
    accepted = [value for value in small_values() if one.is_valid(value)]
    only = (value for value in accepted if not other.is_valid(value) and in_one_only(value, inner, outer))
    return len(accepted), list(islice(only, 1))


def _lists() -> Iterator[Any]:
    yield []
    yield from ([value] for value in (*_SCALARS, *_FEW))
    yield from (list(pair) for pair in product(_FEW, repeat=2))
    yield from (list(three) for three in product(_FEW[1:7], repeat=3))


def _objects() -> Iterator[Any]:
    yield {}
    yield from ({name: value} for name in _NAMES for value in (*_SCALARS, *_FEW))
    for count, values in ((2, _FEW), (3, _FEW[2:6]), (4, _FEW[3:6:2])):
        for names in combinations(_NAMES, count):
            yield from (dict(zip(names, chosen, strict=True)) for chosen in product(values, repeat=count))
