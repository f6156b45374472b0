"""The comparisons that decide, each by itself: the mutation test turns every one round."""

from ci_steps.model.settings import fewest_requests
from ci_steps.steps.load_test.bounds import ranks_of

MOST_LAG_MS = 10.0
"""A generator that sends later than this (p99) measures itself, unless the limits are wide."""

LAG_OF_LIMIT = 0.1
"""The share of the tightest latency limit that lateness may be: it counts in every latency anyway."""

MOST_CPU = 0.9
"""The share of its core that a process of the generator may use: it has one, and needs some to be in time."""

FEWEST_PAYLOADS = 20

MOST_CLOSED = 0.001
"""The share of connections that may have been idle where they were closed without an answer, or one alone:
an idle one that is closed is seen, but for the moment in which it is used."""


def is_enough(requests: int, name: str) -> bool:
    return requests >= fewest_requests(name)


def is_within(upper: float, limit: float) -> bool:
    """Tell whether a limit is kept, proven."""
    return upper <= limit


def is_beyond(lower: float, limit: float) -> bool:
    """Tell whether a limit is missed, shown."""
    return lower > limit


def keeps_rate(share: float, least: float) -> bool:
    return share >= least


def is_in_time(lag_ms: float, most_ms: float) -> bool:
    return lag_ms <= most_ms


def has_cpu_left(cpu: float) -> bool:
    return cpu <= MOST_CPU


def is_whole(recorded: int, planned: int) -> bool:
    return recorded == planned


def is_varied(different: int) -> bool:
    return different >= FEWEST_PAYLOADS


def closes_seldom(closed: int, n: int) -> bool:
    """Tell whether so few connections were closed without an answer that they may have been idle ones."""
    return closed <= max(1.0, MOST_CLOSED * n)


def fails_seldom(failed: int, n: int, most: float) -> bool:
    """Tell whether failures keep their limit, proven; a limit of none is kept where none was seen."""
    return failed < ranks_of(n, most).lower if most else failed == 0


def fails_often(failed: int, n: int, most: float) -> bool:
    """Tell whether failures miss their limit, shown."""
    return failed >= ranks_of(n, most).upper if most else failed > 0
