"""Rate and time left of what takes its time."""

import pytest

from ci_steps.cli.screen import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_second_tells_no_rate(clock: Clock) -> None:
    pace = Pace(clock)

    assert pace.told(0, 10_000_000, "bytes") == "0.0 kB of 10.0 MB"
    clock.now += 0.9
    assert pace.told(9, 10_000_000, "bytes") == "0.0 kB of 10.0 MB"


@pytest.mark.parametrize(
    ("seconds", "done", "told"),
    [
        (2, 200_000_000, "200.0 MB of 1,000.0 MB, 100.0 MB/s, 8 s left"),
        (10, 10_000_000, "10.0 MB of 1,000.0 MB, 1.0 MB/s, 16 min 30 s left"),
        (100, 10_000_000, "10.0 MB of 1,000.0 MB, 100.0 kB/s, 2 h 45 min left"),
        (4, 1_000_000_000, "1,000.0 MB of 1,000.0 MB, 250.0 MB/s"),
    ],
)
def test_rate_and_time_left_are_those_so_far(clock: Clock, seconds: int, done: int, told: str) -> None:
    pace = Pace(clock)
    pace.told(0, 1_000_000_000, "bytes")
    clock.now += seconds

    assert pace.told(done, 1_000_000_000, "bytes") == told


def test_what_was_there_before_is_no_part_of_the_rate(clock: Clock) -> None:
    pace = Pace(clock)
    pace.told(500, 1000, "rows")
    clock.now += 10

    assert pace.told(600, 1000, "rows") == "600 of 1,000 rows, 10 rows/s, 40 s left"


def test_what_stands_still_has_no_time_left(clock: Clock) -> None:
    pace = Pace(clock)
    pace.told(500, 1000, "rows")
    clock.now += 10

    assert pace.told(500, 1000, "rows") == "500 of 1,000 rows"


def test_something_else_begins_anew(clock: Clock) -> None:
    pace = Pace(clock)
    pace.told(900, 1000, "rows")
    clock.now += 10
    pace.told(0, 1000, "rows")
    clock.now += 2

    assert pace.told(10, 1000, "rows") == "10 of 1,000 rows, 5 rows/s, 3 min 18 s left"
