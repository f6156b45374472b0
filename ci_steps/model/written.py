"""A file as a person wrote it: its values, the line of each, and everything wrong with their types."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from ci_steps.errors import InputError
from ci_steps.model.guess import did_you_mean
from ci_steps.model.shape import PLACE, Shape
from ci_steps.model.value import Value
from ci_steps.model.wire import converted

T = TypeVar("T")
Place = tuple[str | int, ...]
_README = "see the example in the README"


class Mistake(Value, frozen=True):
    """A value that is not of its type, a key that nobody knows, or one that is missing."""

    place: Place
    what: str
    hint: str


class Written(Value, frozen=True):
    """Plain values, and the line on which each key and item stands."""

    name: str
    values: dict[str, Any]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of a place; of what it would stand in, where it was not given."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def where(self, place: Place) -> str:
        return f"{self.name}:{self.line(place)}"

    def given(self, place: Place) -> bool:
        return place in self.lines

    def value(self, place: Place) -> Any:
        """Return the value at a place, None where nothing was given."""
        value: Any = self.values
        for part in place:
            if isinstance(value, dict):
                value = next((each for key, each in value.items() if str(key) == part), None)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value

    def mistakes(self, kind: type) -> Iterator[Mistake]:
        """Give everything that keeps the values from being a ``kind``, in the order of the file."""
        return _mistakes(self.values, kind, ())

    def part(self, kind: type[T], place: Place = ()) -> T:
        """Return what stands at a place as its type, each section with its line; it must have no mistake."""
        return converted(self._placed(self.value(place), kind, place), kind, where=self.where(place))

    def sound(self, kind: type[T], place: Place) -> T | None:
        """Return what stands at a place as its type; None where it was not given or has a mistake."""
        value = self.value(place)
        if value is None or any(_mistakes(value, kind, place)):
            return None
        return self.part(kind, place)

    def sound_items(self, kind: type[T], place: Place) -> list[tuple[Place, T]]:
        """Return those items of a list or a mapping that have no mistake, each with its place."""
        value = self.value(place)
        if isinstance(value, dict):
            places = [(*place, str(key)) for key in value]
        else:
            places = [(*place, number) for number in range(len(value))] if isinstance(value, list) else []
        return [(each, item) for each in places if (item := self.sound(kind, each)) is not None]

    def _placed(self, value: Any, kind: Any, place: Place) -> Any:
        shape = Shape.of(kind)
        if isinstance(value, dict) and shape.fields is not None:
            own = {PLACE: self.where(place)} if shape.keeps_place else {}
            fields = shape.fields
            return own | {
                key: self._placed(each, fields[key].type, (*place, key)) for key, each in value.items()
            }
        if isinstance(value, dict) and shape.named:
            return {key: self._placed(each, shape.item, (*place, str(key))) for key, each in value.items()}
        if isinstance(value, list) and shape.listed:
            return [self._placed(each, shape.item, (*place, number)) for number, each in enumerate(value)]
        return _as_word(value, shape)


def key_of(place: Place) -> str:
    """Return a place as people write it.

    >>> key_of(("metrics", 0, "floor"))
    'metrics[0].floor'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _worded(value: Any, shape: Shape) -> Any:
    """Return the value with every such word in it as text."""
    if isinstance(value, dict) and (fields := shape.fields) is not None:
        return {
            key: _worded(each, Shape.of(fields[key].type)) if key in fields else each
            for key, each in value.items()
        }
    if isinstance(value, dict) and shape.named:
        return {key: _worded(each, Shape.of(shape.item)) for key, each in value.items()}
    if isinstance(value, list) and shape.listed:
        return [_worded(each, Shape.of(shape.item)) for each in value]
    return _as_word(value, shape)


def _as_word(value: Any, shape: Shape) -> Any:
    """Return a number, true or false as text, where a word is wanted that may look like one."""
    if not shape.word or not isinstance(value, (bool, int, float)):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mistakes(value: Any, kind: Any, place: Place) -> Iterator[Mistake]:
    shape = Shape.of(kind)
    if isinstance(value, dict) and shape.fields is not None:
        found = [*_in_section(value, shape.fields, place)]
    elif isinstance(value, dict) and shape.named:
        found = [each for key in value for each in _mistakes(value[key], shape.item, (*place, str(key)))]
    elif isinstance(value, list) and shape.listed:
        found = [each for n, item in enumerate(value) for each in _mistakes(item, shape.item, (*place, n))]
    else:
        found = []
    yield from found or _unfit(value, shape, place)


def _in_section(value: dict[Any, Any], fields: Mapping[str, Any], place: Place) -> Iterator[Mistake]:
    under = f" in {key_of(place)}" if place else ""
    meant = set()
    for key, each in value.items():
        if key in fields:
            yield from _mistakes(each, fields[key].type, (*place, key))
            continue
        guess = did_you_mean(str(key), fields)
        meant.add(guess)
        yield Mistake(
            (*place, str(key)),
            f"unknown key {str(key)!r}{under}",
            guess or f"known keys: {', '.join(fields)}",
        )
    for name, field in fields.items():
        # One that is only misspelt was told already.
        if field.required and name not in value and f"did you mean {name!r}?" not in meant:
            yield Mistake(place, f"the key {name!r} is missing{under}", _README)


def _unfit(value: Any, shape: Shape, place: Place) -> Iterator[Mistake]:
    under = f" in {key_of(place)}" if place else ""
    if shape.choices and isinstance(value, str) and value not in shape.choices:
        guess = did_you_mean(value, shape.choices)
        choices = " or ".join(map(repr, shape.choices))
        yield Mistake(place, f"{value!r} is not {choices}{under}", guess or f"write {choices}")
        return
    try:
        converted(_worded(value, shape), shape.kind, where="")
    except InputError as error:
        what = re.sub(r"^: (key in )?(\$[^:]*: )?", "", str(error))
        what = re.sub(r"expected `array` of length >= (\d+)", r"\1 or more must be listed", what)
        yield Mistake(place, f"{what}{under}", _form(value, shape))


def _form(value: Any, shape: Shape) -> str:
    """Say how to write it, by what was written where that is clear."""
    if (share := shape.percent(value)) is not None:
        return f"write {share:g}"
    if shape.listed and isinstance(value, str):
        return f"write [{value}]" if re.fullmatch(r"[\w.-]+", value) else f'write ["{value}"]'
    if shape.choices:
        return f"write {' or '.join(map(repr, shape.choices))}"
    if shape.core is str and isinstance(value, (bool, int, float)):
        return 'text is wanted: put it in quotes, as "1"'
    return f"write {shape.takes}" if shape.fields is None else _README
