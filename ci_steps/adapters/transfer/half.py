"""A file on its way: which of its ranges are there, and the hash of what is there without a gap."""

import errno
import hashlib
import os
import threading
from collections import deque
from dataclasses import dataclass
from typing import Never

from ci_steps.adapters.transfer.checksums import Hasher, differing, hashers_of, is_vouched
from ci_steps.adapters.transfer.faults import StoppedError
from ci_steps.adapters.transfer.journal import Journal
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import Request

_BLOCK = 256 << 10


class AbandonedError(StoppedError):
    """The file was begun anew while this range of it was fetched."""


@dataclass(slots=True, eq=False)
class Range:
    """Some bytes of a half; one lane fetches it from its first to its last."""

    half: "Half"
    first: int
    last: int
    at: int
    """Where the next byte goes."""
    epoch: int
    """Which beginning of the file it belongs to."""


class Half:
    """The bytes of one file, written where they belong as they come, hashed once and in their order.

    Lanes write ranges side by side. The one that writes where hashing has come to hashes from its buffer;
    what came too early is read back, which mostly means from memory.
    """

    def __init__(self, file: SourceFile, descriptor: int, journal: Journal | None, segment: int) -> None:
        self.file = file
        self.first_request: Request | None = None
        """How the whole is asked for, where that was made already."""
        self.etag = ""
        """What the server called these bytes first: every range must be of the same."""
        self.whole_answers = 0
        self.is_vouched = is_vouched(file)
        self._descriptor = descriptor
        self._journal = journal
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._busy = 0
        """How many lanes write to the file, or read it back, just now."""
        self._segment = segment if file.size > segment * 3 // 2 else max(1, file.size)
        self._epoch = 0
        self._claimed = False
        self._hashing = False
        self._hashed = 0
        self._begin(self._kept())
        self.resumed = sum(last + 1 - first for first, last in self._there.items())
        """How many bytes an earlier process had brought."""

    @property
    def wants_digests(self) -> bool:
        """Whether each range needs a hash of its own, as no checksum of the whole will tell."""
        return self._journal is not None and not self.is_vouched

    @property
    def waits(self) -> bool:
        """Whether no lane is at some of it."""
        return bool(self._waiting)

    def next_range(self) -> Range | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def write(self, part: Range, block: memoryview, *, live: bool) -> None:
        """Write a block where ``part`` has come to; ``live``: it may be hashed right away."""
        with self._lock:
            self.check(part)
            ours = live and not self._hashing and self._hashed == part.at
            behind = live and not ours and part.first <= self._hashed < part.at
            hashers = self._hashers
            self._hashing = self._hashing or ours
            self._busy += 1
        try:
            done = 0
            while done < len(block):
                done += os.pwrite(self._descriptor, block[done:], part.at + done)
        finally:
            self._ended()
        part.at += len(block)
        if ours:
            self._update(hashers, block)
            self._hashed_to(part.at, hashers)
        elif behind:
            self._hash_on(part)

    def accept(self, part: Range, digest: str) -> None:
        """Take a range as whole and right, as far as can be told of a part."""
        with self._lock:
            if part.epoch != self._epoch:
                raise AbandonedError
            self._there[part.first] = part.last
        if self._journal:
            self._journal.add(part.first, part.last, digest)
        self._hash_on(None)

    def check(self, part: Range) -> None:
        if part.epoch != self._epoch:
            raise AbandonedError

    def is_mine_to_finish(self) -> bool:
        """Whether every byte is there and hashed; true once, for the lane that then names the file."""
        with self._lock:
            done = self._hashed == self.file.size and not self._waiting and not self._claimed
            done = done and sum(last + 1 - first for first, last in self._there.items()) == self.file.size
            self._claimed = self._claimed or done
            return done

    def differing(self) -> str:
        """Return which checksum is not as the source said, and what it is; empty where all are right."""
        return differing(self.file, self._hashers)

    @property
    def sha256(self) -> str:
        return self._hashers["sha256"].hexdigest()

    def begin_anew(self) -> None:
        """Forget every byte."""
        with self._lock:
            self._begin_anew()

    def stream(self, part: Range) -> Never:
        """Forget every byte and fetch the file in one piece, as its server knows no ranges.

        Not where that was done since ``part`` was begun: the file may be whole by now, and named.
        """
        with self._lock:
            self.check(part)
            self._segment = max(1, self.file.size)
            self._begin_anew()
        raise AbandonedError

    def _begin_anew(self) -> None:
        self._epoch += 1
        # A block of before must not be written over one that is hashed from now on, and whoever finishes
        # the file closes it: nobody may be reading it back then.
        self._idle.wait_for(lambda: not self._busy)
        self._claimed = False
        self.etag = ""
        if self._journal:
            self._journal.forget()
        self.resumed = 0
        self._begin({})

    def _begin(self, there: dict[int, int]) -> None:
        size, step = self.file.size, self._segment
        self._there = there
        self._hashers = hashers_of(self.file)
        self._hashing = False
        self._hashed = 0
        spans = [(first, min(first + step, size) - 1) for first in range(0, size, step)] or [(0, -1)]
        self._waiting = deque(
            Range(self, first, last, first, self._epoch) for first, last in spans if there.get(first) != last
        )

    def _kept(self) -> dict[int, int]:
        """Return what an earlier process brought; where no checksum will tell, what still hashes alike."""
        size, step, kept = self.file.size, self._segment, {}
        for first, last, digest in self._journal.entries() if self._journal else ():
            if first % step or last != min(first + step, size) - 1:
                continue
            if self.is_vouched or digest == self._digest(first, last):
                kept[first] = last
        if kept and sum(last + 1 - first for first, last in kept.items()) == size:
            kept.popitem()  # the lane that fetches the last range is the one that names the file
        return kept

    def copy(self, source: int, part: Range, most: int) -> int:
        """Let the kernel copy from a file, without the bytes where both lie on one file system that can."""
        self.check(part)
        most = min(most, part.last + 1 - part.at)
        count = os.copy_file_range(source, self._descriptor, most, part.at, part.at)
        part.at += count
        return count

    def _digest(self, first: int, last: int) -> str:
        hasher: Hasher = hashlib.sha256()
        whole = self._update_from_file({"": hasher}, first, last + 1)
        return hasher.hexdigest() if whole else ""

    def _hash_on(self, part: Range | None) -> None:
        """Hash all that is there without a gap, also of ``part``, unless another lane is at it."""
        while True:
            with self._lock:
                start, hashers = self._hashed, self._hashers
                last = self._there.get(start // self._segment * self._segment)
                end = start if last is None else last + 1
                if last is None and part and part.epoch == self._epoch and part.first <= start:
                    end = max(start, part.at)
                if self._hashing or end <= start:
                    return
                self._hashing = True
                self._busy += 1
            try:
                if not self._update_from_file(hashers, start, end):
                    raise OSError(errno.EIO, "it was cut short by another program")
                self._hashed_to(end, hashers)
            finally:
                self._ended()

    def _ended(self) -> None:
        with self._lock:
            self._busy -= 1
            self._idle.notify_all()

    def _hashed_to(self, end: int, hashers: dict[str, Hasher]) -> None:
        with self._lock:
            if hashers is self._hashers:
                self._hashing = False
                self._hashed = end

    def _update_from_file(self, hashers: dict[str, Hasher], start: int, end: int) -> bool:
        view = memoryview(bytearray(_BLOCK))
        while start < end:
            count = os.preadv(self._descriptor, [view[: end - start]], start)
            if not count:
                return False
            self._update(hashers, view[:count])
            start += count
        return True

    def _update(self, hashers: dict[str, Hasher], block: memoryview) -> None:
        for hasher in hashers.values():
            hasher.update(block)
