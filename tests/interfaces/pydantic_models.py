"""Models as people write them for their interfaces."""

from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict


def model(
    _name: str = "Request", _extra: Literal["allow", "ignore", "forbid"] = "ignore", **fields: Any
) -> Any:
    """Return a model; a field is its type, or its type and its default."""
    namespace: dict[str, Any] = {
        "__annotations__": {
            name: field[0] if isinstance(field, tuple) else field for name, field in fields.items()
        },
        "__module__": __name__,
        "model_config": ConfigDict(extra=_extra),
        **{name: field[1] for name, field in fields.items() if isinstance(field, tuple)},
    }
    return type(_name, (BaseModel,), namespace)


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


class FloatTree(BaseModel):
    value: float
    children: list["FloatTree"] = []


class Linked(BaseModel):
    value: int
    next: "Linked | None" = None


class Chained(BaseModel):
    value: int
    next: "Chained | None"


class Folder(BaseModel):
    name: str
    entries: list["Folder | File"]


class File(BaseModel):
    name: str
    size: Annotated[int, Field(ge=0)]


class Directory(BaseModel):
    name: str
    entries: list["Directory | Document"]


class Document(BaseModel):
    name: str
    size: int


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Cow(BaseModel):
    kind: Literal["cow"]


class Untold(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: float
    y: float


class Options(TypedDict, total=False):
    temperature: float


class NeededOptions(TypedDict):
    temperature: float


class ByAlias(BaseModel):
    text: str = Field(alias="Text")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str


class OpenTree(BaseModel):
    model_config = ConfigDict(extra="forbid")
    label: str
    left: "OpenTree | None" = None
    right: "OpenTree | None" = None


class Ternary(BaseModel):
    model_config = ConfigDict(extra="forbid")
    label: str
    left: "Ternary | None" = None
    middle: "Ternary | None" = None
    right: "Ternary | None" = None
