"""The ledger as blobs: one object an entry, so that putting an object where none is decides who was first."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from ci_steps.adapters.lease import Lease
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.ledger import History, LedgerEntry
from ci_steps.model.wire import decoded, pretty
from ci_steps.ports import Blobs

_ENTRY = re.compile(r"[0-9]{8}\.json")
"""What an entry is called; consoles and file browsers leave other things in a bucket or a folder."""


@dataclass(frozen=True, slots=True)
class BlobLedger:
    """One service's chain in one environment, beside the models in the same store.

    ``lock`` is a file at which runs of one machine meet. Where several machines share the chain, as in a
    bucket, their runs meet at the ``lease``.
    """

    blobs: Blobs
    service: str
    environment: str
    lock: Path
    lease: Lease | None = None

    def history(self) -> History:
        """Read every entry and check numbers, digests and whose chain they say they belong to."""
        keys = self.blobs.keys(self._prefix)
        entries = [self._entry(key) for key in keys if _ENTRY.fullmatch(key.removeprefix(self._prefix))]
        return History.of(entries, where=self._prefix.removesuffix("/"))

    def append(self, entry: LedgerEntry) -> bool:
        """Put the entry where none of its number is; false where one was."""
        if (entry.service, entry.environment) != (self.service, self.environment):
            raise InputError(f"an entry of {entry.service} in {entry.environment} is not of {self._prefix}")
        if self.lease:
            self.lease.confirm()
        return self.blobs.put_if_absent(self._key(entry.number), BytesIO(pretty(entry)))

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock file, and the lease where there is one."""
        with self._locked() as ours:
            if not ours or not self.lease:
                yield ours
                return
            with self.lease.held() as ours_alone:
                yield ours_alone

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Hold the lock file. The system lets go of it when the holder ends, however it ends."""
        try:
            self.lock.parent.mkdir(parents=True, exist_ok=True)
            file = self.lock.open("a")
        except OSError as error:
            raise OutsideError(f"{self.lock} cannot be locked: {error.strerror}") from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                ours = False
            else:
                ours = True
            yield ours

    @property
    def _prefix(self) -> str:
        return f"ledger/{self.service}/{self.environment}/"

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:08d}.json"

    def _entry(self, key: str) -> LedgerEntry:
        try:
            with self.blobs.open(key) as blob:
                entry = decoded(blob.read(), LedgerEntry, where=key)
        except KeyError as error:
            raise OutsideError(f"{key} went away while the ledger was read") from error
        if (entry.service, entry.environment) != (self.service, self.environment):
            raise InputError(
                f"{key} is an entry of {entry.service} in {entry.environment}",
                hint="the ledger was changed by hand; bring it back from a copy",
            )
        return entry
