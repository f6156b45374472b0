"""One of the lanes on which bytes come: a range at a time, and again where that fails."""

import hashlib
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from ci_steps.adapters.transfer import local
from ci_steps.adapters.transfer.answer import Answer
from ci_steps.adapters.transfer.asking import Asker
from ci_steps.adapters.transfer.checking import refuse_answer
from ci_steps.adapters.transfer.checksums import Hasher
from ci_steps.adapters.transfer.connection import Cutter
from ci_steps.adapters.transfer.faults import (
    BrokenError,
    DeniedError,
    DifferentError,
    UnreachableError,
    shown,
)
from ci_steps.adapters.transfer.half import Range
from ci_steps.adapters.transfer.limits import Limits
from ci_steps.errors import InputError
from ci_steps.ports import ChangedError, PartialError, Request

_BUFFER = 256 << 10
_PROGRESS = 1 << 20
_READINGS = 3
_FIRST_CALLS = 4


@dataclass(slots=True)
class _Reading:
    """What came of one range so far."""

    hasher: Hasher | None
    seen: list[str] = field(default_factory=list)
    """The hashes of earlier readings, where nothing but reading twice tells whether the bytes are right."""


class Lane:
    """What one thread fetches with: a buffer, and connections that are kept between ranges."""

    def __init__(self, asker: Asker, limits: Limits, cutter: Cutter) -> None:
        self._asker = asker
        self._limits = limits
        self._cutter = cutter
        self._buffer = memoryview(bytearray(_BUFFER))
        self.moved = 0.0
        """Bytes that count as progress."""

    def fetch(self, part: Range, requested: Callable[[Range], Request]) -> None:
        """Bring a range and have it accepted, or say for good why not.

        A checksum of the file, or TLS, vouches for what came. Where there is neither, the range is read
        again over another connection until two readings agree, three times at most.
        """
        reading, trouble = _Reading(None), _Trouble(part, self._limits)
        while True:
            self._cutter.check()
            part.half.check(part)
            before = part.at
            request = requested(part)
            try:
                if self._tried(request, part, reading):
                    return
                trouble.began_anew()
            except (BrokenError, DifferentError, DeniedError) as error:
                self._asker.drop()
                if isinstance(error, UnreachableError) and not self.moved:
                    trouble.nobody_there(error)
                wait = trouble.wait(error, part.at - before, request)
                self._cutter.pause(wait)

    def drop(self) -> None:
        self._asker.drop()

    def _tried(self, request: Request, part: Range, reading: _Reading) -> bool:
        """Whether the range is accepted now; false where it must be read again."""
        half, is_plain = part.half, request.url.lower().startswith("http:")
        agrees = is_plain and not half.is_vouched
        if part.at == part.first:
            reading.hasher = hashlib.sha256() if agrees or half.wants_digests else None
        if request.url.startswith("file://"):
            self.moved += local.copy(request.url, part, self._buffer, self._cutter)
        else:
            self._requested(request, part, reading, live=not agrees)
        digest = reading.hasher.hexdigest() if reading.hasher else ""
        if agrees and digest not in reading.seen:
            reading.seen.append(digest)
            if len(reading.seen) == _READINGS:
                raise PartialError(
                    f"{half.file.locator} came differently each of {_READINGS} times from "
                    f"{shown(request.url)}, which has no checksum of it",
                    hint="find out what changes it on its way; use https",
                )
            part.at = part.first
            self._asker.drop()
            return False
        half.accept(part, digest if half.wants_digests and not request.url.startswith("file://") else "")
        return True

    def _requested(self, request: Request, part: Range, reading: _Reading, *, live: bool) -> None:
        size = part.half.file.size
        answer = self._asker.ask(request, part.at, part.last, size)
        skipped = refuse_answer(answer, part)
        self._streamed(answer, part, reading, skipped, live=live)
        if (answer.status == 206 or part.last == size - 1) and self._goes_on(answer):
            raise DifferentError(f"has more than {size:,} bytes now")
        self._asker.release(answer)

    def _goes_on(self, answer: Answer) -> bool:
        """Whether more comes than should; where only the end is cut off, all that was asked for is there."""
        try:
            return bool(answer.into(self._buffer))
        except BrokenError:
            return False

    def _streamed(self, answer: Answer, part: Range, reading: _Reading, skip: int, *, live: bool) -> None:
        """Write the body as it comes; what came before it broke off stays."""
        buffer, filled, pace = self._buffer, 0, _Pace(self._limits)
        counts = len(reading.seen) < _needed(live=live)
        try:
            while (left := part.last + 1 - part.at - filled + skip) > 0:
                room = buffer[: min(skip, len(buffer))] if skip else buffer[filled : filled + left]
                count = answer.into(room)
                if not count:
                    raise BrokenError(f"{answer.connection.origin} broke off")
                pace.check(count, answer)
                if skip:
                    skip -= count
                    continue
                filled += count
                if filled == len(buffer):
                    self._written(part, buffer, reading, live=live, counts=counts)
                    filled = 0
        finally:
            if filled:
                self._written(part, buffer[:filled], reading, live=live, counts=counts)

    def _written(
        self, part: Range, block: memoryview, reading: _Reading, *, live: bool, counts: bool
    ) -> None:
        part.half.write(part, block, live=live)
        if reading.hasher:
            reading.hasher.update(block)
        if counts:
            self.moved += len(block) / _needed(live=live)


