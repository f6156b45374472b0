"""Random pairs of schemas: no value that generation finds contradicts an answer."""

import os
from typing import Any

import pytest

from ci_steps.steps.check_interface.subset import Break, Comparison
from tests.interfaces.answers import Answer
from tests.interfaces.campaign import Trial, trial, trials
from tests.interfaces.corpus import answered, questions
from tests.interfaces.instances import Bounds, instances
from tests.interfaces.oracle import in_one_only
from tests.interfaces.random_pairs import ALTERED, SAME, WAYS, random_pair
from tests.interfaces.results import PAGE, Asked, by_way, page
from tests.interfaces.shrink import shrunk
from tests.interfaces.small_values import tried_all

FULL = os.environ.get("CI_STEPS_CAMPAIGN") == "full"
PAIRS = int(os.environ.get("CI_STEPS_PAIRS", "5000")) if FULL else 150
_BOUNDS = Bounds(wanted=60, tries=250, seconds=2) if FULL else Bounds(wanted=20, tries=60, seconds=0.5)


@pytest.mark.campaign
@pytest.mark.timeout(5400 if FULL else 120)
def test_no_value_that_is_generated_contradicts_an_answer() -> None:
    tried = list(trials(range(PAIRS), _BOUNDS))

    if FULL:
        known = [Asked(question, answered(question)) for question in questions()]
        PAGE.write_text(page(known, tried), encoding="utf-8")
    contradictions = [trial.contradiction for trial in tried if trial.contradiction]
    assert not contradictions, "\n".join(contradictions)
    assert {trial.way for trial in tried} == set(WAYS), by_way(tried)
    assert _share(tried, Answer.COMPATIBLE) > 0.1, by_way(tried)
    assert _share(tried, Answer.BROKEN) > 0.1, by_way(tried)


def test_the_generation_finds_what_is_known_to_be_broken() -> None:
    broken = [question for question in questions() if question.answer is None]
    bounds = Bounds(wanted=50, tries=120, seconds=1)

    found = [
        any(
            in_one_only(value, question.inner, question.outer)
            for value in instances(question.inner, question.outer, bounds, 7)
        )
        for question in broken
    ]

    assert sum(found) >= 0.95 * len(broken)


def test_a_pair_comes_back_by_its_number() -> None:
    assert [random_pair(number) for number in range(20)] == [random_pair(number) for number in range(20)]


def test_what_is_said_otherwise_accepts_the_same() -> None:
    pairs = [pair for pair in map(random_pair, range(150)) if pair.way == SAME]

    for pair in pairs:
        for inner, outer in ((pair.inner, pair.outer), (pair.outer, pair.inner)):
            for value in instances(inner, outer, _BOUNDS, pair.number):
                assert not in_one_only(value, inner, outer), (pair, value)


def test_all_small_values_find_what_differs_in_a_corner() -> None:
    pair = {"type": "array", "items": {"enum": ["a", 1]}}

    accepted, only = tried_all(pair, {**pair, "maxItems": 2})

    assert accepted > 10
    assert len(only[0]) == 3


def test_a_good_share_of_what_is_altered_is_broken_and_of_it_is_not() -> None:
    pairs = [pair for pair in map(random_pair, range(100)) if pair.way == ALTERED]

    broken = sum(
        any(
            in_one_only(value, pair.inner, pair.outer)
            for value in instances(pair.inner, pair.outer, _BOUNDS, 0)
        )
        for pair in pairs
    )

    assert 0.25 * len(pairs) < broken < 0.75 * len(pairs)


def test_a_gate_that_passes_all_is_contradicted() -> None:
    def passes(_inner: Any, _outer: Any) -> Comparison:
        return Comparison(differences=(), equal=())

    found = [trial(random_pair(number), _BOUNDS, passes).contradiction for number in range(10)]

    assert sum("compatible, and only the first accepts" in one for one in found) > 1


def test_a_gate_whose_witness_shows_nothing_is_contradicted() -> None:
    def refuses(_inner: Any, _outer: Any) -> Comparison:
        return Comparison(differences=(Break("", "it is said to reject null", None),), equal=())

    equal = next(pair for pair in map(random_pair, range(150)) if pair.way == SAME)

    assert "a witness that shows nothing: null" in trial(equal, _BOUNDS, refuses).contradiction


def test_a_contradiction_is_shown_by_its_smallest_pair() -> None:
    inner = {
        "type": "object",
        "properties": {"a": {"type": "integer", "title": "T"}, "b": {}},
        "required": ["a"],
    }
    outer = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "null"}}, "title": "T"}

    def still(one: Any, other: Any) -> bool:
        return in_one_only({"a": 1}, one, other)

    assert shrunk(inner, outer, still) == ({}, {"properties": {"a": {"type": "string"}}})


def _share(trials: list[Trial], answer: Answer) -> float:
    return sum(trial.answer is answer for trial in trials) / len(trials)
