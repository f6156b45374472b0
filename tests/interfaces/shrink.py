"""The smallest pair that still shows a contradiction."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.interfaces.oracle import well_formed
from tests.interfaces.places import at, places, settled

_ROUNDS = 400


def shrunk(inner: Any, outer: Any, still: Callable[[Any, Any], bool]) -> tuple[Any, Any]:
    """Drop keywords, names and alternatives, from either or from both, as long as ``still`` holds."""
    tried, smaller = 0, True
    while smaller and tried < _ROUNDS:
        smaller = False
        for one, other in _less(inner, outer):
            tried += 1
            if tried > _ROUNDS:
                break
            if _makes_sense(one) and _makes_sense(other) and still(one, other):
                inner, outer, smaller = one, other, True
                break
    return inner, outer


def _less(inner: Any, outer: Any) -> Iterator[tuple[Any, Any]]:
    """Give pairs that are smaller: first where both lose the same."""
    ones, others = dict(_smaller(inner)), dict(_smaller(outer))
    yield from ((ones[key], others[key]) for key in ones if key in others)
    yield from ((one, outer) for one in ones.values())
    yield from ((inner, other) for other in others.values())


def _smaller(schema: Any) -> Iterator[tuple[str, Any]]:
    for path in places(schema):
        part = at(schema, path)
        for key in part if isinstance(part, dict) else ():
            yield f"{path} {key}", _without(schema, path, key)
            inside = part[key]
            steps = (
                inside if isinstance(inside, dict) else range(len(inside)) if isinstance(inside, list) else ()
            )
            for step in steps:
                yield f"{path} {key} {step}", _without(schema, (*path, key), step)
            if key in {"anyOf", "oneOf", "allOf"} and len(inside) == 1 and isinstance(inside[0], dict):
                rest = {name: value for name, value in part.items() if name != key}
                yield f"{path} {key} in", _with(schema, path, {**rest, **inside[0]})


def _without(schema: Any, path: tuple[Any, ...], key: Any) -> Any:
    new = copy.deepcopy(schema)
    del at(new, path)[key]
    return new


def _with(schema: Any, path: tuple[Any, ...], part: Any) -> Any:
    if not path:
        return part
    new = copy.deepcopy(schema)
    at(new, path[:-1])[path[-1]] = part
    return new


def _makes_sense(schema: Any) -> bool:
    try:
        return well_formed(schema) and settled(schema)
    except KeyError:  # a reference to what was dropped
        return False
