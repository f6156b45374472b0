"""Workers on other machines, without one: their keys, what they say, and what is made of what they told."""

import msgspec
import pytest

from ci_steps.errors import InputError
from ci_steps.steps.load_test.records import GeneratorSeen, WorkerSeen
from ci_steps.steps.load_test.remote.crew import Way
from ci_steps.steps.load_test.remote.keys import checked, keys
from ci_steps.steps.load_test.remote.ways import with_ways
from ci_steps.steps.load_test.remote.wire import Kind, Message

SEEN = GeneratorSeen(
    workers=2,
    each=(
        WorkerSeen(name="one", requests=50, cpu=0.1, lag_p99_ms=1),
        WorkerSeen(name="two", requests=50, cpu=0.1, lag_p99_ms=1),
    ),
)


def test_the_same_secret_makes_the_same_keys_and_each_end_has_its_own() -> None:
    conductor, worker = keys("a" * 32, "conductor"), keys("a" * 32, "worker")

    assert conductor == keys("a" * 32, "conductor")
    assert len({conductor, worker, keys("b" * 32, "conductor"), keys("b" * 32, "worker")}) == 4
    assert len(conductor.public) == len(conductor.private) == 40


@pytest.mark.parametrize(("secret", "why"), [("", "is not set"), ("x" * 31, "has 31 characters, and 32")])
def test_a_secret_that_can_be_guessed_is_refused_without_being_told(secret: str, why: str) -> None:
    with pytest.raises(InputError, match=f"CI_STEPS_LOAD_SECRET {why}") as refused:
        checked(secret)

    assert not secret or secret not in f"{refused.value}{refused.value.hint}"
    assert checked("x" * 32) == "x" * 32


@pytest.mark.parametrize(
    "frames",
    [[], [b"data"], [b"data", b"1", b""], [b"shout", b"\0\0\0\1", b""], [b"data", b"\0" * 4, b"", b""]],
)
def test_what_is_no_message_is_none(frames: list[bytes]) -> None:
    assert Message.of(frames) is None


def test_a_message_comes_out_as_it_went_in() -> None:
    message = Message(Kind.DATA, b"\0\xff", 70_000)

    assert Message.of(message.frames) == message


def test_the_way_of_a_worker_that_told_nothing_stays_unknown() -> None:
    way = Way(name="one", ms=tuple(float(n) for n in range(1, 101)), clock_ms=0.25, cpu=0.1)

    one, two = with_ways(SEEN, [way, Way(name="two", ms=(), clock_ms=0, cpu=0)]).each

    assert (one.way_p50_ms, one.way_p99_ms, one.clock_ms) == (50, 99, 0.25)
    assert (two.way_p50_ms, two.way_p99_ms, two.clock_ms) == (None, None, None)
    assert msgspec.structs.replace(two, name="two") == SEEN.each[1]