def _needed(*, live: bool) -> int:
    """Return how many readings it takes until the bytes are there; in each, as large a part of them comes."""
    return 1 if live else 2


class _Pace:
    """A limit on how slowly bytes may trickle."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._since, self._came = time.monotonic(), 0

    def check(self, count: int, answer: Answer) -> None:
        self._came += count
        took = time.monotonic() - self._since
        if took < self._limits.stall_seconds:
            return
        if self._came < self._limits.slowest * took:
            raise BrokenError(f"{answer.connection.origin} sends {self._came / took:,.0f} bytes a second")
        self._since, self._came = time.monotonic(), 0


class _Trouble:
    """What went wrong with a range so far, and when it is enough."""

    def __init__(self, part: Range, limits: Limits) -> None:
        self._part = part
        self._limits = limits
        self._failed = 0
        self._evidence: Counter[str] = Counter()

    def began_anew(self) -> None:
        self._failed = 0

    def nobody_there(self, error: UnreachableError) -> None:
        """Give up sooner on a place that never answered: its address may be wrong."""
        if self._failed + 1 >= min(self._limits.tries, _FIRST_CALLS):
            raise PartialError(f"{error} ({self._part.half.file.locator})") from error

    def wait(
        self, error: BrokenError | DifferentError | DeniedError, progress: int, request: Request
    ) -> float:
        """Return how long to wait before the next try; raises where there should be none."""
        self._failed = 1 if progress >= _PROGRESS else self._failed + 1
        file, limits = self._part.half.file, self._limits
        if not isinstance(error, BrokenError):
            self._evidence[str(error)] += 1
            if self._evidence[str(error)] > 1:
                raise self._settled(error, request) from error
        if self._failed >= limits.tries:
            last = self._part.last + 1
            raise PartialError(
                f"{file.locator} did not come whole: {error}, {self._failed} times"
                + (f"; {self._part.at:,} of {last:,} bytes are there" if self._part.at else "")
            ) from error
        wait = limits.pause * 2 ** (self._failed - 1) * random.uniform(0.5, 1)  # noqa: S311 (no secret)
        asked = error.wait if isinstance(error, BrokenError) else None
        return min(limits.longest_pause, wait) if asked is None else min(limits.longest_wait, asked)

    def _settled(self, error: DifferentError | DeniedError, request: Request) -> InputError:
        file = self._part.half.file
        if isinstance(error, DeniedError):
            return InputError(
                f"{shown(request.url)} does not let us read {file.locator}: {error}",
                hint="look at the credentials of that place, and at what they allow",
            )
        return ChangedError(
            f"{file.locator} is not what it was: it {error}", hint="plan again, or restore what was there"
        )
