"""One holder of a lease among machines that share nothing but a bucket: the real one, and one in memory."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread

import pytest

from ci_steps.adapters.blob_ledger import BlobLedger
from ci_steps.adapters.lease import Lease
from ci_steps.adapters.s3_blobs import S3Blobs
from ci_steps.errors import OutsideError
from ci_steps.ports import Version, VersionedBlobs
from tests.contracts.test_ledger import entry
from tests.fakes.blobs import MemoryBlobs
from tests.s3_servers import a_prefix

KEY = "ledger/tweets/production.lease"
PLACES: dict[str, Callable[[], MemoryBlobs | S3Blobs]] = {
    "memory": MemoryBlobs,
    "bucket": lambda: S3Blobs(a_prefix()),
}


@pytest.fixture(params=PLACES)
def blobs(request: pytest.FixtureRequest) -> MemoryBlobs | S3Blobs:
    return PLACES[request.param]()


def lease_of(blobs: VersionedBlobs, *, seconds: float = 30, renew_seconds: float = 0.1) -> Lease:
    return Lease(blobs, KEY, seconds, renew_seconds, look_seconds=0.02)


@dataclass(slots=True)
class Cable:
    """The way of one machine to the bucket, which can be cut."""

    blobs: VersionedBlobs
    cut: bool = False
    answers_lost: int = 0
    asked: list[str] = field(default_factory=list)

    def version(self, key: str) -> Version | None:
        self._passed("version")
        return self.blobs.version(key)

    def replace(self, key: str, version: str | None, content: bytes) -> str | None:
        self._passed("replace")
        mark = self.blobs.replace(key, version, content)
        if self.answers_lost:
            self.answers_lost -= 1
            raise OutsideError("the answer was lost")
        return mark

    def _passed(self, what: str) -> None:
        self.asked.append(what)
        if self.cut:
            raise OutsideError("the cable is cut")


@contextmanager
def both_held(first: Lease, second: Lease) -> Iterator[tuple[bool, bool]]:
    with ExitStack() as held:
        yield held.enter_context(first.held()), held.enter_context(second.held())


def test_of_two_machines_one_has_it_and_the_other_sees_that_it_is_renewed(
    blobs: MemoryBlobs | S3Blobs,
) -> None:
    began = time.monotonic()

    with both_held(lease_of(blobs), lease_of(blobs)) as (first, second):
        assert (first, second) == (True, False)

    assert time.monotonic() - began < 15, "it did not wait for the lease to lapse"


def test_it_is_free_for_the_next_afterwards_also_after_a_failure(blobs: MemoryBlobs | S3Blobs) -> None:
    with pytest.raises(ValueError, match="a bug"), lease_of(blobs).held():
        raise ValueError("a bug")

    began = time.monotonic()
    with lease_of(blobs).held() as ours:
        assert ours

    assert time.monotonic() - began < 15


def test_who_waits_gets_it_when_it_is_given_back(blobs: MemoryBlobs | S3Blobs) -> None:
    first = lease_of(blobs, renew_seconds=60)
    waiting, taken = Cable(blobs), Event()

    def given_back_once_seen() -> None:
        with first.held():
            taken.set()
            while waiting.asked.count("version") < 2:
                time.sleep(0.01)

    holder = Thread(target=given_back_once_seen)
    holder.start()
    assert taken.wait(10)
    with lease_of(waiting, renew_seconds=60).held() as ours:
        assert ours
    holder.join()


def test_a_lease_that_is_not_renewed_is_taken_over_after_its_time_and_not_before(
    blobs: MemoryBlobs | S3Blobs,
) -> None:
    dead = Cable(blobs)
    with lease_of(dead, seconds=1).held() as first:
        assert first
        dead.cut = True
        began = time.monotonic()

        said: list[str] = []
        with replace(lease_of(blobs, seconds=1), say=said.append).held() as second:
            assert second
            assert time.monotonic() - began >= 1
        assert said == [f"{KEY} is held: looking for 1 s whether its run is alive"]


def test_who_lost_it_can_no_longer_confirm_and_does_not_take_it_from_the_other(
    blobs: MemoryBlobs | S3Blobs,
) -> None:
    cable, lasting = Cable(blobs), lease_of(blobs, seconds=0.5)
    lost = lease_of(cable, seconds=0.5)
    with ExitStack() as first:
        first.enter_context(lost.held())
        cable.cut = True
        with lasting.held() as second:
            assert second
            with pytest.raises(OutsideError, match="the cable is cut"):
                lost.confirm()

            cable.cut = False
            with pytest.raises(OutsideError, match=f"{KEY} was taken over by another run"):
                lost.confirm()
            first.close()

            there = blobs.version(KEY)
            assert there
            assert there.content != b"free\n"
            lasting.confirm()


def test_who_was_cut_off_while_nobody_took_it_still_has_it(blobs: MemoryBlobs | S3Blobs) -> None:
    cable = Cable(blobs)
    lease = lease_of(cable, seconds=0)
    with lease.held():
        cable.cut = True
        with pytest.raises(OutsideError, match="the cable is cut"):
            lease.confirm()

        cable.cut = False
        lease.confirm()


def test_a_renewal_whose_answer_was_lost_is_not_taken_for_another_s(blobs: MemoryBlobs | S3Blobs) -> None:
    cable = Cable(blobs)
    lease = lease_of(cable, seconds=0)
    with lease.held():
        cable.answers_lost = 1
        while cable.answers_lost:
            time.sleep(0.01)

        lease.confirm()


def test_a_run_that_lost_its_lease_appends_nothing(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    cable = Cable(blobs)
    cut_off = BlobLedger(blobs, "tweets", "production", tmp_path / "one", lease_of(cable, seconds=0.3))
    other = BlobLedger(blobs, "tweets", "production", tmp_path / "two", lease_of(blobs, seconds=0.3))

    with cut_off.held() as first:
        assert first
        cable.cut = True
        with other.held() as second:
            assert second
            cable.cut = False
            with pytest.raises(OutsideError, match="was taken over by another run"):
                cut_off.append(entry(cut_off.history()))
            assert other.append(entry(other.history(), run="other"))

    assert [e.run for e in other.history().entries] == ["other"]


def test_the_lease_is_no_entry_of_the_chain(blobs: MemoryBlobs | S3Blobs, tmp_path: Path) -> None:
    ledger = BlobLedger(blobs, "tweets", "production", tmp_path / "lock", lease_of(blobs))
    with ledger.held():
        assert ledger.history().entries == ()

    assert list(blobs.keys("ledger/")) == [KEY]


def test_what_a_killed_run_on_another_machine_held_is_free_again(tmp_path: Path) -> None:
    place = a_prefix()
    script = (
        "import sys, time\n"
        "from ci_steps.adapters.lease import Lease\n"
        "from ci_steps.adapters.s3_blobs import S3Blobs\n"
        "from ci_steps.adapters.s3_place import S3Place\n"
        f"lease = Lease(S3Blobs(S3Place.parse({str(place)!r})), {KEY!r}, seconds=30, renew_seconds=0.1)\n"
        "with lease.held() as ours:\n"
        "    print(ours, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with lease_of(S3Blobs(place)).held() as ours_meanwhile:
            assert not ours_meanwhile

        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()

    with lease_of(S3Blobs(place), seconds=1).held() as ours:
        assert ours
