"""Values that a schema accepts, made with no knowledge of how the gate decides.

Some are drawn after the schema, some are drawn and then changed at one place, some are drawn after the
other schema: whatever the library says the first accepts is given out.
"""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.interfaces.flat import Flat, flattened
from tests.interfaces.oracle import accepts
from tests.interfaces.pool import Pool
from tests.interfaces.texts import found, matching

_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long to look for instances of one schema."""

    wanted: int
    tries: int
    seconds: float


def instances(inner: Any, outer: Any, bounds: Bounds, seed: int) -> Iterator[Any]:
    """Give values that ``inner`` accepts, most of them where ``outer`` might not."""
    rng = Random(seed)
    pool = Pool.of((inner, outer), rng)
    until = time.monotonic() + bounds.seconds
    given, seen = 0, set[str]()
    for turn in range(bounds.tries):
        if given == bounds.wanted or time.monotonic() > until:
            return
        after = outer if turn % 5 == 4 else inner
        value = _Drawing(after, pool, rng).value(after, _DEPTH)
        for _ in range(turn % 3):
            value = changed(value, pool, rng)
        if repr(value) not in seen and accepts(inner, value):
            seen.add(repr(value))
            given += 1
            yield value


@dataclass(frozen=True, slots=True)
class _Drawing:
    root: Any
    pool: Pool
    rng: Random

    def value(self, schema: Any, depth: int) -> Any:
        flat = flattened(schema, self.root, self.rng)
        if flat.values:
            return copy.deepcopy(self.rng.choice(flat.values))
        return self._of_kind(self.rng.choice(flat.kinds or ("anything",)), flat, depth)

    def _of_kind(self, kind: str, flat: Flat, depth: int) -> Any:
        makers: dict[str, Callable[[], Any]] = {
            "object": lambda: self._object(flat, depth),
            "array": lambda: self._array(flat, depth),
            "string": lambda: self._text(flat),
            "integer": lambda: self._number(flat, whole=True),
            "number": lambda: self._number(flat, whole=False),
            "boolean": lambda: self.rng.random() < 0.5,
            "null": lambda: None,
            "anything": lambda: self.pool.anything(self.rng, min(depth, 2)),
        }
        return makers[kind]()

    def _object(self, flat: Flat, depth: int) -> Any:
        names = [*flat.required]
        chance = 0.6 if depth > 2 else 0.15
        names += [name for name in flat.properties if self.rng.random() < chance]
        if self.rng.random() < 0.3 and depth > 1:
            names.append(self.rng.choice(self.pool.names))
        names += [matching(name, self.rng) for name in flat.patterns if self.rng.random() < chance]
        while len(set(names)) < flat.least and len(names) < 12:
            names.append(self.rng.choice([*self.pool.names, f"n{len(names)}"]))
        for name in tuple(names):
            names += flat.brings.get(name, ())
        return {name: self._property(name, flat, depth) for name in dict.fromkeys(names)}

    def _property(self, name: str, flat: Flat, depth: int) -> Any:
        parts = [flat.properties[name]] if name in flat.properties else []
        parts += [part for pattern, part in flat.patterns.items() if found(pattern, name)]
        return self._inside(parts or [flat.others], depth)

    def _array(self, flat: Flat, depth: int) -> Any:
        longest = flat.most if flat.most is not None else flat.least + 2
        count = self.rng.randint(flat.least, max(flat.least, min(longest, flat.least + 3)))
        if depth <= 1:
            count = flat.least
        items = [
            self._inside([flat.positions[at] if at < len(flat.positions) else flat.items], depth)
            for at in range(min(count, 40))
        ]
        if flat.contains is not None and items and self.rng.random() < 0.8:
            items[self.rng.randrange(len(items))] = self._inside([flat.contains, flat.items], depth)
        return items

    def _inside(self, parts: Sequence[Any], depth: int) -> Any:
        if depth <= 0:
            return self.rng.choice([None, 0, "", [], {}])
        return self.value(parts[0] if len(parts) == 1 else {"allOf": list(parts)}, depth - 1)

    def _text(self, flat: Flat) -> str:
        if flat.pattern is not None and self.rng.random() < 0.8:
            return matching(flat.pattern, self.rng)
        if self.rng.random() < 0.3:
            return self.rng.choice(self.pool.texts)
        longest = flat.longest if flat.longest is not None else flat.shortest + 3
        length = self.rng.choice([flat.shortest, longest, self.rng.randint(0, 6)])
        return "".join(self.rng.choice("abcxyz01") for _ in range(min(length, 2000)))

    def _number(self, flat: Flat, *, whole: bool) -> Any:
        near = [number for number in self.pool.numbers if flat.within(number)]
        number = self.rng.choice(near or self.pool.numbers)
        if flat.step:
            number = round(number / flat.step) * flat.step
        if whole:
            number = int(number)
        return float(number) if whole and self.rng.random() < 0.1 else number


def changed(value: Any, pool: Pool, rng: Random) -> Any:
    """Return ``value`` changed at one place."""
    value = copy.deepcopy(value)
    if isinstance(value, dict) and value and rng.random() < 0.6:
        name = rng.choice(sorted(value))
        value[name] = changed(value[name], pool, rng)
        return value
    if isinstance(value, list) and value and rng.random() < 0.6:
        at = rng.randrange(len(value))
        value[at] = changed(value[at], pool, rng)
        return value
    return _another(value, pool, rng)


def _another(value: Any, pool: Pool, rng: Random) -> Any:
    turn = rng.randrange(4)
    if isinstance(value, dict) and turn < 3:
        if turn == 0 and value:
            value.pop(rng.choice(sorted(value)))
        else:
            value[rng.choice(pool.names)] = pool.anything(rng, 1)
        return value
    if isinstance(value, list) and turn < 3:
        if turn == 0 and value:
            value.pop(rng.randrange(len(value)))
        else:
            value.append(copy.deepcopy(rng.choice(value)) if value and turn == 1 else pool.anything(rng, 1))
        return value
    if isinstance(value, str) and turn < 3:
        return (value[:-1], value + rng.choice("ax0"), rng.choice("bx0") + value)[turn]
    if isinstance(value, int | float) and not isinstance(value, bool) and turn < 3:
        return (value + 1, value - 1, value + 0.5)[turn]
    return pool.anything(rng, 1)
