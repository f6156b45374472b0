"""Files of one source, fetched on several lanes at once."""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import suppress
from urllib.parse import urlsplit

from ci_steps.adapters.pool import Pool
from ci_steps.adapters.transfer.asking import Asker
from ci_steps.adapters.transfer.cache import Begun, ContentCache, unwritable
from ci_steps.adapters.transfer.connection import Cutter
from ci_steps.adapters.transfer.faults import StoppedError
from ci_steps.adapters.transfer.half import AbandonedError, Half, Range
from ci_steps.adapters.transfer.lane import Lane
from ci_steps.adapters.transfer.limits import Limits
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile
from ci_steps.model.sourced import SourceFile
from ci_steps.model.wire import digest_of
from ci_steps.ports import ChangedError, PartialError, Request, Source

_FIRST_LANES = 4
_LANES_FOR_MANY = 8
_LOOK = 0.1
_GROW = 0.5
_IDLE = 0.7
"""Below this share of a processor we wait for the other side, and more connections may bring more."""
_ARRIVALS = 3


class Fetching:
    """The files that are not there yet, and the lanes that bring them."""

    def __init__(
        self,
        source: Source,
        files: Sequence[SourceFile],
        cache: ContentCache,
        limits: Limits,
        variables: Mapping[str, str],
    ) -> None:
        self._source = source
        self._cache = cache
        self._limits = limits
        self._variables = variables
        self._cutter = Cutter()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._asking = threading.Lock()
        # The largest first: a large one begun last would be waited for alone.
        self._queue = deque(sorted(files, key=lambda file: file.size, reverse=True))
        self._halves: dict[Half, Begun] = {}
        self._identities: dict[Half, str] = {}
        self._arrived: dict[Half, list[str]] = {}
        self._lanes: list[Lane] = []
        self._beginning = 0
        self._found = 0
        self.brought: dict[str, ModelFile] = {}

    def run(self, told: Callable[[int], object]) -> dict[str, ModelFile]:
        """Bring every file; ``told`` is called all the while with the bytes that are there."""
        most = self._limits.connections
        first = min(most, _LANES_FOR_MANY if len(self._queue) >= _LANES_FOR_MANY else _FIRST_LANES)
        try:
            with Pool(most, thread_name_prefix="fetch") as pool:
                try:
                    self._watched([pool.submit(self._work) for _ in range(first)], pool, most, told)
                except BaseException:
                    self._cutter.cut()
                    raise
        finally:
            for begun in self._halves.values():
                begun.close(keep=True)
        return self.brought

    def _watched(
        self,
        working: list[Future[None]],
        pool: Pool,
        most: int,
        told: Callable[[int], object],
    ) -> None:
        grown, busy = time.monotonic(), time.process_time()
        while True:
            ended, going = wait(working, timeout=_LOOK, return_when=FIRST_EXCEPTION)
            for each in ended:
                each.result()
            told(self._found + int(sum(lane.moved for lane in self._lanes)))
            if not going:
                return
            now, used = time.monotonic(), time.process_time()
            if now - grown >= _GROW:
                if used - busy < _IDLE * (now - grown) and len(working) < most and self._has_more():
                    working += [pool.submit(self._work) for _ in range(min(2, most - len(working)))]
                grown, busy = now, used

    def _work(self) -> None:
        asker = Asker(self._variables, self._limits, self._cutter)
        lane = Lane(asker, self._limits, self._cutter)
        self._lanes.append(lane)
        try:
            while part := self._next():
                with suppress(AbandonedError):
                    self._one(lane, part)
        except StoppedError:
            return
        finally:
            lane.drop()

    def _one(self, lane: Lane, part: Range) -> None:
        half = part.half
        try:
            lane.fetch(part, self._request)
        except AbandonedError:
            lane.drop()
            raise
        except OSError as error:
            raise unwritable(self._halves[half].path, error) from error
        if half.is_mine_to_finish():
            self._finish(half)

    def _next(self) -> Range | None:
        """Return a range of a file that is begun, else begin another file."""
        while True:
            with self._changed:
                while True:
                    self._cutter.check()
                    for half in self._halves:
                        if part := half.next_range():
                            return part
                    if self._queue or not self._beginning:
                        break
                    # What another lane begins just now may have ranges for us.
                    self._changed.wait(_LOOK)
                if not self._queue:
                    return None
                file = self._queue.popleft()
                self._beginning += 1
            try:
                first = self._begun(file)
            finally:
                with self._changed:
                    self._beginning -= 1
                    self._changed.notify_all()
            if first is not None:
                return first

    def _begun(self, file: SourceFile) -> Range | None:
        """Return the first range of a file; None where it was found to be here already."""
        sha256, request, identity = file.checksums.get("sha256", ""), None, ""
        if not sha256:
            request = self._request_of(file, 0, file.size - 1)
            identity = _identity(file, request)
            known = self._cache.named(identity) if identity else None
            if known and self._cache.has(known, file.size):
                self._is_there(file, known)
                return None
        large = file.size > self._limits.segment * 3 // 2
        begun = self._cache.begin((sha256 or identity) if large else "")
        try:
            half = Half(file, begun.descriptor, begun.journal, self._limits.segment)
        except OSError as error:
            begun.close(keep=True)
            raise unwritable(begun.path, error) from error
        half.first_request = request
        part = half.next_range()
        with self._lock:
            self._found += half.resumed
            self._halves[half] = begun
            self._identities[half] = identity
        return part

    def _finish(self, half: Half) -> None:
        """Name the file by its content; one that is not right is fetched again, it may be the line."""
        file, wrong = half.file, half.differing()
        if wrong and half.resumed:
            half.begin_anew()
            return
        if wrong:
            arrived = self._arrived.setdefault(half, [])
            if wrong in arrived:
                kind, _, value = wrong.partition(" ")
                raise ChangedError(
                    f"{file.locator} is not what it was: its {kind} is {value[:12]} and was "
                    f"{file.checksums[kind][:12]}",
                    hint="plan again, or restore it",
                )
            arrived.append(wrong)
            if len(arrived) == _ARRIVALS:
                raise PartialError(
                    f"{file.locator} came with other bytes each of {_ARRIVALS} times",
                    hint="find out what changes it on its way",
                )
            half.begin_anew()
            return
        digest = Digest(half.sha256)
        with self._lock:
            begun, identity = self._halves[half], self._identities.pop(half)
        self._cache.keep(begun, digest)
        with self._lock:
            del self._halves[half]
        if identity:
            self._cache.name(identity, digest)
        self._is_there(file, digest, found=False)

    def _is_there(self, file: SourceFile, digest: Digest, *, found: bool = True) -> None:
        with self._lock:
            self._found += file.size if found else 0
            self.brought[file.path] = ModelFile(path=file.path, size=file.size, sha256=digest.hex)

    def _has_more(self) -> bool:
        with self._lock:
            return bool(self._queue) or any(half.waits for half in self._halves)

    def _request(self, part: Range) -> Request:
        half = part.half
        if half.first_request and (part.at, part.last) == (0, half.file.size - 1):
            request, half.first_request = half.first_request, None
            return request
        return self._request_of(half.file, part.at, part.last)

    def _request_of(self, file: SourceFile, first: int, last: int) -> Request:
        with self._asking:  # sources need not be made for threads
            self._cutter.check()
            try:
                return self._source.request(file, first, last)
            except BaseException:
                # The lanes that wait for their turn would each ask a place that is down, for as long again.
                self._cutter.cut()
                raise


def _identity(file: SourceFile, request: Request) -> str:
    """Return a name for bytes whose SHA-256 nobody knows yet; empty where nothing tells them from others."""
    parts = urlsplit(request.url)
    if parts.scheme == "file" or not (file.mark or file.checksums):
        return ""
    place = f"{parts.scheme}://{(parts.hostname or '')}:{parts.port or ''}{parts.path}"
    named = (place, file.locator, file.mark, file.size, sorted(file.checksums.items()))
    return hashlib.sha256(digest_of(named).hex.encode()).hexdigest()
