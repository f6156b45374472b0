"""Where a break points, and how it is said. That breaks are found at all is shown in tests/interfaces."""

from typing import Any

import pytest

from ci_steps.steps.check_interface.subset import Break, Open, compared

_TEXT: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(
    ("inner", "outer", "pointer", "because"),
    [
        ({"type": ["string", "number"]}, {"type": "string"}, "/type", "only text"),
        ({"type": "number"}, {"type": ["integer", "null"]}, "/type", "only whole numbers or null"),
        ({"type": "number"}, {"minimum": 1}, "/minimum", "no number under 1"),
        ({"type": "number"}, {"exclusiveMaximum": 1}, "/exclusiveMaximum", "no number that is not under 1"),
        ({"type": "integer"}, {"multipleOf": 2}, "/multipleOf", "multiples of 2 only"),
        ({"type": "string"}, {"minLength": 2}, "/minLength", "no text shorter than 2"),
        ({"type": "string"}, {"pattern": "^a"}, "/pattern", 'only text that matches "^a"'),
        ({"type": "string"}, {"enum": ["a", 1]}, "/enum", 'only "a" or 1'),
        ({}, {"enum": []}, "/enum", "nothing here"),
        ({"type": "array"}, {"maxItems": 1}, "/maxItems", "no array with more than 1 items"),
        ({"type": "array"}, {"uniqueItems": True}, "/uniqueItems", "no array with the same item twice"),
        ({"type": "array"}, {"items": {"type": "null"}}, "/items/type", "only null"),
        ({"type": "array"}, {"prefixItems": [True, False]}, "/prefixItems/1", "nothing here"),
        (_TEXT, {"required": ["a"]}, "/required", "no object without 'a'"),
        (
            _TEXT,
            {"additionalProperties": False},
            "/additionalProperties",
            "no property but those that it names",
        ),
        (_TEXT, {"properties": {"a": False}}, "/properties/a", "no property 'a'"),
        (_TEXT, {"properties": {"a": {"maxLength": 1}}}, "/properties/a/maxLength", "no text longer than 1"),
        (_TEXT, {"patternProperties": {"/": {"type": "null"}}}, "/patternProperties/~1/type", "only null"),
        ({}, {"allOf": [True, {"type": "null"}]}, "/allOf/1/type", "only null"),
        (
            {"type": "string"},
            {"$ref": "#/$defs/~0~1", "$defs": {"~/": {"maxLength": 3}}},
            "/$defs/~0~1/maxLength",
            "no text longer than 3",
        ),
        (
            {"type": "array"},
            {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}, {"type": "null"}]},
            "/items/1/type",
            "only null",
        ),
        (
            {"type": "array"},
            {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}], "additionalItems": False},
            "/additionalItems",
            "no item more than it names",
        ),
        (
            {"type": "object"},
            {"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}},
            "/dependencies/a",
            "no object without what is required beside a property of it",
        ),
    ],
)
def test_a_break_points_to_the_keyword_that_rejects_and_says_what_it_lets_through(
    inner: Any, outer: Any, pointer: str, because: str
) -> None:
    [broken] = compared(inner, outer, speaker="the candidate takes").differences

    assert isinstance(broken, Break)
    assert broken.pointer == pointer
    assert broken.because == f"the candidate takes {because}"


def test_every_difference_is_told_of_and_what_holds_is_named() -> None:
    inner = {"type": "object", "properties": {"a": {"type": "number"}, "b": {}}, "required": ["b"]}
    outer = {
        "type": "object",
        "properties": {"a": {"type": "number", "minimum": 1}, "b": {"type": "string"}},
        "required": ["a", "b"],
    }

    found = compared(inner, outer)

    assert [each.pointer for each in found.differences] == [
        "/properties/a/minimum",
        "/properties/b/type",
        "/required",
    ]
    assert set(found.equal) == {"/type", "/properties/a/type", "/required"}


def test_the_smallest_part_that_could_not_be_decided_is_named_with_the_reason() -> None:
    text = {"type": "string"}
    inner = {"type": "object", "properties": {"a": text, "b": text}}
    outer = {"type": "object", "properties": {"a": {**text, "pattern": "(?=a)"}, "b": text}}

    [undecided] = compared(inner, outer).differences

    assert isinstance(undecided, Open)
    assert undecided.pointer == "/properties/a/pattern"
    assert "it looks ahead or behind" in undecided.because


def test_what_is_open_does_not_hide_a_break_beside_it() -> None:
    inner = {"type": ["string", "number"]}
    outer = {"type": "string", "pattern": "(?=a)"}

    found = compared(inner, outer).differences

    assert [(type(each), each.pointer) for each in found] == [(Break, "/type"), (Open, "/pattern")]


def test_a_definition_that_many_properties_refer_to_breaks_once() -> None:
    properties = {name: {"$ref": "#/$defs/n"} for name in "abc"}
    inner = {"type": "object", "properties": properties, "$defs": {"n": {"type": "number"}}}
    outer = {"type": "object", "properties": properties, "$defs": {"n": {"type": "integer"}}}

    assert [each.pointer for each in compared(inner, outer).differences] == ["/$defs/n/type"]


def test_a_witness_looks_like_what_was_really_sent() -> None:
    real = {"text": "good", "tags": [{"name": "a", "weight": 1}]}
    tag = {"type": "object", "properties": {"name": {"type": "string"}, "weight": {"type": "number"}}}
    whole = {"type": "object", "properties": {"text": {"type": "string"}, "tags": {"items": tag}}}
    narrow = {**whole, "properties": {"tags": {"items": {"properties": {"weight": {"maximum": 5}}}}}}

    [broken] = compared(whole, narrow, seen=[real]).differences

    assert isinstance(broken, Break)
    assert broken.value["text"] == "good"
    assert broken.value["tags"][0]["name"] == "a"
    assert broken.value["tags"][0]["weight"] > 5


def test_a_real_value_that_shows_the_break_is_the_witness() -> None:
    real = {"a": "long enough"}

    [broken] = compared(_TEXT, {"properties": {"a": {"maxLength": 3}}}, seen=[{"a": "no"}, real]).differences

    assert isinstance(broken, Break)
    assert broken.value == real
