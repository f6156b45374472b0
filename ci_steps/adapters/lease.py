"""A right that one of several machines has, for as long as it keeps saying so."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from ci_steps.errors import OutsideError, StepError
from ci_steps.ports import VersionedBlobs

_FREE = b"free\n"
# A machine that was asleep has lost its lease meanwhile, and CLOCK_MONOTONIC would not notice.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(slots=True)
class Lease:
    """One object that names its holder, and is only ever changed on condition of what it was before.

    The holder renews it every few seconds. Another takes it over only where it saw it unchanged for
    ``seconds`` by its own clock: the clocks of two machines are never compared. It is given back by
    writing that it is free, so nobody needs the right to delete.
    """

    blobs: VersionedBlobs
    key: str
    seconds: float = 20
    renew_seconds: float = 4
    look_seconds: float = 0.5
    say: Callable[[str], None] = lambda _: None
    _hold: "_Hold | None" = field(default=None, init=False)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Take the lease; gives false as soon as it is seen that another renews it."""
        hold = _Hold(self)
        if not hold.taken():
            yield False
            return
        self._hold = hold
        try:
            with hold.renewing():
                yield True
        finally:
            self._hold = None

    def confirm(self) -> None:
        """Fail where this lease was taken and is not ours any more."""
        if self._hold and not self._hold.sure():
            raise OutsideError(
                f"{self.key} was taken over by another run, because this one could not renew it"
                f" for {self.seconds:g} s",
                hint="look at `history`; wait for the other run, then plan again",
            )


class _Hold:
    """One holder's side. Its name is random: two runs of one machine are two holders."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._name = secrets.token_hex(16)
        self._renewals = 0
        self._mark = ""
        self._sure_until = 0.0
        self._lost = False
        self._changing = Lock()
        self._ended = Event()

    def taken(self) -> bool:
        """Take it where it is free or has lapsed."""
        blobs, key = self._lease.blobs, self._lease.key
        seen, since = blobs.version(key), _now()
        if seen and seen.content != _FREE:
            self._lease.say(f"{key} is held: looking for {self._lease.seconds:g} s whether its run is alive")
        while seen and seen.content != _FREE:
            asked = _now()
            now = blobs.version(key)
            if now and now.mark != seen.mark and now.content != _FREE:
                return False
            if now and now.mark == seen.mark:
                if asked - since >= self._lease.seconds:
                    break
                time.sleep(self._lease.look_seconds)
            seen = now
        return self._put(seen.mark if seen else None)

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Renew it meanwhile, and give it back."""
        thread = Thread(target=self._renew_until_ended, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            # Where this fails, it lapses.
            with suppress(StepError):
                self._lease.blobs.replace(self._lease.key, self._mark, _FREE)

    def sure(self) -> bool:
        """Whether nobody else can have it; asks where it was not renewed for too long."""
        return _now() < self._sure_until or self._renewed()

    def _renew_until_ended(self) -> None:
        while not self._lost and not self._ended.wait(self._lease.renew_seconds):
            # A failure is none yet: as long as nobody took it over, it is ours.
            with suppress(StepError):
                self._renewed()

    def _renewed(self) -> bool:
        with self._changing:
            self._lost = self._lost or not (self._put(self._mark) or self._found_ours())
            return not self._lost

    def _put(self, over: str | None) -> bool:
        self._renewals += 1
        asked = _now()
        mark = self._lease.blobs.replace(self._lease.key, over, f"{self._name} {self._renewals}\n".encode())
        if mark is None:
            return False
        # Others count from when they saw it, which was later than this.
        self._mark, self._sure_until = mark, asked + self._lease.seconds
        return True

    def _found_ours(self) -> bool:
        """Whether what is there is a renewal of ours whose answer was lost."""
        there = self._lease.blobs.version(self._lease.key)
        if there is None or not there.content.startswith(self._name.encode()):
            return False
        return self._put(there.mark)


def _now() -> float:
    return time.clock_gettime(_CLOCK)
