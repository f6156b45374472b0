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


class Finished(Value, frozen=True):
    """How a program in a container ended, and what it wrote."""

    code: int
    """Its exit code; 127 where the image has no such program."""
    output: bytes = b""
    log: str = ""
    """The end of what it wrote to its standard error, for a person."""
    stopped: str = ""
    """Why it was not let come to its end: its time, or how much it wrote; then the rest says nothing."""


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

    def ran(
        self, reference: str, program: str, *, given: bytes, memory_mb: int | None, seconds: float
    ) -> Finished:
        """Run ``program`` by the python3 of ``reference``, locked in and without a network, to its end.

        It replaces the image's own command, finds the image's environment, and is told ``given`` on its
        standard input. It gets ``seconds`` of time and 64 MiB of output.
        """
