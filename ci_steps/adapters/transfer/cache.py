"""Files of models by their SHA-256, so that what was fetched once is not fetched again."""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NamedTuple, Self

from ci_steps.adapters.transfer.journal import Journal
from ci_steps.adapters.transfer.limits import number_of
from ci_steps.adapters.transfer.upkeep import Upkeep
from ci_steps.errors import OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile

_BLOCK = 1 << 20
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_RECENT = 60 * 10**9
"""Nanoseconds within which it need not be noted that a file was used: the youngest are kept anyway."""
_LIMIT = "CI_STEPS_CACHE_GB"
_USUAL_LIMIT = 20 * 10**9


@dataclass(frozen=True, slots=True)
class Begun:
    """A file without a name, which this process alone writes."""

    descriptor: int
    path: str
    journal: Journal | None

    def close(self, *, keep: bool) -> None:
        """Let others have it; with ``keep`` what is there of it waits for the next try."""
        with suppress(OSError):
            if not (keep and self.journal and self.journal.path.exists()):
                Path(self.path).unlink(missing_ok=True)
                if self.journal:
                    self.journal.forget()
        with suppress(OSError):
            os.close(self.descriptor)


@dataclass(frozen=True, slots=True)
class ContentCache:
    """A folder with one read-only file a content. Whatever it gives out was hashed by this process.

    Several processes may use it at once. A file gets its name only when it is whole and hashed. When it
    holds more than ``limit`` bytes those go that were used longest ago, but none that a process uses now.
    """

    root: Path
    limit: int = _USUAL_LIMIT
    _hashed: "dict[str, _State]" = field(default_factory=dict, compare=False)
    """What this process hashed itself: a second time tells nothing, as long as nobody wrote it since."""
    _stem: str = field(default_factory=lambda: f"{os.getpid()}-{os.urandom(4).hex()}-", compare=False)
    _numbers: Iterator[int] = field(default_factory=count, compare=False)
    _upkeep: list[Upkeep] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, root: Path, gigabytes: str) -> Self:
        """Return the cache in a folder, with the limit that CI_STEPS_CACHE_GB sets."""
        return cls(root, int(number_of({_LIMIT: gigabytes}, _LIMIT, _USUAL_LIMIT / 1e9, 0) * 1e9))

    def has(self, digest: Digest, size: int) -> bool:
        """Return whether a file of this name and size is there; from now on it stays until we end."""
        place = self._place(digest.hex)
        try:
            if not self.upkeep.uses(digest.hex):
                os.stat(place)  # noqa: PTH116 (there may be thousands, and a path takes longer than a file)
                self.upkeep.use(digest.hex)
            return os.stat(place).st_size == size  # noqa: PTH116
        except OSError:
            return False

    def place(self, digest: Digest) -> Path:
        return Path(self._place(digest.hex))

    def named(self, identity: str) -> Digest | None:
        """Return what the bytes of this identity were when they were fetched before."""
        try:
            text = self._name(identity).read_text(encoding="ascii")
        except (OSError, UnicodeError):
            return None
        return Digest(text) if len(text) == 64 else None

    def name(self, identity: str, digest: Digest) -> None:
        """Note what the bytes of an identity are; where that fails they are fetched again, no more."""
        place = self._name(identity)
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            half = place.with_name(f"{place.name}.{os.getpid()}")
            half.write_text(digest.hex, encoding="ascii")
            half.replace(place)

    def begin(self, identity: str) -> Begun:
        """Open the half of this identity, where an earlier process may have left some; empty: a new one.

        Where another process is at the same one, this one begins its own.
        """
        folder = f"{self.root}/half"
        try:
            try:
                return self._begun(folder, identity)
            except FileNotFoundError:
                Path(folder).mkdir(parents=True, exist_ok=True)
                return self._begun(folder, identity)
        except OSError as error:
            raise unwritable(folder, error) from error

    def keep(self, begun: Begun, digest: Digest) -> None:
        """Give a whole, hashed file the name of its content."""
        place = self._place(digest.hex)
        try:
            self.upkeep.use(digest.hex)
            os.fchmod(begun.descriptor, 0o444)
            try:
                os.rename(begun.path, place)  # noqa: PTH104 (see `has`)
            except FileNotFoundError:
                Path(place).parent.mkdir(parents=True, exist_ok=True)
                os.rename(begun.path, place)  # noqa: PTH104
            self._hashed[digest.hex] = _State.of(os.fstat(begun.descriptor))
            if begun.journal:
                begun.journal.forget()
        except OSError as error:
            raise unwritable(place, error) from error
        os.close(begun.descriptor)

    def put(self, file: ModelFile, path: Path) -> bool:
        """Link or copy a content to ``path``; one that is spoilt is dropped, and counts as not there."""
        if not self.has(file.digest, file.size):
            return False
        place = self._place(file.sha256)
        try:
            state = self._right(place, file.sha256)
            if state is None:
                Path(place).unlink(missing_ok=True)
                return False
        except FileNotFoundError:
            return False
        now = time.time_ns()
        if now - state.modified > _RECENT:
            with suppress(OSError):
                os.utime(place, ns=(now, state.modified))
        try:
            try:
                os.link(place, path)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                os.link(place, path)
        except FileExistsError:
            raise
        except OSError:  # it lies on another file system
            return _copied(place, path, file.sha256)
        return True

    def tidy(self, room: int = 0) -> None:
        """Sweep what killed processes left, and drop what was not used for longest until all fits."""
        self.upkeep.tidy(self.limit, room)

    def refuse_without_room(self, wanted: int) -> None:
        """Refuse to begin what cannot end: a disk that fills up spoils more than this fetch."""
        with suppress(OSError):
            if wanted > (room := self.upkeep.room()):
                raise OutsideError(
                    f"{self.root} has room for {room:,} bytes, and {wanted:,} are to be fetched",
                    hint="make room, or set CI_STEPS_CACHE to a folder on a larger disk",
                )

    @property
    def upkeep(self) -> Upkeep:
        if not self._upkeep:
            self._upkeep.append(Upkeep(self.root))
        return self._upkeep[0]

    def _name(self, identity: str) -> Path:
        return self.root / "names" / identity[:2] / identity

    def _begun(self, folder: str, identity: str) -> Begun:
        if identity and (found := _locked(half := f"{folder}/{identity}")) is not None:
            return Begun(found, half, Journal(Path(f"{half}.ranges")))
        new = f"{folder}/new-{self._stem}{next(self._numbers)}"
        descriptor = os.open(new, _NEW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return Begun(descriptor, new, None)

    def _place(self, sha256: str) -> str:
        return f"{self.root}/objects/{sha256[:2]}/{sha256}"

    def _right(self, place: str, sha256: str) -> "_State | None":
        """Return the state of a file that has this hash; None where it has another."""
        state = _State.of(os.stat(place))  # noqa: PTH116 (see `has`)
        if self._hashed.get(sha256) == state:
            return state
        with open(place, "rb") as stream:  # noqa: PTH123
            state = _State.of(os.fstat(stream.fileno()))
            if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                return None
        self._hashed[sha256] = state
        return state


class _State(NamedTuple):
    """What changes when somebody writes to a file, or puts another in its place."""

    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, seen: os.stat_result) -> Self:
        return cls(seen.st_ino, seen.st_size, seen.st_mtime_ns)


def unwritable(path: Path | str, error: OSError) -> OutsideError:
    return OutsideError(
        f"{path} cannot be written: {error.strerror}", hint="make room, or set CI_STEPS_CACHE"
    )


def _locked(path: str) -> int | None:
    """Open a file that nobody else has open for writing; None where somebody has."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # While we opened it, another process may have given it its name: then it is no half any more.
            if Path(path).stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError:
            pass
        os.close(descriptor)


def _copied(place: str, path: Path, sha256: str) -> bool:
    """Copy to another file system; what is copied is hashed on the way."""
    hasher = hashlib.sha256()
    with Path(place).open("rb") as stream, path.open("xb") as copy:
        while block := stream.read(_BLOCK):
            hasher.update(block)
            copy.write(block)
    if hasher.hexdigest() == sha256:
        return True
    path.unlink()
    return False
