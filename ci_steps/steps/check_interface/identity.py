"""When two pieces of schema mean the same because they say the same."""

import re
from collections.abc import Iterator
from typing import Any, Self

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.schemas import (
    DECIDED,
    DEFINITIONS,
    SILENT,
    Schema,
    asserted,
    asserted_by,
    key,
    keywords,
)

_DEFINITION = r"#/(\$defs|definitions)/[^/]+"
_RENAMING = frozenset({"$id", "$anchor", "$dynamicAnchor"})


class Identity(Value, frozen=True):
    """Equal text, apart from annotations; text with references counts only where they lead to equal text."""

    whole: bool
    """Whether the two roots say the same: then so does everything in them."""
    definitions: bool
    """Whether ``#/$defs/x`` leads to the same on both sides."""

    @classmethod
    def of(cls, one: Any, two: Any) -> Self:
        a, b = keywords(one), keywords(two)
        if key(asserted(a)) == key(asserted(b)):
            return cls(whole=True, definitions=True)
        same = all(
            key(asserted_by(word, a.get(word, {}))) == key(asserted_by(word, b.get(word, {})))
            for word in DEFINITIONS
        )
        plain = all(
            re.fullmatch(_DEFINITION, ref) for word in DEFINITIONS for ref in _references(a.get(word, {}))
        )
        renamed = any(_renames(said) for schema in (a, b) for said in schema.values())
        return cls(whole=False, definitions=same and plain and not renamed)

    def holds(self, a: Schema, b: Schema) -> bool:
        """Whether both say the same."""
        return key(asserted(a)) == key(asserted(b)) and self._leads_to_the_same(a)

    def undecided(self, a: Schema, b: Schema) -> list[str]:
        """Return the keywords beyond the decided ones that do not say the same on both sides."""
        words = (a.keys() | b.keys()) - DECIDED - SILENT
        return sorted(word for word in words if not self._same_word(word, a, b))

    def _same_word(self, word: str, a: Schema, b: Schema) -> bool:
        if word not in a or word not in b:
            return False
        equal = key(asserted_by(word, a[word])) == key(asserted_by(word, b[word]))
        return equal and self._leads_to_the_same({word: a[word]})

    def _leads_to_the_same(self, said: Schema) -> bool:
        return self.whole or all(
            self.definitions and re.fullmatch(_DEFINITION, ref) for ref in _references(said)
        )


def _references(said: Any) -> Iterator[str]:
    if isinstance(said, dict):
        for word, inner in said.items():
            if word in {"$ref", "$dynamicRef"} and isinstance(inner, str):
                yield inner
            yield from _references(inner)
    elif isinstance(said, list):
        for inner in said:
            yield from _references(inner)


def _renames(said: Any) -> bool:
    if isinstance(said, dict):
        return not _RENAMING.isdisjoint(said) or any(map(_renames, said.values()))
    return isinstance(said, list) and any(map(_renames, said))
