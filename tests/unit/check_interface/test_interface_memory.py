"""Goals that come up within themselves, and what is built on them."""

from ci_steps.steps.check_interface.deciding.answers import NEVER, Found, Goal
from ci_steps.steps.check_interface.deciding.memory import Memory
from ci_steps.steps.check_interface.forms.form import Always, Signed
from ci_steps.steps.check_interface.subset import compared


def goal() -> Goal:
    signed: Signed = (Always(True), True)
    return frozenset({signed})


def test_a_goal_within_itself_is_assumed_to_be_never() -> None:
    memory, outer = Memory(), goal()

    with memory.working_on(outer) as work:
        assert memory.recall(outer) is NEVER
        work.answer = NEVER

    assert memory.recall(outer) is NEVER


def test_what_rests_on_an_assumption_that_proves_wrong_is_forgotten() -> None:
    memory, outer, inner = Memory(), goal(), goal()

    with memory.working_on(outer) as work:
        with memory.working_on(inner) as nested:
            memory.recall(outer)
            nested.answer = NEVER
        assert memory.recall(inner) is NEVER
        work.answer = Found(1)

    assert memory.recall(inner) is None
    assert memory.recall(outer) == Found(1)


def test_what_rests_on_an_assumption_counts_once_that_is_proven() -> None:
    memory, outer, inner = Memory(), goal(), goal()

    with memory.working_on(outer) as work:
        with memory.working_on(inner) as nested:
            memory.recall(outer)
            nested.answer = NEVER
        work.answer = NEVER

    assert memory.recall(inner) is NEVER


def test_what_rests_on_no_assumption_counts_whatever_becomes_of_the_rest() -> None:
    memory, outer, inner = Memory(), goal(), goal()

    with memory.working_on(outer) as work:
        with memory.working_on(inner) as nested:
            nested.answer = NEVER
        work.answer = Found(1)

    assert memory.recall(inner) is NEVER


def test_what_rests_on_something_provisional_is_provisional_itself() -> None:
    memory, outermost, first, second = Memory(), goal(), goal(), goal()

    with memory.working_on(outermost) as work:
        with memory.working_on(first) as nested:
            memory.recall(outermost)
            nested.answer = NEVER
        with memory.working_on(second) as nested:
            memory.recall(first)
            nested.answer = NEVER
        work.answer = Found(1)

    assert memory.recall(second) is None


def test_what_is_asked_aside_rests_on_nothing_that_is_assumed() -> None:
    memory, outer = Memory(), goal()

    with memory.working_on(outer) as work:
        with memory.aside():
            assert memory.recall(outer) is None
        assert memory.recall(outer) is NEVER
        work.answer = NEVER


def test_two_lists_that_call_each_other_are_a_list() -> None:
    one = {"type": ["object", "null"], "properties": {"next": {"$ref": "#/$defs/two"}}}
    two = {"type": ["object", "null"], "properties": {"next": {"$ref": "#/$defs/one"}}}
    inner = {"$ref": "#/$defs/one", "$defs": {"one": one, "two": two}}
    assert not compared(
        inner, {"type": ["object", "null"], "properties": {"next": {"$ref": "#"}}}
    ).differences


def test_a_value_that_would_have_to_hold_itself_is_no_value() -> None:
    endless = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}

    assert not compared(endless, False).differences
