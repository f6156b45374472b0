"""Where in a request or an answer a part of the schema speaks, and how a value gets there."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.instances import instances, objects
from ci_steps.steps.check_interface.schemas import Schema, items
from ci_steps.steps.check_interface.validation import Judge

_FRAMES = 8
"""How many objects or arrays are tried around one value."""


class Place(Value, frozen=True):
    """A part of the schema, and the whole values that could hold a value there."""

    pointer: str
    around: Callable[[Any], Iterator[Any]]
    """Yields whole values with the given one at this place."""
    seen: tuple[Any, ...] = ()
    """Values that real requests or answers had here."""

    @classmethod
    def root(cls, seen: tuple[Any, ...]) -> "Place":
        return cls("", lambda value: iter((value,)), seen)

    def at_property(self, name: str, schema: Schema, judge: Judge, *, named: bool) -> "Place":
        """Return the place of a property; ``named`` says whether a schema has it under ``properties``."""
        real = [value for value in self.seen if isinstance(value, dict)]

        def around(value: Any) -> Iterator[Any]:
            frames = (frame | {name: value} for frame in real)
            for frame in islice(frames, _FRAMES):
                yield from self.around(frame)
            for frame in islice(objects(schema, judge, given={name: value}), _FRAMES):
                yield from self.around(frame)

        step = f"/properties/{escaped(name)}" if named else "/additionalProperties"
        return Place(self.pointer + step, around, tuple(value[name] for value in real if name in value))

    def at_items(self, schema: Schema, judge: Judge) -> "Place":
        """Return the place of an array's items."""
        real = [value for value in self.seen if isinstance(value, list)]

        def around(value: Any) -> Iterator[Any]:
            others = [frame[1:] for frame in real[:_FRAMES]] + [[], [value], [value] * 2]
            others += [[other] for other in islice(instances(items(schema), judge), _FRAMES)]
            for rest in others:
                yield from self.around([value, *rest])

        return Place(f"{self.pointer}/items", around, tuple(item for value in real for item in value))


def escaped(name: str) -> str:
    """Return the name as a part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
