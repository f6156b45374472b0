"""Pairs of schemas with known answers: no missed break, no false break, and how often nobody knows."""

import zlib
from collections import Counter

import pytest

from tests.interfaces.answers import Answer, asked
from tests.interfaces.corpus import Question, answered, questions
from tests.interfaces.instances import Bounds, instances
from tests.interfaces.oracle import accepts, in_one_only, well_formed
from tests.interfaces.results import recorded

_ALL = [pytest.param(question, id=question.id) for question in questions()]
_SOME = Bounds(wanted=25, tries=60, seconds=1)


def test_there_are_more_than_300_pairs_and_each_has_a_name_of_its_own() -> None:
    names = [question.id for question in questions()]

    assert len(names) == len(set(names))
    assert len(names) >= 2 * 300


@pytest.mark.parametrize("question", _ALL)
def test_the_known_answer_holds_by_an_independent_library(question: Question) -> None:
    assert well_formed(question.inner)
    assert well_formed(question.outer)
    if question.answer is None:
        assert in_one_only(question.witness, question.inner, question.outer)
    else:
        seed = zlib.crc32(question.id.encode())
        for value in instances(question.inner, question.outer, _SOME, seed):
            assert accepts(question.outer, value), f"{value!r} is against: {question.answer}"


@pytest.mark.parametrize("question", _ALL)
def test_no_break_is_missed_and_none_is_made_up(question: Question) -> None:
    answer = answered(question)
    wrong = Answer.COMPATIBLE if question.answer is None else Answer.BROKEN

    assert not answer.untrue, f"only the inner schema should accept {answer.untrue}"
    assert answer.answer is not wrong, f"known: {question.answer or question.witness}; said: {answer}"


def test_a_decimal_is_a_multiple_of_a_decimal_step() -> None:
    """One of the two libraries divides in binary and says no."""
    whole = asked({"const": 0.3}, {"multipleOf": 0.1})

    assert not whole.untrue, f"{whole.untrue} is three times 0.1"
    assert whole.answer is not Answer.BROKEN
    assert not asked({"type": "number"}, {"type": "number", "multipleOf": 0.1}).untrue
    assert asked({"const": 0.35}, {"multipleOf": 0.1}).answer is Answer.BROKEN


def test_no_theme_has_more_that_nobody_knows_than_was_recorded() -> None:
    unknown = Counter(q.theme for q in questions() if answered(q).answer is Answer.INCONCLUSIVE)
    known = recorded()

    assert known.keys() == {question.theme for question in questions()}, "make campaign writes the table anew"
    assert {theme: count for theme, count in unknown.items() if count > known[theme]} == {}
