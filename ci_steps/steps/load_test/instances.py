"""Values that a JSON schema accepts, made up at random but the same for the same seed.

What is made follows the keywords that it knows and is then asked of the jsonschema library, which has the
last word: a keyword that is not followed here costs attempts, and never lets a wrong value through.
"""

import random
import re
import string
from collections.abc import Callable, Iterator
from typing import Any

from ci_steps.model.value import Value

_DEEPEST, _MOST_TROUBLES = 6, 20
_SYLLABLES = tuple(first + second for first in "bdfhklmnprst" for second in "aeiou")
_ODD = ("é", "日本", "🙂")
_FORMATS: dict[str, Callable[[random.Random], str]] = {
    "date": lambda r: f"{r.randint(1970, 2037)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}",
    "time": lambda r: f"{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}Z",
    "email": lambda r: f"{_word(r)}@{_word(r)}.example",
    "hostname": lambda r: f"{_word(r)}.example",
    "ipv4": lambda r: ".".join(str(r.randint(1, 254)) for _ in range(4)),
    "uri": lambda r: f"https://{_word(r)}.example/{_word(r)}",
    "uuid": lambda r: "-".join(f"{r.getrandbits(4 * n):0{n}x}" for n in (8, 4, 4, 4, 12)),
}
_FORMATS["date-time"] = lambda r: f"{_FORMATS['date'](r)}T{_FORMATS['time'](r)}"


