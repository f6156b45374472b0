"""A ledger in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ci_steps.model.ledger import History, LedgerEntry
from tests.fakes.fuse import Fuse


@dataclass(slots=True)
class MemoryLedger:
    """A chain that several runs may share."""

    entries: list[LedgerEntry] = field(default_factory=list)
    fuse: Fuse = field(default_factory=Fuse)
    taken: bool = False

    def history(self) -> History:
        return History.of(self.entries, where="memory")

    def append(self, entry: LedgerEntry) -> bool:
        self.fuse.passed("before writing")
        if entry.number <= len(self.entries):
            return False
        self.entries.append(entry)
        self.fuse.passed("after writing")
        return True

    @contextmanager
    def held(self) -> Iterator[bool]:
        if self.taken:
            yield False
            return
        self.taken = True
        try:
            yield True
        finally:
            self.taken = False
