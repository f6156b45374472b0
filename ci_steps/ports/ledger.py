from contextlib import AbstractContextManager
from typing import Protocol

from ci_steps.model.ledger import History, LedgerEntry


class Ledger(Protocol):
    """One service's chain of releases in one environment."""

    def history(self) -> History:
        """Read and check the whole chain."""

    def append(self, entry: LedgerEntry) -> bool:
        """Add ``entry`` at its number; false where another run was first, and then nothing changed."""

    def held(self) -> AbstractContextManager[bool]:
        """Keep other runs from rolling out meanwhile; gives false, as soon as it is known, where one does.

        What a killed run held is free again: at once in a folder, in a bucket after some seconds. A run
        that was cut off from its bucket until another took its place can no longer append.
        """
