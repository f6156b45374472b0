"""Pairs of interfaces as Pydantic writes them, with known answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter, conint, constr

from tests.interfaces.pydantic_models import (
    ByAlias,
    Cat,
    Chained,
    Colour,
    Cow,
    Directory,
    Dog,
    FloatTree,
    Folder,
    Level,
    Linked,
    NeededOptions,
    OpenTree,
    Options,
    Point,
    Strict,
    Ternary,
    Tree,
    Untold,
    model,
)


class Because(str):
    """Why everything that one side accepts is accepted by the other."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Pair:
    name: str
    a: Any
    b: Any
    forward: Any
    """Why b accepts all of a, or a witness that it does not."""
    back: Any

    def schemas(self) -> tuple[Any, Any]:
        return TypeAdapter(self.a).json_schema(), TypeAdapter(self.b).json_schema()


_INTEGERS = Because("every integer is a number")
_FORMAT = Because("a format is not enforced")
_LESS = Because("one condition less")
_ORDER = Because("the order says nothing")
_TWO = Because("two of three")
_WIDER = Because("wider")
_NUMBERS = Because("two numbers")
_SAME = Because("the same")
_DEEP = Because("every integer is a number, at every depth")
_TITLES = Because("titles")
_UNKNOWN = Because("both take unknown fields")
_DEFAULT = Because("a default says nothing")
_ONE = Because("one of two")
_Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
_AnyPet = Annotated[Cat | Dog | Cow, Field(discriminator="kind")]
_text = model(text=str)
_closed = model(_extra="forbid", text=str)

