import pytest

from ci_steps.steps.integration_test.differences import at, differences, shown


def found(expected: object, observed: object, tolerance: float = 1e-6) -> list[tuple[str, str, str]]:
    return [(d.pointer, d.expected, d.observed) for d in differences(expected, observed, tolerance)]


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


def test_whole_numbers_have_no_tolerance() -> None:
    assert len(found(10_000_001, 10_000_002)) == 1
    assert len(found(10**400, 1.5)) == 1


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
