"""Random schemas: all keywords in about the share that interfaces have, constants small so that they meet."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

NAMES = ("a", "b", "c", "ab")
TEXTS = ("", "a", "b", "ab", "abc", "ba")
NUMBERS = (-1, 0, 1, 2, 3, 4, 0.5, 1.0, 2.5)
PATTERNS = ("^a", "^[ab]+$", "^[a-c]{1,2}$", "b", "^a?b", "^(a|ab)$", "^ab*", "[0-9]", "^$")
NAME_PATTERNS = ("^a", "b$", "^[a-c]", ".*")  # the library overlooks an empty pattern that stands alone
FORMATS = ("date-time", "email", "uuid")
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"


@dataclass(slots=True)
class Maker:
    """Makes the schemas of one document: they share a draft and definitions."""

    rng: Random
    draft_7: bool = False
    definitions: tuple[str, ...] = ()
    closed: float = 0.3
    crowded: bool = False
    """Whether rare keywords stand side by side, with so few constants that they meet."""

    @property
    def place(self) -> str:
        return "definitions" if self.draft_7 else "$defs"

    def crowd(self) -> Any:
        """Return a whole schema of rare keywords, two deep."""
        make = self.rng.choice((self.object, self.object, self.array, self.array, self.combination))
        body = make(2)
        return {"$schema": DRAFT_7, **body} if self.draft_7 else body

    def document(self) -> Any:
        """Return a whole schema, most often of an object, in one of seven cases with recursion."""
        rng = self.rng
        self.definitions = ("n", "m")[: rng.choice([0, 0, 0, 1, 1, 2])]
        body = self.object(3) if rng.random() < 0.6 else self.schema(3)
        if not isinstance(body, dict):
            return body
        if self.draft_7:
            body = {"$schema": DRAFT_7, **({"allOf": [body]} if "$ref" in body else body)}
        elif rng.random() < 0.1:
            body = {"$schema": DRAFT_2020, **body}
        definitions = {name: self.defined() for name in self.definitions}
        used = {name for name in definitions if f"/{name}'" in f"{body}{definitions}"}
        self.definitions = tuple(sorted(used))
        return {**body, self.place: {name: definitions[name] for name in self.definitions}} if used else body

    def defined(self) -> Any:
        """Return a definition, whose references stand inside of an object or an array only."""
        return self.rng.choice((self.object, self.array, self.object_or_null))(2)

    def object_or_null(self, depth: int) -> Any:
        return {**self.object(depth), "type": ["object", "null"]}

    def schema(self, depth: int, *, inside: bool = True) -> Any:
        """Return a schema; ``inside`` of an object or an array it may refer to what it stands in."""
        rng = self.rng
        small: list[tuple[int, Callable[[int], Any]]] = [
            (14, self.integer), (9, self.number), (18, self.text), (14, self.values), (3, self.kinds),
            (4, self.simple),
        ]  # fmt: skip
        large: list[tuple[int, Callable[[int], Any]]] = [
            (18, self.object), (12, self.array), (12, self.combination),
        ]  # fmt: skip
        kinds = small + (large * (3 if self.crowded else 1) if depth > 0 else [])
        if inside and self.definitions and rng.random() < 0.2:
            return {"$ref": f"#/{self.place}/{rng.choice(self.definitions)}"}
        if inside and depth < 3 and rng.random() < 0.02:
            return {"$ref": "#"}
        make = rng.choices([make for _, make in kinds], [weight for weight, _ in kinds])[0]
        return make(depth)

    def some(self, chance: float = 0.4) -> bool:
        return self.rng.random() < chance

    def rare(self, chance: float) -> bool:
        return self.some(min(0.5, chance * 5) if self.crowded else chance)

    def integer(self, depth: int) -> Any:
        return {"type": "integer", **self.bounds()}

    def number(self, depth: int) -> Any:
        return {"type": "number", **self.bounds()}

    def bounds(self) -> dict[str, Any]:
        rng, made = self.rng, dict[str, Any]()
        if self.some():
            made[rng.choice(["minimum", "minimum", "exclusiveMinimum"])] = rng.choice(NUMBERS)
        if self.some():
            made[rng.choice(["maximum", "maximum", "exclusiveMaximum"])] = rng.choice(NUMBERS)
        if self.rare(0.1):
            made["multipleOf"] = rng.choice([1, 2, 3, 0.5, 4])
        low = made.get("minimum", made.get("exclusiveMinimum", -9))
        for keyword in ("maximum", "exclusiveMaximum"):
            if keyword in made and made[keyword] <= low and self.some(0.8):
                made[keyword] = low + rng.choice([1, 2])
        return made

    def text(self, depth: int) -> Any:
        rng, made = self.rng, dict[str, Any](type="string")
        if self.some(0.3):
            made["minLength"] = rng.randrange(4)
        if self.some(0.3):
            made["maxLength"] = (
                rng.randrange(5) if self.some(0.1) else made.get("minLength", 0) + rng.randrange(3)
            )
        if self.rare(0.2):
            made["pattern"] = rng.choice(PATTERNS)
        if self.some(0.1):
            made["format"] = rng.choice(FORMATS)
        return made

    def value(self) -> Any:
        rng = self.rng
        return rng.choice([
            rng.choice(TEXTS), rng.choice(TEXTS), rng.choice(NUMBERS), None, True, False, 1, 0,
            [], {}, [rng.choice(NUMBERS)], {rng.choice(NAMES): rng.choice(TEXTS)},
        ])  # fmt: skip

    def values(self, depth: int) -> Any:
        rng = self.rng
        if self.some(0.3):
            return {"const": self.value()}
        if self.some(0.6):
            return {"type": "string", "enum": rng.sample(TEXTS, rng.randint(1, 4))}
        return {"enum": different([self.value() for _ in range(rng.randint(1, 4))])}

    def kinds(self, depth: int) -> Any:
        kinds = ["null", "boolean", "integer", "number", "string", "array", "object"]
        return {"type": self.rng.sample(kinds, self.rng.randint(1, 3))}

    def simple(self, depth: int) -> Any:
        return self.rng.choice([{"type": "boolean"}, {"type": "null"}, True, {}, {}, False])

    def object(self, depth: int) -> Any:
        rng, made = self.rng, dict[str, Any](type="object")
        names = rng.sample(NAMES, rng.choice([0, 1, 1, 2, 2, 3]))
        if names:
            made["properties"] = {name: self.schema(depth - 1) for name in names}
        required = [name for name in names if self.some(0.5)] + (
            [rng.choice(NAMES)] if self.some(0.05) else []
        )
        if required:
            made["required"] = list(dict.fromkeys(required))
        if self.some(self.closed):
            made["additionalProperties"] = False
        elif self.rare(0.15):
            made["additionalProperties"] = self.schema(depth - 1)
        for chance, keyword, make in (
            (0.08, "patternProperties", lambda: {rng.choice(NAME_PATTERNS): self.schema(depth - 1)}),
            (0.05, "propertyNames", self.names),
            (0.06, "minProperties", lambda: rng.randrange(4)),
            (0.06, "maxProperties", lambda: rng.randrange(4)),
        ):
            if self.rare(chance):
                made[keyword] = make()
        if self.rare(0.06):
            made["dependencies" if self.draft_7 else "dependentRequired"] = {
                rng.choice(NAMES): [rng.choice(NAMES)]
            }
        return made

    def names(self) -> Any:
        rng = self.rng
        return rng.choice(
            [{"enum": rng.sample(NAMES, 2)}, {"pattern": rng.choice(NAME_PATTERNS)}, {"maxLength": 1}]
        )

    def array(self, depth: int) -> Any:
        rng, made = self.rng, dict[str, Any](type="array")
        if self.some(0.8):
            made["items"] = self.schema(depth - 1)
        if self.rare(0.2):
            positions = [self.schema(depth - 1) for _ in range(rng.randint(1, 2))]
            rest = made.pop("items", None)
            if rest is not None:
                made["additionalItems" if self.draft_7 else "items"] = False if self.some() else rest
            made["items" if self.draft_7 else "prefixItems"] = positions
        for chance, keyword in ((0.25, "minItems"), (0.25, "maxItems")):
            if self.some(chance):
                made[keyword] = rng.randrange(3) + (made.get("minItems", 0) if self.some(0.9) else 0)
        if self.rare(0.08):
            made["contains"] = self.schema(depth - 1)
            if not self.draft_7 and self.rare(0.3):
                made[rng.choice(["minContains", "maxContains"])] = rng.randrange(3)
        if self.rare(0.08):
            made["uniqueItems"] = True
        return made

    def combination(self, depth: int) -> Any:
        rng = self.rng

        def part() -> Any:
            return self.schema(depth - 1, inside=False)

        match rng.choice(["anyOf", "anyOf", "anyOf", "oneOf", "oneOf", "allOf", "not", "if", "kinds"]):
            case "not":
                return {"not": part()}
            case "if":
                made = {"if": part(), "then": part(), "else": part()}
                if self.some():
                    made.pop(rng.choice(["then", "else"]))
                return made
            case "kinds":
                return {
                    "oneOf": [self.kind(name, depth) for name in rng.sample(TEXTS[1:], rng.randint(2, 3))]
                }
            case keyword:
                return {keyword: [part() for _ in range(rng.randint(2, 3))]}

    def kind(self, name: str, depth: int) -> Any:
        """Return one kind of a tagged union."""
        made = self.object(depth - 1)
        made["properties"] = {**made.get("properties", {}), "a": {"const": name}}
        made["required"] = list(dict.fromkeys([*made.get("required", ()), "a"]))
        return made


def different(values: list[Any]) -> list[Any]:
    """Drop what is there already: 1 is 1.0, but not true."""
    kept: list[Any] = []
    for value in values:
        if not any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in kept):
            kept.append(value)
    return kept
