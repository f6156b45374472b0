from contextlib import AbstractContextManager
from typing import Protocol

from ci_steps.model.value import Value


class Isolation(Value, frozen=True):
    """What a container is seen to be held to: read inside it, not from what was asked for."""

    uid: int
    """The user that its first program runs as."""
    read_only: bool
    """Whether its root file system is mounted so."""
    capabilities: int
    """Every capability that its first program has or could get, as the kernel's bits."""
    no_new_privileges: bool


class Container(Protocol):
    """A running container of an image."""

    @property
    def address(self) -> str:
        """URL at which its port is published on loopback; empty where it ended before that was known."""

    def logs(self) -> str:
        """Return the end of what it wrote, for a person."""

    def exited(self) -> int | None:
        """Return its exit code where it is no longer running."""

    def isolation(self) -> Isolation:
        """Return what it is held to, while it runs; the image must have ``python3``."""


class Containers(Protocol):
    """Throw-away containers for tests, locked in like in production and gone afterwards."""

    def started(
        self, reference: str, *, env: dict[str, str], memory_mb: int | None
    ) -> AbstractContextManager[Container]:
        """Run ``reference`` (by digest) as non-root, read-only, without capabilities, until the block ends.

        Does not wait for health. An image that cannot be pulled is an outside error.
        """
