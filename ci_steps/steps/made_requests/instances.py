"""Values of one schema, keyword by keyword."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ci_steps.model.value import Value
from ci_steps.steps.made_requests import numbers, texts
from ci_steps.steps.made_requests.turns import Chance

_DEEPEST = 6
_MOST_ITEMS = 1000
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
_HINTS = {
    "object": ("properties", "required"),
    "array": ("items", "prefixItems", "minItems"),
    "number": ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"),
}


class Place(Value, frozen=True):
    """Where in a value something is made, and which choices led to its schema."""

    at: str = ""
    way: str = ""
    depth: int = 0

    def inside(self, name: str) -> "Place":
        return Place(f"{self.at}/{name}", f"{self.way}/{name}", self.depth + 1)

    def by(self, choice: int) -> "Place":
        return Place(self.at, f"{self.way}|{choice}", self.depth)


class Instances(Value, frozen=True):
    """Makes values; references are looked up in ``root``, and ``real`` texts by their place."""

    root: Any
    chance: Chance
    real: Mapping[str, list[str]]

    def one(self, schema: Any, place: Place) -> Any:
        """Return a value that the schema probably accepts."""
        schema, place = self._resolved(schema, place)
        if not isinstance(schema, dict):
            return texts.word(self.chance.random)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self.chance.of(schema["enum"], f"{place.way} enum")
        if schema.get("examples") and ("pattern" in schema or self.chance.random.random() < 0.2):
            return self.chance.of(schema["examples"], f"{place.way} examples")
        kind = self._type(schema, place)
        return self._of_type(kind, schema, place)

    def _resolved(self, schema: Any, place: Place) -> tuple[Any, Place]:
        """Return the schema with its reference, and one choice of each combinator, put in place."""
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict):
                break
            rest = dict(schema)
            if ref := rest.pop("$ref", None):
                schema = _both(self._referred(ref), rest)
            elif parts := rest.pop("allOf", None):
                for part in parts:
                    known, place = self._resolved(part, place)
                    rest = _both(rest, known)
                schema = rest
            elif choices := rest.pop("anyOf", None) or rest.pop("oneOf", None):
                # Deep down the shortest choice ends what refers to itself.
                simple = [n for n, each in enumerate(choices) if "$ref" not in str(each)]
                all_of_them = list(range(len(choices)))
                open_ = all_of_them if place.depth < _DEEPEST else simple or all_of_them
                number = self.chance.of(open_, f"{place.way} branch")
                schema, place = _both(rest, choices[number]), place.by(number)
            else:
                break
        return schema, place

    def _referred(self, ref: str) -> Any:
        found = self.root
        for part in ref.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and _INDEX.fullmatch(key) and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, dict):
                found = found.get(key, {})
            else:
                return {}
        return found if ref.startswith("#") else {}

    def _type(self, schema: dict[str, Any], place: Place) -> str:
        named = schema.get("type")
        if isinstance(named, list) and named:
            return str(self.chance.of(named, f"{place.way} type"))
        if isinstance(named, str):
            return named
        return next((kind for kind, keys in _HINTS.items() if schema.keys() & set(keys)), "string")

    def _of_type(self, kind: str, schema: dict[str, Any], place: Place) -> Any:
        makers: dict[str, Callable[[], Any]] = {
            "object": lambda: self._object(schema, place),
            "array": lambda: self._array(schema, place),
            "integer": lambda: self._number(schema, place, whole=True),
            "number": lambda: self._number(schema, place, whole=False),
            "boolean": lambda: self.chance.of((False, True), f"{place.way} boolean"),
            "null": lambda: None,
        }
        real = self.real.get(place.at, [])
        return makers.get(kind, lambda: texts.text(schema, real, self.chance, place.way))()

    def _object(self, schema: dict[str, Any], place: Place) -> dict[str, Any]:
        properties, required = schema.get("properties", {}), set(schema.get("required", ()))
        optional = [name for name in properties if name not in required]
        there = required | self._chosen(optional, place)
        made = {n: self.one(properties[n], place.inside(n)) for n in properties if n in there}
        others = schema.get("additionalProperties", True)
        named = sorted(required - made.keys())
        if isinstance(others, dict) and place.depth < _DEEPEST:
            # A mapping: its keys are the caller's own.
            count = self.chance.of((0, 1, 3), f"{place.way} keys")
            named += [f"key{n}" for n in range(max(count, int(schema.get("minProperties", 0)) - len(made)))]
        return made | {name: self.one(others, place.inside(name)) for name in named}

    def _chosen(self, optional: list[str], place: Place) -> set[str]:
        """Return the optional properties that are there: all, none, all but one, or as chance has it."""
        if place.depth >= _DEEPEST or not optional:
            return set()
        some = {name for name in optional if self.chance.random.random() < 0.7}
        if not self.chance.ends:
            return some
        ways = [set(optional), set[str](), some, *({*optional} - {name} for name in optional)]
        return self.chance.of(ways, f"{place.way} there")

    def _array(self, schema: dict[str, Any], place: Place) -> list[Any]:
        first, rest = schema.get("prefixItems", []), schema.get("items", True)
        if isinstance(rest, list):  # draft 7
            first, rest = rest, schema.get("additionalItems", True)
        least = max(int(schema.get("minItems", 0)), len(first))
        if least > _MOST_ITEMS:
            raise ValueError(f"arrays of {least} items are not made")
        more = 0 if place.depth >= _DEEPEST else self.chance.random.randint(0, 4)
        most = schema.get("maxItems", least + (0 if rest is False else more))
        length = min(least + more, int(most))
        if self.chance.ends and place.depth < _DEEPEST:
            named = [min(int(schema["maxItems"]), _MOST_ITEMS)] if "maxItems" in schema else []
            lengths = {min(least, int(most)), length, *(max(each, least) for each in named)}
            length = self.chance.of(sorted(lengths), f"{place.way} items")
        return [self.one(first[n] if n < len(first) else rest, place.inside("*")) for n in range(length)]

    def _number(self, schema: dict[str, Any], place: Place, *, whole: bool) -> float:
        by_chance = numbers.by_chance(schema, self.chance.random, whole=whole)
        if not self.chance.ends:
            return by_chance
        return self.chance.of([*numbers.at_ends(schema, whole=whole), by_chance], f"{place.way} number")


def _both(one: Any, other: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return one if isinstance(one, dict) else other
    both = one | other
    if "properties" in one and "properties" in other:
        both["properties"] = one["properties"] | other["properties"]
    if "required" in one and "required" in other:
        both["required"] = [*one["required"], *other["required"]]
    return both
