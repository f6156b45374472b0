from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from ci_steps.ports import Blobs


@dataclass(frozen=True, slots=True)
class Place:
    """Where one archive lies, or will lie: a key of a store, or a file of a folder."""

    blobs: Blobs
    key: str
    name: str
    """What people know it by."""

    @contextmanager
    def opened(self) -> Iterator[BinaryIO | None]:
        """Read it from its start; None where nothing is."""
        with ExitStack() as stack:
            try:
                stream = stack.enter_context(self.blobs.open(self.key))
            except KeyError:
                stream = None
            yield stream
