"""What is told of rows that differ, and what is made of what the raw model's program says."""

import msgspec
import pytest

from ci_steps.ports import Finished
from ci_steps.selftest.loopback import LoopbackService
from ci_steps.steps.golden.differences import Alike
from ci_steps.steps.golden.parity import parity
from ci_steps.steps.golden.raw import Raw, raw_answers
from ci_steps.steps.golden.replay import Replayed
from ci_steps.steps.golden.rows import GoldenRow
from ci_steps.steps.golden.service import Answer, NoAnswer, Outcome

ROWS = tuple(
    GoldenRow(f"t{n}", msgspec.Raw(b'{"text": "good"}'), {"label": "a", "score": 0.5}) for n in range(4)
)


def replayed(*outcomes: Outcome) -> list[Replayed]:
    return [Replayed(row, outcome) for row, outcome in zip(ROWS, outcomes, strict=True)]


def test_the_worst_row_is_named_first_and_by_its_worst_place() -> None:
    found = parity(
        replayed(
            Answer({"label": "a", "score": 0.6}),
            Answer({"label": "a", "score": 0.5}),
            Answer({"label": "b", "score": 0.1}),
            Answer({"label": "a", "score": 0.1}),
        ),
        Alike(1e-6),
    )

    assert [wrong.row_id for wrong in found.wrong] == ["t2", "t3", "t0"]
    assert found.in_words == (
        '3 of 4 rows differ: t2 at /label: expected "a", observed "b", and at 1 more;'
        " t3 at /score: expected 0.5, observed 0.1 (off by 0.4, relative 0.8);"
        " t0 at /score: expected 0.5, observed 0.6 (off by 0.1, relative 0.17)"
    )


def test_a_row_without_an_answer_is_as_wrong_as_can_be() -> None:
    same = Answer({"label": "a", "score": 0.5})

    found = parity(
        replayed(same, Answer({"label": "a", "score": 9.0}), NoAnswer("status 500"), same), Alike(0)
    )

    assert found.wrong[0].why == "status 500"


def asked(finished: Finished) -> Raw:
    return raw_answers(LoopbackService(finished=finished), "image", ROWS, memory_mb=None, seconds=1)


ANSWERS = b'{"singly": [%s], "listed": {"answers": [1, 2, 3, 4]}}'


@pytest.mark.parametrize(
    ("finished", "why"),
    [
        (Finished(137), "exit code 137 (killed, as where memory runs out)"),
        (Finished(127, log='exec: "python3": executable file not found\n\n'), "127: exec: "),
        (Finished(-11 % 256), "exit code 245"),
        (Finished(137, b"{}", stopped="it did not end within 9 s"), "it did not end within 9 s"),
        (Finished(0, b'{"singly": ['), "cut off, or are no JSON"),
        (Finished(0, b"\xff"), "cut off, or are no JSON"),
        (Finished(0, b"{}"), "0 of 4 rows"),
        (Finished(0, ANSWERS % b'{"answers": [1]}'), "1 of 4 rows"),
    ],
)
def test_a_program_that_did_not_come_to_its_end_tells_nothing_of_the_model(
    finished: Finished, why: str
) -> None:
    raw = asked(finished)

    assert why in raw.unable
    assert raw.singly == raw.listed == ()


def test_a_model_that_does_not_load_or_fails_at_a_row_is_told_by_its_exception() -> None:
    lost = asked(Finished(0, b'{"failed": "KeyError: 3"}'))
    rows = b'{"answers": [1]}, {"failed": "ValueError: x"}, {"answers": [1, 2]}, {"answers": [null]}'
    failing = asked(Finished(0, ANSWERS % rows))

    assert [r.outcome for r in lost.singly] == [NoAnswer("the model does not load: KeyError: 3")] * 4
    assert [r.outcome for r in failing.singly] == [
        Answer(1),
        NoAnswer("ValueError: x"),
        NoAnswer("2 answers to 1 requests"),
        Answer(None),
    ]
    assert [r.outcome for r in failing.listed] == [Answer(1), Answer(2), Answer(3), Answer(4)]
