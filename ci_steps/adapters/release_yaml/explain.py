"""What each key of `release.yaml` says, where it says so, and what it means."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from ci_steps.errors import InputError
from ci_steps.model.guess import close
from ci_steps.model.settings import Settings
from ci_steps.model.shape import Shape
from ci_steps.model.told import Explanation, Setting
from ci_steps.model.value import Value
from ci_steps.model.wire import plain
from ci_steps.model.written import Place, Written

_EACH = "*"
"""Stands for each item of a list or a mapping, also where there is none."""


class _Spot(Value, frozen=True):
    place: Place
    shape: Shape
    default: Any = UNSET
    """What holds where nothing is given; UNSET where something must be."""

    @property
    def key(self) -> str:
        return ".".join(map(str, self.place))

    def parts(self, written: Written) -> tuple[str, ...]:
        """Return what may follow its key."""
        if self.shape.fields is not None:
            return tuple(self.shape.fields)
        value = written.value(self.place)
        if self.shape.listed:
            return tuple(str(number) for number in range(len(value))) if isinstance(value, list) else ()
        return tuple(map(str, value)) if self.shape.named and isinstance(value, dict) else ()

    def at(self, part: str) -> "_Spot":
        fields = self.shape.fields
        if fields is not None:
            field = fields[part]
            default = UNSET if field.required else field.default
            return _Spot((*self.place, part), Shape.of(field.type), getattr(self.default, part, default))
        number = int(part) if self.shape.listed and part != _EACH else part
        return _Spot((*self.place, number), Shape.of(self.shape.item))

    @property
    def has_items(self) -> bool:
        return self.shape.listed or self.shape.named

    @property
    def holds_sections(self) -> bool:
        return self.has_items and Shape.of(self.shape.item).fields is not None


_ROOT = _Spot((), Shape.of(Settings))


def explained(written: Written, key: str = "") -> Explanation:
    """Return what ``key`` stands for: one value, all of a section, or a key of each item of a list.

    Without a key it is everything. A key that does not exist is an :class:`InputError`.
    """
    asked = [part for part in re.split(r"[.\[\]]+", key) if part]
    spots = _found(asked, written)
    values = tuple(_setting(leaf, written) for spot in spots for leaf in _leaves(spot, written))
    return Explanation(replace(_setting(spots[0], written), key=".".join(asked)), values)


def keys(written: Written) -> tuple[str, ...]:
    """Return every key that can be explained: sections, items and values."""

    def under(spot: _Spot) -> Iterator[str]:
        for part in spot.parts(written):
            inner = spot.at(part)
            yield inner.key
            yield from under(inner)
        if spot.holds_sections:
            yield from (f"{spot.key}.{part}" for part in spot.at(_EACH).parts(written))

    return tuple(under(_ROOT))


def _found(asked: list[str], written: Written) -> list[_Spot]:
    spots = [_ROOT]
    for part in asked:
        spots = [inner for spot in spots for inner in _inside(spot, part, asked, written)]
    return spots


def _inside(spot: _Spot, part: str, asked: list[str], written: Written) -> list[_Spot]:
    known = spot.parts(written)
    if part in known:
        return [spot.at(part)]
    if spot.has_items:
        each = [spot.at(item) for item in known] or [spot.at(_EACH)]
        if part == _EACH:
            return each
        if part in (each[0].shape.fields or ()):
            return [item.at(part) for item in each]
    raise _unknown(spot, part, asked, written)


def _unknown(spot: _Spot, part: str, asked: list[str], written: Written) -> InputError:
    if spot.shape.listed and part.isdigit():
        last = len(spot.parts(written)) - 1
        hint = f"its items are {spot.key}.0 to {spot.key}.{last}" if last >= 0 else "it is empty"
        return InputError(f"{spot.key} has no item {part}", hint=hint)
    every, text = keys(written), ".".join(asked)
    known = (*spot.parts(written), *(spot.at(_EACH).parts(written) if spot.has_items else ()))
    here = [*map(str, spot.place)]
    rest = asked[len(here) + 1 :]
    near = [".".join([*here, each, *rest]) for each in close(part, known)]
    near += [key for key in every if key.rpartition(".")[2] == asked[-1]]
    near += close(text, every)
    hint = next((f"did you mean {key!r}?" for key in near if key in every), "")
    return InputError(
        f"{text!r} is not a key of {written.name}", hint=hint or f"known keys: {', '.join(known)}"
    )


def _leaves(spot: _Spot, written: Written) -> Iterator[_Spot]:
    """Give the values of a section; a list of plain values is one."""
    parts = spot.parts(written)
    if spot.shape.fields is not None or (spot.holds_sections and parts):
        for part in parts:
            yield from _leaves(spot.at(part), written)
    else:
        yield spot


def _setting(spot: _Spot, written: Written) -> Setting:
    given = written.given(spot.place)
    default = None if spot.default is UNSET else plain(spot.default)
    default = list(default) if isinstance(default, tuple) else default
    return Setting(
        key=spot.key,
        value=written.value(spot.place) if given else default,
        where=written.where(spot.place) if given else "",
        default=default,
        required=spot.default is UNSET,
        means=spot.shape.means,
        takes=spot.shape.takes,
    )