PAIRS = (
    Pair("another name of the class", _text, model("Query", text=str), _TITLES, _TITLES),
    Pair(
        "an optional field more, open",
        _text,
        model(text=str, lang=(str | None, None)),
        {"text": "a", "lang": 1},
        _LESS,
    ),
    Pair(
        "an optional field more, closed",
        _closed,
        model(_extra="forbid", text=str, lang=(str | None, None)),
        Because("lang may be left out"),
        {"text": "a", "lang": "en"},
    ),
    Pair("a required field more", _text, model(text=str, lang=str), {"text": "a"}, _LESS),
    Pair(
        "a required field more, closed",
        _closed,
        model(_extra="forbid", text=str, lang=str),
        {"text": "a"},
        {"text": "a", "lang": "en"},
    ),
    Pair("a field closed", _text, _closed, {"text": "a", "x": 1}, _LESS),
    Pair("extra allow is extra ignore", _text, model(_extra="allow", text=str), _UNKNOWN, _UNKNOWN),
    Pair("a default makes it optional", _text, model(text=(str, "")), Because("it may be left out"), {}),
    Pair("a default of another value", model(n=(int, 3)), model(n=(int, 4)), _DEFAULT, _DEFAULT),
    Pair("a field may be null", _text, model(text=str | None), Because("null is one more"), {"text": None}),
    Pair(
        "Optional or a union with None",
        model(x=(int | None, None)),
        model(x=(None | int, None)),
        _ORDER,
        _ORDER,
    ),
    Pair(
        "a literal grown",
        model(label=Literal["a", "b"]),
        model(label=Literal["a", "b", "c"]),
        _TWO,
        {"label": "c"},
    ),
    Pair("a literal of one", model(label=Literal["a"]), model(label=Literal["a", "b"]), _ONE, {"label": "b"}),
    Pair(
        "a literal, a text",
        model(label=Literal["a", "b"]),
        model(label=str),
        Because("both are texts"),
        {"label": "c"},
    ),
    Pair(
        "an enum, a literal",
        model(c=Colour),
        model(c=Literal["green", "red"]),
        Because("the same values"),
        Because("the same values"),
    ),
    Pair(
        "an integer enum, a range",
        model(l=Level),
        model(l=Annotated[int, Field(ge=1, le=2)]),
        Because("1 and 2"),
        Because("1 and 2"),
    ),
    Pair("int became float", model(x=int), model(x=float), _INTEGERS, {"x": 0.5}),
    Pair("a union widened", model(x=int | str), model(x=int | str | bool), _TWO, {"x": True}),
    Pair(
        "a union of int and float",
        model(x=int | float),
        model(x=float),
        Because("integers are numbers"),
        Because("float is one of them"),
    ),
    Pair("the order of a union", model(x=list[int] | str), model(x=str | list[int]), _ORDER, _ORDER),
    Pair("a text, a text or a list", model(x=str), model(x=str | list[str]), _ONE, {"x": ["a"]}),
    Pair(
        "a discriminated union grown",
        model(pet=_Pet),
        model(pet=_AnyPet),
        Because("two kinds of three"),
        {"pet": {"kind": "cow"}},
    ),
    Pair(
        "a discriminated union, a plain one",
        model(pet=_Pet),
        model(pet=Cat | Dog),
        Because("exactly one is one"),
        Because("kind is required, so never both"),
    ),
    Pair(
        "one of the kinds",
        model(pet=Dog),
        model(pet=_Pet),
        Because("a dog is a pet"),
        {"pet": {"kind": "cat"}},
    ),
    Pair("the kind may be left out", Dog, Untold, _LESS, {"name": "Rex"}),
    Pair("a recursive model", Tree, FloatTree, _DEEP, {"value": 0.5}),
    Pair(
        "a recursive model in a field",
        model(tree=Tree),
        model(tree=FloatTree),
        _DEEP,
        {"tree": {"value": 0.5}},
    ),
    Pair(
        "a linked list whose end is written", Chained, Linked, Because("next may be left out"), {"value": 1}
    ),
    Pair(
        "two models that need each other",
        Folder,
        Directory,
        Because("a size from 0 is a size"),
        {"name": "d", "entries": [{"name": "f", "size": -1}]},
    ),
    Pair(
        "a binary and a ternary tree",
        OpenTree,
        Ternary,
        Because("the middle may be left out"),
        {"label": "x", "middle": {"label": "y"}},
    ),
    Pair("a list of models", list[Tree], list[FloatTree], _INTEGERS, [{"value": 0.5}]),
    Pair("conint widened", model(n=conint(ge=0, le=10)), model(n=conint(ge=0, le=20)), _WIDER, {"n": 11}),
    Pair(
        "conint above 0, from 1",
        model(n=conint(gt=0)),
        model(n=conint(ge=1)),
        Because("integers"),
        Because("integers"),
    ),
    Pair(
        "a multiple",
        model(n=conint(multiple_of=4)),
        model(n=conint(multiple_of=2)),
        Because("4 is 2 times 2"),
        {"n": 2},
    ),
    Pair(
        "constr lengthened",
        model(s=constr(max_length=5)),
        model(s=constr(max_length=6)),
        _WIDER,
        {"s": "abcdef"},
    ),
    Pair("constr not empty", model(s=str), model(s=constr(min_length=1)), {"s": ""}, _LESS),
    Pair("constr with a pattern", model(s=constr(pattern="^[a-z]+$")), model(s=str), _LESS, {"s": ""}),
    Pair(
        "a probability",
        model(p=Annotated[float, Field(ge=0, le=1)]),
        model(p=Annotated[float, Field(gt=0, lt=1)]),
        {"p": 0},
        Because("the borders less"),
    ),
    Pair("a moment as a text", model(at=datetime), model(at=str), _FORMAT, _FORMAT),
    Pair("a moment, a day", model(at=datetime), model(at=date), _FORMAT, _FORMAT),
    Pair("a uuid, null", model(id=UUID), model(id=UUID | None), _ONE, {"id": None}),
    Pair("decimal", model(x=float), model(x=Decimal), Because("a number is one alternative"), {"x": "1"}),
    Pair("bytes", model(x=bytes), model(x=str), _FORMAT, _FORMAT),
    Pair(
        "a list's length",
        model(v=Annotated[list[float], Field(min_length=3, max_length=3)]),
        model(v=list[float]),
        _LESS,
        {"v": []},
    ),
    Pair("a tuple, a list", model(v=tuple[float, float]), model(v=list[float]), _NUMBERS, {"v": []}),
    Pair(
        "a tuple, a list of two",
        tuple[int, int],
        Annotated[list[int], Field(min_length=2, max_length=2)],
        Because("two integers"),
        Because("two integers"),
    ),
    Pair("a named tuple, a tuple", Point, tuple[float, float], _NUMBERS, _NUMBERS),
    Pair("a set, a list", model(v=set[int]), model(v=list[int]), _LESS, {"v": [1, 1]}),
    Pair("a map of integers, of numbers", dict[str, int], dict[str, float], _INTEGERS, {"x": 0.5}),
    Pair(
        "a map of anything", dict[str, Any], Mapping[str, Any], Because("any object"), Because("any object")
    ),
    Pair(
        "a map, a model",
        model(x=(int, 0)),
        dict[str, int],
        {"y": "a"},
        Because("x is an integer, the rest free"),
    ),
    Pair("optional keys needed", Options, NeededOptions, {}, _LESS),
    Pair("an alias", ByAlias, _text, {"Text": "a"}, {"text": "a"}),
    Pair("a class or a model made by hand", Strict, _closed, _SAME, _SAME),
    Pair("any value", model(x=Any), model(x=int), {"x": "a"}, _LESS),
    Pair("none", None, str | None, Because("null is one of two"), "a"),
    Pair(
        "nested optional models",
        model(a=(model("In", n=int) | None, None)),
        model(a=(model("Un", n=float) | None, None)),
        _INTEGERS,
        {"a": {"n": 0.5}},
    ),
    Pair(
        "a literal of mixed types",
        model(x=Literal["a", 1]),
        model(x=Literal["a", 1, True]),
        _TWO,
        {"x": True},
    ),
    Pair(
        "a row",
        model(age=int, income=float, city=str, married=bool, segment=Literal["A", "B"]),
        model(age=int, income=float | None, city=str, married=bool, segment=Literal["A", "B", "C"]),
        Because("each column is the same or wider"),
        {"age": 1, "income": None, "city": "x", "married": True, "segment": "A"},
    ),
)