class Instances(Value, frozen=True):
    """The values of one schema; references are looked up in its ``root``."""

    root: Any
    chance: random.Random

    def one(self, schema: Any, depth: int = 0) -> Any:
        """Return a value that the schema probably accepts."""
        schema = self._resolved(schema, depth)
        if not isinstance(schema, dict):
            return _word(self.chance)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self.chance.choice(schema["enum"])
        if schema.get("examples") and ("pattern" in schema or self.chance.random() < 0.2):
            return self.chance.choice(schema["examples"])
        return self._of_type(self._type(schema), schema, depth)

    def _resolved(self, schema: Any, depth: int) -> Any:
        """Return the schema with its reference, and one choice of each combinator, put in place."""
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict):
                return schema
            rest = dict(schema)
            if ref := rest.pop("$ref", None):
                schema = _both(self._referred(ref), rest)
            elif parts := rest.pop("allOf", None):
                for part in parts:
                    rest = _both(rest, self._resolved(part, depth))
                schema = rest
            elif choices := rest.pop("anyOf", None) or rest.pop("oneOf", None):
                # Deep down the shortest choice ends what refers to itself.
                simple = [each for each in choices if depth < _DEEPEST or "$ref" not in str(each)]
                schema = _both(rest, self.chance.choice(simple or choices))
            else:
                return schema
        return schema

    def _referred(self, ref: str) -> Any:
        found = self.root
        for part in ref.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and key.isdigit() and int(key) < len(found):
                found = found[int(key)]
            elif isinstance(found, dict):
                found = found.get(key, {})
            else:
                return {}
        return found if ref.startswith("#") else {}

    def _type(self, schema: dict[str, Any]) -> str:
        named = schema.get("type")
        if isinstance(named, list) and named:
            return str(self.chance.choice(named))
        if isinstance(named, str):
            return named
        hints = {
            "object": ("properties", "required"),
            "array": ("items", "prefixItems", "minItems"),
            "number": ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"),
        }
        return next((kind for kind, keys in hints.items() if schema.keys() & set(keys)), "string")

    def _of_type(self, kind: str, schema: dict[str, Any], depth: int) -> Any:
        makers: dict[str, Callable[[], Any]] = {
            "object": lambda: self._object(schema, depth),
            "array": lambda: self._array(schema, depth),
            "integer": lambda: self._number(schema, whole=True),
            "number": lambda: self._number(schema, whole=False),
            "boolean": lambda: self.chance.random() < 0.5,
            "null": lambda: None,
        }
        return makers.get(kind, lambda: self._string(schema))()

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties, required = schema.get("properties", {}), set(schema.get("required", ()))
        wanted = [
            name
            for name in properties
            if name in required or (depth < _DEEPEST and self.chance.random() < 0.7)
        ]
        made = {name: self.one(properties[name], depth + 1) for name in wanted}
        others = schema.get("additionalProperties", True)
        return made | {name: self.one(others, depth + 1) for name in sorted(required - made.keys())}

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        first, rest = schema.get("prefixItems", []), schema.get("items", True)
        if isinstance(rest, list):  # draft 7
            first, rest = rest, schema.get("additionalItems", True)
        least = max(int(schema.get("minItems", 0)), len(first))
        more = 0 if depth >= _DEEPEST else self.chance.randint(0, 4)
        most = schema.get("maxItems", least + (0 if rest is False else more))
        length = min(least + more, int(most))
        return [self.one(first[n] if n < len(first) else rest, depth + 1) for n in range(length)]

    def _number(self, schema: dict[str, Any], *, whole: bool) -> float:
        low = max(schema.get("minimum", -1e18), schema.get("exclusiveMinimum", -1e18))
        high = min(schema.get("maximum", 1e18), schema.get("exclusiveMaximum", 1e18))
        if low <= -1e18:
            low = min(0, high - 1000) if high < 1e18 else 0
        high = low + 1000 if high >= 1e18 else high
        step = schema.get("multipleOf")
        if step:
            first, last = -(-low // step), high // step
            number = self.chance.randint(int(first), max(int(first), int(last))) * step
        elif whole:
            number = self.chance.randint(int(-(-low // 1)), max(int(-(-low // 1)), int(high // 1)))
        else:
            number = round(self.chance.uniform(low, high), 6)
        return int(number) if whole else number

    def _string(self, schema: dict[str, Any]) -> str:
        if (made := _FORMATS.get(schema.get("format", ""))) is not None:
            return made(self.chance)
        least = int(schema.get("minLength", 0))
        most = int(schema.get("maxLength", least + self.chance.randint(1, 120)))
        length = self.chance.randint(min(max(least, 1), most), most)
        text = ""
        while len(text) < length:
            text += _word(self.chance) + " "
        text = text[:length]
        return text[:-1] + "x" if text.endswith(" ") else text


def different(schema: Any, seed: str, wanted: int) -> Iterator[Any]:
    """Give values that the schema accepts, no two alike, up to ``wanted``; fewer where no more are found."""
    import json

    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    # An empty registry, because the usual one fetches what a $ref names from the network.
    validator = validator_for(schema)(schema, registry=Registry())
    made = Instances(schema, random.Random(seed))  # noqa: S311 - a plan, not a secret
    seen: set[str] = set()
    troubles = 0
    for _ in range(20 * wanted):
        if len(seen) >= wanted:
            return
        try:
            value = made.one(schema)
            text = json.dumps(value, sort_keys=True)
            if text in seen or not validator.is_valid(value):
                continue
        except (Unresolvable, RecursionError, ValueError, TypeError, OverflowError, re.error):
            # A schema that cannot be followed or applied: what was made before counts, and is too little.
            troubles += 1
            if troubles > _MOST_TROUBLES:
                return
            continue
        seen.add(text)
        yield value


def _both(one: Any, other: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return one if isinstance(one, dict) else other
    both = one | other
    if "properties" in one and "properties" in other:
        both["properties"] = one["properties"] | other["properties"]
    if "required" in one and "required" in other:
        both["required"] = [*one["required"], *other["required"]]
    return both


def _word(chance: random.Random) -> str:
    if chance.random() < 0.05:
        odd: list[str] = [str(chance.randint(0, 9999)), chance.choice(string.punctuation), *_ODD]
        return chance.choice(odd)
    return "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(1, 4)))
