from contextlib import AbstractContextManager
from typing import Protocol


class Container(Protocol):
    """A running container of an image."""

    @property
    def address(self) -> str:
        """URL at which its port is published on loopback."""

    def logs(self) -> str:
        """Return the end of what it wrote, for a person."""

    def exited(self) -> int | None:
        """Return its exit code where it is no longer running."""


class Containers(Protocol):
    """Throw-away containers for tests, locked in like in production and gone afterwards."""

    def started(
        self, reference: str, *, env: dict[str, str], memory_mb: int | None
    ) -> AbstractContextManager[Container]:
        """Run ``reference`` (by digest) as non-root, read-only, without capabilities, until the block ends.

        Does not wait for health. An image that cannot be pulled is an outside error.
        """
