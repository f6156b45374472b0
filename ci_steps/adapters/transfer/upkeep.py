"""What of the cache is used now, what can go, and what killed processes left behind."""

import fcntl
import os
import shutil
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_HALVES_STAY = 3 * 24 * 3600
_REST_STAYS = 3600


class Upkeep:
    """A cache's housekeeping.

    A process that uses contents says so in a file of its own, on which it holds a lock; when it ends, also
    by a kill, the lock is gone and the file counts no more. Saying and dropping exclude each other.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._mine: int | None = None
        self._door: int | None = None
        self._used: set[str] = set()
        self._lock = threading.Lock()

    def uses(self, sha256: str) -> bool:
        return sha256 in self._used

    def use(self, *sha256s: str) -> None:
        """Keep contents, also such as will come, from being dropped as long as this process lives."""
        with self._lock:
            new = set(sha256s) - self._used
            if not new:
                return
            self._used |= new
            # A cache that cannot be written cannot be pruned either.
            with suppress(OSError), self._at_the_door(fcntl.LOCK_SH):
                os.write(self._lease(), "".join(f"{sha256}\n" for sha256 in sorted(new)).encode())

    def tidy(self, limit: int, room: int) -> None:
        """Make room for so many bytes more, and sweep what nobody will come back for."""
        with suppress(OSError), self._lock, self._at_the_door(fcntl.LOCK_EX):
            self._sweep()
            self._prune(limit, room)

    def room(self) -> int:
        """Return how many bytes of what is to come the disk can take, with what is there of it already."""
        there = next(path for path in (self._root, *self._root.parents) if path.exists())
        begun = sum(path.stat().st_blocks * 512 for path in self._root.glob("half/*"))
        return shutil.disk_usage(there).free + begun

    def _prune(self, limit: int, room: int) -> None:
        found = sorted(self._contents(), reverse=True)
        free = shutil.disk_usage(self._root).free
        much = max(sum(size for _, _, size, _ in found) + room - limit, room - free)
        used = self._in_use()
        while much > 0 and found:
            _, _, size, path = found.pop()
            if Path(path).name not in used:
                with suppress(OSError):
                    Path(path).unlink()
                    much -= size

    def _contents(self) -> Iterator[tuple[float, str, int, str]]:
        for folder, _, names in os.walk(self._root / "objects"):
            for name in names:
                path = os.path.join(folder, name)  # noqa: PTH118 (there may be a hundred thousand)
                with suppress(OSError):
                    seen = os.stat(path)  # noqa: PTH116
                    yield max(seen.st_atime, seen.st_mtime), name, seen.st_size, path

    def _in_use(self) -> set[str]:
        used = set(self._used)
        for path in self._root.glob("leases/*"):
            with suppress(OSError):
                if _is_held(path):
                    used.update(path.read_text(encoding="ascii", errors="replace").splitlines())
                else:
                    path.unlink()
        return used

    def _sweep(self) -> None:
        now = time.time()
        for path in self._root.glob("half/*"):
            with suppress(OSError):
                stays = _REST_STAYS if path.name.startswith("new-") else _HALVES_STAY
                whole = path.with_suffix("")
                if now - path.stat().st_mtime > stays and not (whole.exists() and _is_held(whole)):
                    path.unlink()
        for path in self._root.glob("scratch/*"):
            with suppress(OSError):
                if now - path.stat().st_mtime > _HALVES_STAY:
                    shutil.rmtree(path, ignore_errors=True)
        for path in self._root.glob("names/*/*"):
            with suppress(OSError):
                if now - path.stat().st_mtime > _HALVES_STAY:
                    sha256 = path.read_text(encoding="ascii", errors="replace")
                    if not (self._root / "objects" / sha256[:2] / sha256).exists():
                        path.unlink()

    def _lease(self) -> int:
        if self._mine is None:
            folder = self._root / "leases"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{os.getpid()}-{os.urandom(4).hex()}"
            self._mine = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            weakref.finalize(self, os.close, self._mine)
            fcntl.flock(self._mine, fcntl.LOCK_EX)
        return self._mine

    @contextmanager
    def _at_the_door(self, kind: int) -> Iterator[None]:
        if self._door is None:
            self._root.mkdir(parents=True, exist_ok=True)
            self._door = os.open(self._root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            weakref.finalize(self, os.close, self._door)
        fcntl.flock(self._door, kind)
        try:
            yield
        finally:
            fcntl.flock(self._door, fcntl.LOCK_UN)


def _is_held(path: Path) -> bool:
    """Whether a process has its lock on it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
