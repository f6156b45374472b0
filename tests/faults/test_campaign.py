"""A fetch through a network that spoils answers is exact, or a clear error, and leaves nothing wrong."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.campaign import End, Ended, Range
from tests.faults.places import PLACES
from tests.faults.plans import SEED, Planned, every, some
from tests.faults.proxy import FaultyProxy
from tests.faults.results import page

RESULTS = Path(__file__).with_name("RESULTS.md")
FULL = os.environ.get("CI_STEPS_CAMPAIGN") == "full"
_QUICK = 25
_LANES = 2 if FULL else 1
"""Proxies before each place, each with one fetch at a time: most of them wait."""


@pytest.fixture(scope="module")
def ranges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Range]]:
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        opened = [open_place(tmp_path_factory.mktemp("place")) for open_place in PLACES]
        # Publishing is done by other programs: side by side it takes as long as the slowest.
        places = list(pool.map(lambda place: place.__enter__(), opened))
        for each in opened:
            stack.push(each.__exit__)
        found = []
        for place in places:
            for _ in range(min(_LANES, place.lanes)):
                proxy = stack.enter_context(FaultyProxy(place.server, place.bytes_, place.port))
                found.append(Range(place, proxy, tmp_path_factory.mktemp("lane")))
        yield list(pool.map(Range.measured, found))


def shared_out(ranges: list[Range]) -> list[Planned]:
    """Plan every fetch once, for one of the lanes of its place."""
    planned = []
    for name in dict.fromkeys(each.place.name for each in ranges):
        lanes = [each for each in ranges if each.place.name == name]
        for at, lane in enumerate(lanes):
            planned += list(every(lane))[at :: len(lanes)]
    return planned


def in_lanes(planned: list[Planned]) -> list[Ended]:
    """Fetch all that is planned, one at a time through each proxy."""
    lanes: dict[int, list[tuple[int, Planned]]] = {}
    for number, each in enumerate(planned):
        lanes.setdefault(id(each.range_), []).append((number, each))

    def lane(those: list[tuple[int, Planned]]) -> list[Ended]:
        return [
            each.range_.fetched(f"{number:04}", each.fault, pinned=each.pinned, blow=each.blow)
            for number, each in those
        ]

    with ThreadPoolExecutor(len(lanes)) as pool:
        return [ended for done in pool.map(lane, lanes.values()) for ended in done]


@pytest.mark.campaign
@pytest.mark.timeout(1500 if FULL else 200)
def test_every_fetch_through_a_faulty_network_is_exact_or_a_clear_error(ranges: list[Range]) -> None:
    began = time.monotonic()
    planned = shared_out(ranges) if FULL else some(ranges, _QUICK)

    ended = in_lanes(planned)

    if FULL:
        seconds, cores = time.monotonic() - began, os.cpu_count() or 1
        RESULTS.write_text(page(ended, seconds, cores, SEED), encoding="utf-8")
    wrong = [
        f"{each.place}: {each.fault} {each.blow}: {each.wrongs}" for each in ended if each.end is End.WRONG
    ]
    assert not wrong, "\n".join(wrong)
    assert sum(each.struck for each in ended) >= (500 if FULL else _QUICK - 3)
