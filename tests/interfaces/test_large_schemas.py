"""Schemas as large as interfaces get: an answer in seconds, and not a wrong one."""

from typing import Any

import pytest

from tests.interfaces.answers import Answer, asked

_INTEGER, _NUMBER, _BOOLEAN = {"type": "integer"}, {"type": "number"}, {"type": "boolean"}
_BASE_64 = "^[A-Za-z0-9+/]+={0,2}$"


def row(columns: int, of: Any) -> Any:
    properties = {f"c{at}": of for at in range(columns)}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def vector(length: int, of: Any = _NUMBER) -> Any:
    return {"type": "array", "items": of, "minItems": length, "maxItems": length}


def text(longest: int, **more: Any) -> Any:
    return {"type": "string", "maxLength": longest, **more}


def labels(count: int) -> Any:
    return {"enum": [f"label {at}" for at in range(count)]}


def kinds(count: int, of: Any) -> Any:
    return {
        "oneOf": [
            {"type": "object", "properties": {"kind": {"const": at}, "x": of}, "required": ["kind", "x"]}
            for at in range(count)
        ]
    }


def nested(levels: int, of: Any) -> Any:
    for _ in range(levels):
        of = {"type": "object", "properties": {"x": of}, "required": ["x"]}
    return of


def corners(columns: int, left_out: int) -> Any:
    return {
        "anyOf": [
            {"properties": {f"c{at}": {"const": bool(corner >> at & 1)} for at in range(columns)}}
            for corner in range(2**columns - left_out)
        ]
    }


_PAIRS = {
    "a hundred columns": (row(100, _INTEGER), row(100, _NUMBER)),
    "forty columns that may be null": (
        row(40, {"anyOf": [_INTEGER, {"type": "null"}]}),
        row(40, {"anyOf": [_NUMBER, {"type": "null"}]}),
    ),
    "five thousand labels": (labels(5000), labels(5001)),
    "an embedding of any length": (vector(768), {"type": "array", "items": _NUMBER, "minItems": 1}),
    "an image as a matrix": (vector(64, vector(64)), {"type": "array", "items": {"type": "array"}}),
    "long texts": (text(100_000), text(1_000_000)),
    "images in base64": (text(10**7, pattern=_BASE_64), text(2 * 10**7, pattern=_BASE_64)),
    "thirty kinds": (kinds(30, _INTEGER), kinds(31, _NUMBER)),
    "fifty levels": (nested(50, _INTEGER), nested(50, _NUMBER)),
    "many properties": (
        {"type": "object", "minProperties": 10**6},
        {"type": "object", "minProperties": 9999},
    ),
    "many items": ({"type": "array", "minItems": 10**6}, {"type": "array", "minItems": 9999}),
    "the corners of a cube": (row(6, _BOOLEAN), {**row(6, _BOOLEAN), **corners(6, 0)}),
    "all corners but one": ({**row(6, _BOOLEAN), **corners(6, 1)}, row(6, _BOOLEAN)),
}


@pytest.mark.parametrize("name", _PAIRS)
def test_a_wider_one_is_not_called_broken(name: str) -> None:
    narrow, wide = _PAIRS[name]

    answered = asked(narrow, wide)

    assert answered.answer is not Answer.BROKEN, answered.reasons
    assert answered.seconds < 5


@pytest.mark.parametrize("name", [name for name in _PAIRS if name != "the corners of a cube"])
def test_a_narrower_one_is_not_called_compatible(name: str) -> None:
    narrow, wide = _PAIRS[name]

    answered = asked(wide, narrow)

    assert answered.answer is not Answer.COMPATIBLE
    assert not answered.untrue
    assert answered.seconds < 5


@pytest.mark.parametrize(
    "name", ["a hundred columns", "five thousand labels", "thirty kinds", "fifty levels"]
)
def test_what_is_large_but_simple_is_decided_in_both_directions(name: str) -> None:
    narrow, wide = _PAIRS[name]

    assert asked(narrow, wide).answer is Answer.COMPATIBLE
    assert asked(wide, narrow).answer is Answer.BROKEN
