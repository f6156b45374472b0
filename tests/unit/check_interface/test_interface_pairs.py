"""Schema pairs with known answers, in both directions; a table more is picked up by being there."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ci_steps.steps.check_interface.subset import Break, compared

PAIRS = [
    pytest.param(pair, id=f"{table.stem}: {pair['title']}")
    for table in sorted((Path(__file__).parent / "pairs").glob("*.json"))
    for pair in json.loads(table.read_text(encoding="utf-8"))
]


def test_the_table_is_large_enough() -> None:
    assert len(PAIRS) >= 60


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(("inner", "outer", "answer"), [("a", "b", "a_in_b"), ("b", "a", "b_in_a")])
def test_a_pair_is_decided_as_the_table_says(
    pair: dict[str, Any], inner: str, outer: str, answer: str
) -> None:
    found = compared(pair[inner], pair[outer]).differences

    said = [f"{'break' if isinstance(each, Break) else 'open'} {each.pointer}" for each in found]
    assert sorted(said) == pair[answer]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(("inner", "outer"), [("a", "b"), ("b", "a")])
def test_every_break_has_a_value_that_one_schema_accepts_and_the_other_does_not(
    pair: dict[str, Any], inner: str, outer: str
) -> None:
    breaks = [each for each in compared(pair[inner], pair[outer]).differences if isinstance(each, Break)]

    for each in breaks:
        assert Draft202012Validator(pair[inner]).is_valid(each.value)
        assert not Draft202012Validator(pair[outer]).is_valid(each.value)
