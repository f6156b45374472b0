"""Signs of life of a watcher, which the others go by."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from threading import Event, Lock, Thread

from ci_steps.errors import StepError
from ci_steps.ports import Blobs

_GONE = b"gone\n"
# A machine that was asleep has lost its lease meanwhile, and CLOCK_MONOTONIC would not notice.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def uptime() -> float:
    return time.clock_gettime(_CLOCK)


@dataclass(slots=True)
class Beats:
    """One small object that a watcher writes anew every few seconds, from its first claim on.

    Another takes its claims over only where it saw that object unchanged for the lease by its own clock:
    the clocks of two machines are never compared.
    """

    blobs: Blobs
    prefix: str
    lease: float
    owner: str = field(default_factory=lambda: secrets.token_hex(8))
    clock: Callable[[], float] = uptime
    _count: int = field(default=0, init=False)
    _beaten: float | None = field(default=None, init=False)
    _ended: Event = field(default_factory=Event, init=False)
    _beating: Lock = field(default_factory=Lock, init=False)
    _seen: dict[str, tuple[bytes | None, float, bool]] = field(default_factory=dict, init=False)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Give signs of life meanwhile, once begun; at the end tell the others that no more will come."""
        thread = Thread(target=self._go_on, name="beats", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            if self._beaten is not None:
                # Where this fails they find out by themselves.
                with suppress(StepError):
                    self._put(_GONE)

    def begin(self) -> None:
        """Give the first sign of life, before anything is claimed."""
        if self._beaten is None:
            self._beat()

    def confirm(self) -> None:
        """Give a sign of life where the others could think that there is none."""
        if self._beaten is None or self.clock() - self._beaten > self.lease / 2:
            self._beat()

    def silent(self, owner: str, lease: float) -> bool | None:
        """Whether another gives no signs of life any more; None: that is not clear yet."""
        content = self._content(owner)
        if content in {None, _GONE}:
            return True
        before, since, moved = self._seen.get(owner, (None, self.clock(), False))
        if content != before:
            self._seen[owner] = (content, self.clock(), before is not None)
            return False if before is not None else None
        if self.clock() - since >= lease:
            return True
        return False if moved else None

    def _go_on(self) -> None:
        while not self._ended.wait(self.lease / 5):
            if self._beaten is None:
                continue
            # The next one may succeed, and whoever is about to trigger confirms.
            with suppress(StepError):
                self._beat()

    def _beat(self) -> None:
        with self._beating:
            asked = self.clock()
            self._count += 1
            self._put(f"{self._count}\n".encode())
            # Others count from when they saw it, which was later than this.
            self._beaten = asked

    def _content(self, owner: str) -> bytes | None:
        try:
            with self.blobs.open(self._key(owner)) as stream:
                return stream.read()
        except KeyError:
            return None

    def _put(self, content: bytes) -> None:
        self.blobs.put(self._key(self.owner), BytesIO(content))

    def _key(self, owner: str) -> str:
        return f"{self.prefix}/beats/{owner}"
