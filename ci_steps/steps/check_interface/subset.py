"""Does one schema accept everything that another accepts: yes by rules, no by a witness, or nobody knows."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from msgspec.structs import replace

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.identity import Identity
from ci_steps.steps.check_interface.instances import (
    accepts_nothing,
    fresh_names,
    instances,
    numbers,
    objects,
    of_kind,
)
from ci_steps.steps.check_interface.places import Place, escaped
from ci_steps.steps.check_interface.schemas import (
    ENTANGLED,
    KINDS,
    NOTHING,
    Range,
    Schema,
    asserted,
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

_FEW = 5
_GUESSES = 40
"""How many values are tried as a witness of one break."""
_WHOLE_GUESSES = 200
"""How many requests or answers are tried around each."""
_END = object()


class Break(Value, frozen=True):
    """The inner schema accepts ``value`` and the outer does not: both were asked."""

    pointer: str
    because: str
    value: Any


class Open(Value, frozen=True):
    """Nobody could decide."""

    pointer: str
    because: str


Difference = Break | Open


class Comparison(Value, frozen=True):
    """Whether the outer schema accepts all that the inner one accepts."""

    differences: tuple[Difference, ...]
    equal: tuple[str, ...]
    """Pointers to what was decided, and holds."""


def compared(inner: Any, outer: Any, *, speaker: str = "it takes", seen: Iterable[Any] = ()) -> Comparison:
    """Compare two schemas.

    Compatible is what rules prove; with the decided keywords alone they are complete. A break is what a
    witness shows. Everything else is open: "not found" is never taken for "not there". ``seen`` are real
    values, which make the better witnesses; ``speaker`` begins the sentences about the outer schema.
    """
    walk = _Walk(Judge(inner), Judge(outer), Identity.of(inner, outer), speaker)
    differences = walk.differences(Place.root(tuple(seen)), inner, outer)
    return Comparison(tuple(differences), tuple(walk.equal))


class _Spot(Value, frozen=True):
    """A place, and what the inner schema ``a`` and the outer ``b`` say about it."""

    place: Place
    a: Schema
    b: Schema


class _Walk(Value, frozen=True):
    inner: Judge
    outer: Judge
    identity: Identity
    speaker: str
    equal: list[str] = []

    def differences(self, place: Place, inner: Any, outer: Any) -> list[Difference]:
        spot = _Spot(place, keywords(inner), keywords(outer))
        found: list[Difference] = []
        if not self.identity.holds(spot.a, spot.b) and not accepts_nothing(inner, self.inner):
            found += self._broken(spot)
            if not asserted(spot.a):  # what takes anything breaks once, not once a kind
                found = sorted(found, key=lambda each: isinstance(each, Open))[:1]
            found += self._undecided(spot)
        if not found:
            self.equal.append(place.pointer)
        return found

    def _undecided(self, spot: _Spot) -> Iterator[Open]:
        differ = self.identity.undecided(spot.a, spot.b)
        for word in differ:
            because = f"{word} differs, and is not among the keywords that are decided"
            yield Open(f"{spot.place.pointer}/{escaped(word)}", because)
        for word in sorted((ENTANGLED & spot.a.keys() & spot.b.keys()) - {*differ}):
            because = f"what {word} means depends on its neighbours, which differ"
            yield Open(f"{spot.place.pointer}/{escaped(word)}", because)

    def _broken(self, spot: _Spot) -> Iterator[Difference]:
        a, b = spot.a, spot.b
        if choices(a) is not None or choices(b) is not None:
            yield from self._choices(spot)
            return
        yield from self._kinds(spot)
        both = kinds(a) & kinds(b)
        if "number" in both:
            yield from self._numbers(spot, Range.of(a), Range.of(b))
        if "array" in both:
            yield from self.differences(spot.place.at_items(a, self.inner), items(a), items(b))
        if "object" in both and next(objects(a, self.inner), None) is not None:
            yield from self._required(spot)
            yield from self._properties(spot)

    def _choices(self, spot: _Spot) -> Iterator[Difference]:
        """Try all values, or more than there are choices: then one of them is outside."""
        limit = _GUESSES + len(choices(spot.a) or ()) + 2 * len(choices(spot.b) or ())
        values = instances(spot.a, self.inner)
        outside = [value for value in islice(values, limit) if not self.outer.accepts(value, spot.b)]
        chooser = spot.a if choices(spot.b) is None else spot.b
        step = "" if chooser == NOTHING else "/const" if "const" in chooser else "/enum"
        because = f"{self.speaker} {self._offer(spot.b, outside)}"
        if outside:
            yield self._witnessed(spot, step, because, outside)
        elif next(values, _END) is not _END:
            yield Open(spot.place.pointer + step, f"{because}, and there was more than could be tried")

    def _kinds(self, spot: _Spot) -> Iterator[Difference]:
        lost = [kind for kind in KINDS if kind in kinds(spot.a) and kind not in kinds(spot.b)]
        values = {kind: [*islice(of_kind(kind, spot.a, self.inner), _FEW)] for kind in lost}
        lost = [kind for kind in lost if values[kind]]
        if lost:
            because = f"{self.speaker} no {' and no '.join(lost)}"
            guesses = chain(spot.place.seen[:_FEW], *(values[kind] for kind in lost))
            yield self._witnessed(spot, "/type", because, guesses)

    def _numbers(self, spot: _Spot, a: Range, b: Range) -> Iterator[Difference]:
        if a.fractions and b.whole:
            yield self._witnessed(spot, "/type", f"{self.speaker} whole numbers only", a.near)
        a = a.wholes if b.whole else a
        if a.goes_under(b):
            because = f"{self.speaker} no number under {spot.b['minimum']}"
            yield self._witnessed(spot, "/minimum", because, numbers(a.up_to(spot.b["minimum"])))
        if a.goes_over(b):
            because = f"{self.speaker} no number over {spot.b['maximum']}"
            yield self._witnessed(spot, "/maximum", because, numbers(a.down_to(spot.b["maximum"])))

    def _required(self, spot: _Spot) -> Iterator[Difference]:
        for name in sorted(required(spot.b) - required(spot.a)):
            real = [_without(name, value) for value in spot.place.seen if isinstance(value, dict)]
            made = objects(spot.a, self.inner, without=frozenset({name}))
            because = f"{self.speaker} no object without {name!r}"
            yield self._witnessed(spot, "/required", because, chain(real[:_FEW], made))

    def _properties(self, spot: _Spot) -> Iterator[Difference]:
        a, b, place = spot.a, spot.b, spot.place
        for name in sorted(properties(a) | properties(b)):
            there = place.at_property(name, a, self.inner, named=True)
            found = self.differences(there, child(a, name), child(b, name))
            yield from found if name in properties(a) else (_by_the_letter(each, name) for each in found)
        extra = next(fresh_names(properties(a) | properties(b)))
        there = place.at_property(extra, a, self.inner, named=False)
        yield from self.differences(there, further(a), further(b))

    def _offer(self, outer: Schema, outside: list[Any]) -> str:
        listed = choices(outer)
        if listed is None:
            return f"no {_listed(outside, ' and no ')}"
        offered = [value for value in listed if self.outer.accepts(value, outer)]
        return f"only {_listed(offered, ' or ')}" if offered else "nothing here"

    def _witnessed(self, spot: _Spot, step: str, because: str, guesses: Iterable[Any]) -> Difference:
        """Return the break with the first guess that shows it, or leave it open."""
        pointer = spot.place.pointer + step
        for guess in islice(guesses, _GUESSES):
            if not self.inner.accepts(guess, spot.a) or self.outer.accepts(guess, spot.b):
                continue
            for whole in islice(spot.place.around(guess), _WHOLE_GUESSES):
                if self.inner.accepts(whole) and not self.outer.accepts(whole):
                    return Break(pointer, because, whole)
        return Open(pointer, f"{because}; no example that shows it could be made")


def _listed(values: list[Any], between: str) -> str:
    shown = [json.dumps(value, ensure_ascii=False) for value in values[:_FEW]]
    return between.join([*shown, "…"] if len(values) > _FEW else shown)


def _without(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {own: child for own, child in value.items() if own != name}


def _by_the_letter(difference: Difference, name: str) -> Difference:
    because = (
        f"{difference.because} for {name!r}; by the letter the other side leaves further properties open, "
    )
    return replace(
        difference, because=f"{because}so {name!r} may be there already, with any value it lets in"
    )
