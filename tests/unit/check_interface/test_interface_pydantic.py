"""Schemas as Pydantic v2 writes them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, conint, constr, create_model

from ci_steps.steps.check_interface.subset import Break, compared


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Cat(Closed):
    kind: Literal["cat"]
    lives: int = Field(ge=0, le=9)


class Dog(Closed):
    kind: Literal["dog", "puppy"]
    tricks: list[str] = []


class Bird(Closed):
    kind: Literal["bird"]


class Tree(Closed):
    value: float
    below: list[Tree] = []
    beside: Tree | None = None


class Branch(Closed):
    """The same as a tree, under another name and in another order."""

    beside: Branch | None = None
    below: list[Branch] = []
    value: float


class Twig(Closed):
    value: int
    below: list[Twig] = []
    beside: Twig | None = None


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class More(Enum):
    BLUE = "blue"
    RED = "red"
    GREEN = "green"


def model(name: str = "Request", **fields: Any) -> Any:
    made: Any = create_model(name, __base__=Closed, **fields)
    return made.model_json_schema()


def of(annotation: Any) -> Any:
    return model(x=(annotation, ...))


_AB = Annotated[str, Field(pattern="^ab")]
_TWO: Any = Annotated[Cat | Dog, Field(discriminator="kind")]
_THREE: Any = Annotated[Bird | Dog | Cat, Field(discriminator="kind")]

_WIDER = {
    "optional": (of(int), of(int | None)),
    "a union": (of(int | str), of(str | bool | int)),
    "whole and other numbers": (of(int), of(float)),
    "bounds": (of(conint(ge=1, lt=10)), of(conint(gt=-1, le=10))),
    "lengths and a pattern": (
        of(constr(min_length=2, max_length=5, pattern="^[a-z]+$")),
        of(constr(max_length=9, pattern="^[a-zA-Z]*$")),
    ),
    "a choice": (of(Literal["a", "b"]), of(Literal["b", "c", "a"])),
    "an enumeration": (of(Colour), of(More)),
    "a choice and text": (of(Colour), of(str)),
    "a list": (of(list[int]), of(list[float | None])),
    "a tuple and a list": (of(tuple[int, str]), of(list[int | str])),
    "a tuple and a wider one": (of(tuple[int, str]), of(tuple[float, str | None])),
    "a set and a list": (of(set[int]), of(list[int])),
    "a dictionary": (of(dict[str, int]), of(dict[str, float])),
    "a dictionary by pattern": (of(dict[_AB, int]), of(dict[_AB, float])),
    "a discriminated union that grew": (of(_TWO), of(_THREE)),
    "discriminated or not": (of(_TWO), of(Cat | Dog)),
    "not discriminated, which is the same": (of(Cat | Dog), of(_TWO)),
    "one of a union": (of(Cat), of(_TWO)),
    "a tree under another name": (Tree.model_json_schema(), Branch.model_json_schema()),
    "a tree of whole numbers": (Twig.model_json_schema(), Tree.model_json_schema()),
    "a tree, inside": (of(list[Twig]), of(list[Branch | None])),
    "a property more, which may be missing": (model(a=(int, ...)), model(a=(int, ...), b=(str | None, None))),
    "a property that may be missing": (model(a=(int, ...)), model(a=(int, 3))),
    "times and other formats": (of(datetime), of(str)),
    "anything": (of(Decimal | UUID | date), of(Any)),
}


@pytest.mark.parametrize(("inner", "outer"), [*_WIDER.values()], ids=[*_WIDER])
def test_what_a_wider_model_takes_is_compatible(inner: Any, outer: Any) -> None:
    assert compared(inner, outer).differences == ()


_SAME = {"not discriminated, which is the same", "discriminated or not", "a tree under another name"}
_NARROWER = {name: pair for name, pair in _WIDER.items() if name not in {*_SAME, "times and other formats"}}


@pytest.mark.parametrize(("outer", "inner"), [*_NARROWER.values()], ids=[*_NARROWER])
def test_what_a_narrower_model_does_not_take_is_a_break(inner: Any, outer: Any) -> None:
    found = compared(inner, outer).differences

    assert found
    assert all(isinstance(each, Break) for each in found)


def test_a_pydantic_break_is_one_that_pydantic_makes() -> None:
    before = create_model("Before", pet=(_TWO, ...), __base__=Closed)
    fewer: Any = Annotated[Cat | Bird, Field(discriminator="kind")]
    after = create_model("After", pet=(fewer, ...), __base__=Closed)

    [broken] = compared(before.model_json_schema(), after.model_json_schema()).differences

    assert isinstance(broken, Break)
    before.model_validate(broken.value)
    with pytest.raises(ValueError, match="kind"):
        after.model_validate(broken.value)
