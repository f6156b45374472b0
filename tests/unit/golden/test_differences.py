from typing import Any

import pytest

from ci_steps.steps.golden.differences import Alike, at, shown
from ci_steps.steps.golden.whole import Whole

SAME = Alike(1e-6)


def found(expected: object, observed: object, alike: Alike = SAME) -> list[tuple[str, str, str]]:
    return [(d.pointer, d.expected, d.observed) for d in alike.differences(expected, observed)]


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "a", [], {}, {"a": [1, {"b": None}]}])
def test_a_value_does_not_differ_from_itself(value: object) -> None:
    assert found(value, value) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [(True, 1), (False, 0), (1, "1"), (None, False), ([], {}), ("", None), (0, None), ([1], 1)],
)
def test_values_of_different_kinds_differ_both_ways(one: object, other: object) -> None:
    assert len(found(one, other)) == 1
    assert len(found(other, one)) == 1


def test_numbers_may_differ_by_the_tolerance_and_no_more() -> None:
    assert found(1.0, 1.0 + 1e-7) == []
    assert found(1, 1.0) == []
    assert len(found(1.0, 1.0 + 1e-5)) == 1
    assert len(found(0.0, 1e-12)) == 1


def test_a_pointer_to_an_item_of_a_number_that_python_reads_no_more_leads_nowhere() -> None:
    far = "9" * 5000

    with pytest.raises(KeyError):
        at([1], f"/{far}")
    assert not Whole({"$ref": f"#/allOf/{far}", "allOf": []}).at(f"/{far}")
    assert not Whole({"prefixItems": [{"type": "integer"}]}).at(f"/{far}")


def test_whole_numbers_have_no_tolerance() -> None:
    assert len(found(10_000_001, 10_000_002)) == 1
    assert len(found(10**400, 1.5)) == 1


def test_numbers_near_nought_may_differ_by_an_absolute_tolerance() -> None:
    assert found(0.0, 1e-12, Alike(1e-6, 1e-9)) == []
    assert len(found(0.0, 1e-8, Alike(1e-6, 1e-9))) == 1


def test_what_the_interface_promises_whole_is_exact_however_it_is_written() -> None:
    whole = Alike(1e-6, 0.5, Whole({"properties": {"n": {"type": "integer"}, "x": {"type": "number"}}}))

    assert found({"n": 1_000_001, "x": 1.0}, {"n": 1_000_001.0, "x": 1.2}, whole) == []
    assert found({"n": 1_000_001}, {"n": 1_000_002.0}, whole) == [("/n", "1000001", "1000002.0")]


def test_how_far_numbers_are_apart_is_told_and_what_is_no_number_is_infinitely_far() -> None:
    [number] = SAME.differences(0.8, 0.4)
    [text] = SAME.differences("a", "b")

    assert number.in_words == "expected 0.8, observed 0.4 (off by 0.4, relative 0.5)"
    assert (number.share, text.share) == (0.5, float("inf"))
    assert text.in_words == 'expected "a", observed "b"'


def test_numbers_past_any_double_are_told_apart_without_an_overflow() -> None:
    [one] = SAME.differences(10**400, 1.5)
    [other] = SAME.differences(10**400, 10**400 + 1)

    assert one.share == other.share == float("inf")


PERSON: dict[str, Any] = {
    "$defs": {
        "Person": {
            "type": "object",
            "properties": {
                "age": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                "height": {"anyOf": [{"type": "integer"}, {"type": "number"}]},
                "friends": {"type": "array", "items": {"$ref": "#/$defs/Person"}},
                "place": {"prefixItems": [{"type": "integer"}], "items": {"type": "number"}},
                "old": {"items": [{"type": "number"}], "additionalItems": {"type": "integer"}},
                "a/b": {"type": ["integer", "null"]},
            },
            "additionalProperties": {"type": "integer"},
        }
    },
    "allOf": [{"$ref": "#/$defs/Person"}, {"$ref": "#"}, True],
}


@pytest.mark.parametrize(
    ("pointer", "whole"),
    [
        ("/age", True),
        ("/height", False),
        ("/friends/3/friends/0/age", True),
        ("/friends/3/height", False),
        ("/place/0", True),
        ("/place/1", False),
        ("/old/0", False),
        ("/old/1", True),
        ("/a~1b", True),
        ("/anything", True),
        ("/age/deeper", False),
        ("", False),
    ],
)
def test_where_an_interface_promises_a_whole_number(pointer: str, *, whole: bool) -> None:
    assert Whole(PERSON).at(pointer) is whole


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"$ref": "#/nowhere"},
        {"$ref": "https://example.org"},
        {"type": 3},
        {"allOf": [{"$ref": "#"}]},
    ],
)
def test_an_interface_that_says_nothing_of_numbers_promises_none_whole(schema: object) -> None:
    assert not Whole(schema).at("")
    assert not Whole(schema).at("/a/0")


def test_text_must_be_equal_to_the_letter() -> None:
    assert found("positive", "Positive") == [("", '"positive"', '"Positive"')]


def test_a_difference_deep_inside_is_pointed_to() -> None:
    assert found({"a/b": [{"c~d": 1}]}, {"a/b": [{"c~d": 2}]}) == [("/a~1b/0/c~0d", "1", "2")]


def test_missing_and_extra_properties_are_differences() -> None:
    assert found({"a": 1, "b": 2}, {"b": 2, "c": 3}) == [("/a", "1", "nothing"), ("/c", "nothing", "3")]


def test_lists_of_other_lengths_differ_as_a_whole() -> None:
    assert found([1, 2], [1]) == [("", "2 items", "1 items")]


def test_long_values_are_cut() -> None:
    assert len(shown("x" * 1000)) == 60


def test_a_pointer_leads_through_objects_and_lists() -> None:
    assert at({"a/b": [10, {"c~d": 7}]}, "/a~1b/1/c~0d") == 7
    assert at(5, "") == 5


@pytest.mark.parametrize("pointer", ["/b", "/a/1", "/a/x", "/a/0/deeper"])
def test_a_pointer_that_leads_nowhere_is_a_key_error(pointer: str) -> None:
    with pytest.raises(KeyError):
        at({"a": [1]}, pointer)
