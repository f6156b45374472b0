"""The formulas that a schema is made of.

Each is about values of one kind, and values of every other kind keep to it anyway, as JSON schema has it.
"""

from collections.abc import Hashable
from typing import Any, ClassVar, Final, TypeAlias

from msgspec import Struct

KINDS: Final = ("object", "array", "string", "number", "boolean", "null")


class Form(Struct, frozen=True, eq=False):
    """A formula. The same one is the same object, so that one beside its opposite is seen at once."""

    kind: ClassVar[str] = ""
    """The kind of value that it is about; empty: several, or a combination."""


Signed: TypeAlias = tuple[Form, bool]
"""A formula, and whether it or its opposite is to hold."""


class Always(Form, frozen=True, eq=False):
    said: bool


class All(Form, frozen=True, eq=False):
    forms: tuple[Form, ...]


class AnyOf(Form, frozen=True, eq=False):
    forms: tuple[Form, ...]


class OneOf(Form, frozen=True, eq=False):
    forms: tuple[Form, ...]


class Not(Form, frozen=True, eq=False):
    form: Form


class Ref(Form, frozen=True, eq=False):
    """What a definition says, looked up when somebody asks."""

    at: Hashable


class Opaque(Form, frozen=True, eq=False):
    """What a keyword says that nobody here can take apart: it is only ever equal to itself."""

    keyword: str
    text: Hashable


class OfKind(Form, frozen=True, eq=False):
    kinds: frozenset[str]


class Among(Form, frozen=True, eq=False):
    """One of some values."""

    values: tuple[Any, ...]
    keys: frozenset[Hashable]


class From(Form, frozen=True, eq=False):
    """A number that is not under ``number``; ``above``: nor it itself."""

    kind = "number"
    number: float
    above: bool


class To(Form, frozen=True, eq=False):
    """A number that is not over ``number``; ``below``: nor it itself."""

    kind = "number"
    number: float
    below: bool


class Multiple(Form, frozen=True, eq=False):
    kind = "number"
    step: float


class AtLeast(Form, frozen=True, eq=False):
    """A text, an array or an object with so many characters, items or properties."""

    of: str
    count: int

    @property
    def kind(self) -> str:  # type: ignore[override]
        return self.of


class AtMost(Form, frozen=True, eq=False):
    of: str
    count: int

    @property
    def kind(self) -> str:  # type: ignore[override]
        return self.of


class Matches(Form, frozen=True, eq=False):
    kind = "string"
    pattern: str


class Item(Form, frozen=True, eq=False):
    """The item at ``index``, where there is one, keeps to ``form``."""

    kind = "array"
    index: int
    form: Form


class Rest(Form, frozen=True, eq=False):
    """All items from ``start`` on keep to ``form``."""

    kind = "array"
    start: int
    form: Form


class Distinct(Form, frozen=True, eq=False):
    kind = "array"


class Contains(Form, frozen=True, eq=False):
    """At least ``count`` items keep to ``form``."""

    kind = "array"
    form: Form
    count: int


class ContainsAtMost(Form, frozen=True, eq=False):
    kind = "array"
    form: Form
    count: int


class Property(Form, frozen=True, eq=False):
    """The property ``name``, where there is one, keeps to ``form``."""

    kind = "object"
    name: str
    form: Form


class Required(Form, frozen=True, eq=False):
    kind = "object"
    name: str


class Named(Form, frozen=True, eq=False):
    """All properties whose names match ``pattern`` keep to ``form``."""

    kind = "object"
    pattern: str
    form: Form


class Further(Form, frozen=True, eq=False):
    """All properties but those keep to ``form``."""

    kind = "object"
    names: frozenset[str]
    patterns: frozenset[str]
    form: Form


class Names(Form, frozen=True, eq=False):
    """The names of all properties keep to ``form``."""

    kind = "object"
    form: Form


def key(value: Any) -> Hashable:
    """Return the same for the same JSON value, and only then: 1 is 1.0, but true is not 1.

    >>> key([1, {"a": None}]) == key([1.0, {"a": None}]), key(True) == key(1)
    (True, False)
    """
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, list):
        return ("array", *map(key, value))
    if isinstance(value, dict):
        return ("object", frozenset((name, key(child)) for name, child in value.items()))
    return value  # type: ignore[no-any-return]  # a string, a number or None


def kind_of(value: Any) -> str:
    """Return the kind of a JSON value; an integer is a number."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"
