"""Threads end with the block that began them, whatever ends it."""

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from ci_steps.adapters.pool import Pool
from ci_steps.adapters.uncut import uncut


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def ended_at_a_start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ask the process to end whenever a thread has been started, before its starter knows."""
    start = threading.Thread.start

    def started(thread: threading.Thread) -> None:
        start(thread)
        signal.raise_signal(request.param)
        time.sleep(0.01)

    monkeypatch.setattr(threading.Thread, "start", started)
    usual = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, usual)


@pytest.mark.usefixtures("ended_at_a_start")
def test_a_thread_that_was_being_started_when_the_end_was_asked_for_is_waited_for() -> None:
    began, ended = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        time.sleep(0.2)
        ended.set()

    with pytest.raises(KeyboardInterrupt), Pool(1, thread_name_prefix="looked-at") as pool:
        pool.submit(work)

    assert ended.is_set() is began.is_set()
    assert [one.name for one in threading.enumerate() if one.name.startswith("looked-at")] == []


@pytest.mark.usefixtures("ended_at_a_start")
def test_what_must_not_be_cut_short_is_not_begun_or_has_ended() -> None:
    did: list[str] = []

    def work() -> None:
        did.append("began")
        time.sleep(0.2)
        did.append("ended")

    with pytest.raises(KeyboardInterrupt):
        uncut(work)

    assert did in ([], ["began", "ended"])


def test_after_an_error_what_waits_for_its_turn_is_not_begun() -> None:
    did: list[int] = []

    def work(number: int) -> None:
        did.append(number)
        time.sleep(0.1)
        if number == 0:
            raise OSError("it is down")

    def all_of_them() -> None:
        with Pool(2) as pool:
            coming = [pool.submit(work, number) for number in range(100)]
            coming[0].result()

    with pytest.raises(OSError, match="it is down"):
        all_of_them()

    assert len(did) < 10


def test_without_an_error_all_is_done() -> None:
    with Pool(2) as pool:
        coming: list[Future[int]] = [pool.submit(pow, number, 2) for number in range(9)]

    assert [each.result() for each in coming] == [number**2 for number in range(9)]


def test_a_signal_that_nobody_waits_for_stays_so() -> None:
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Pool(1) as pool:
            assert pool.submit(int).result() == 0
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, usual)
