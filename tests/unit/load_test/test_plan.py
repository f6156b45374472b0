"""What is planned before anything is sent: moments, windows and requests."""

import json
import statistics
from typing import Any

import jsonschema
import pytest

from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.selftest.specimen import INTERFACE
from ci_steps.steps.load_test.arrivals import BASELINE, CANDIDATE, moments, planned
from ci_steps.steps.load_test.instances import different
from ci_steps.steps.load_test.steady import is_steady, window_seconds

STAGE = Stage(rate=100, seconds=100)
NESTED: dict[str, Any] = {
    "$defs": {
        "Leaf": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "next": {"anyOf": [{"$ref": "#/$defs/Leaf"}, {"type": "null"}]},
            },
            "required": ["name", "next"],
        }
    },
    "type": "object",
    "properties": {
        "leaf": {"$ref": "#/$defs/Leaf"},
        "when": {"type": "string", "format": "date-time"},
        "count": {"type": "integer", "minimum": 3, "exclusiveMaximum": 9},
        "ratio": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "step": {"type": "number", "multipleOf": 0.5},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 3},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False},
        "code": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["ABC", "XYZ"]},
    },
    "required": ["leaf", "count", "code"],
    "additionalProperties": False,
}


def test_the_same_model_plans_the_same_moments_and_another_plans_others() -> None:
    one, again, other = (moments(STAGE, "poisson", seed) for seed in ("a", "a", "b"))

    assert one == again != other


def test_poisson_arrivals_have_exponential_gaps() -> None:
    found = moments(STAGE, "poisson", "seed")
    gaps = [after - before for before, after in zip((0.0, *found), found, strict=False)]

    assert len(found) == 10_000
    assert statistics.mean(gaps) == pytest.approx(0.01, rel=0.05)
    assert statistics.stdev(gaps) == pytest.approx(0.01, rel=0.05)
    assert min(gaps) >= 0


def test_without_a_comparison_there_is_one_round_for_each_stage() -> None:
    load = LoadSettings(stages=(Stage(rate=10, seconds=2), Stage(rate=20, seconds=1)))

    rounds = planned(load, "seed", compared=False)

    assert [(one.stage, one.side, len(one.moments)) for one in rounds] == [(0, 0, 20), (1, 0, 20)]


@pytest.mark.parametrize("arrivals", ["constant", "poisson"])
def test_a_comparison_sends_each_block_to_both_sides_abba(arrivals: Any) -> None:
    load = LoadSettings(rate=100, seconds=20, arrivals=arrivals)

    alone, *turns = planned(load, "seed", compared=True)
    sides = [one.side for one in turns]
    ours, live = ([one for one in turns if one.side == side] for side in (CANDIDATE, BASELINE))

    assert not alone.in_turns
    assert len(ours) == len(live) == 20
    assert sides[:8] == [0, 1, 1, 0, 0, 1, 1, 0]
    assert [one.moments for one in ours] == [one.moments for one in live]
    assert sum(len(one.moments) for one in ours) == 2000
    whole = [one.from_s + moment for one in ours for moment in one.moments]
    assert whole == sorted(whole)


@pytest.mark.parametrize(
    ("medians", "steady"), [([5], False), ([9, 9.9], True), ([30, 34], False), ([1, 2], True)]
)
def test_two_windows_agree_within_a_tenth_or_a_millisecond(medians: list[float], steady: bool) -> None:
    assert is_steady(medians) is steady


def test_two_windows_always_fit_into_the_longest_warm_up() -> None:
    for rate in (0.01, 1, 1000):
        assert 2 * window_seconds(rate, 2, 30) <= 30


def test_what_is_made_of_a_schema_is_valid_varied_and_the_same_again() -> None:
    made, again = (list(different(NESTED, "seed", 100)) for _ in range(2))
    validator = jsonschema.Draft202012Validator(NESTED)

    assert made == again
    assert len({json.dumps(value) for value in made}) == 100
    assert all(map(validator.is_valid, made))
    assert {"leaf", "when", "count", "ratio", "step", "tags", "pair", "code"} == set().union(*made)


def test_texts_are_short_and_long_and_not_only_letters() -> None:
    texts = [value["text"] for value in different(INTERFACE["input"], "seed", 100)]

    assert min(map(len, texts)) < 10
    assert max(map(len, texts)) > 60
    assert any(not text.isascii() for text in texts)


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": [1, 2, 3]},
        {"type": "string", "pattern": "^[A-Z]{20}$"},
        {"$ref": "https://example.org/elsewhere"},
        {"$ref": "#/$defs/none"},
        {"$ref": "#"},
        {"type": "object", "properties": {"self": {"$ref": "#"}}, "required": ["self"]},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "string", "pattern": "(["},
        {"not": {}},
    ],
)
def test_what_cannot_be_made_gives_few_and_never_a_wrong_one(schema: dict[str, Any]) -> None:
    assert len(list(different(schema, "seed", 50))) <= 3
