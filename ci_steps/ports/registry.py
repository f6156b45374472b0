from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from ci_steps.model.digest import Digest


class Registry(Protocol):
    """An OCI distribution registry. Repositories are written host[:port]/path."""

    def manifest(self, reference: str) -> tuple[bytes, str]:
        """Return a manifest's bytes and media type, by tag or digest; unknown is an input error."""

    def blob(self, repository: str, digest: Digest) -> bytes:
        """Return a small blob (a config), verified."""

    def pieces(self, repository: str, digest: Digest) -> Iterator[bytes]:
        """Give a blob of any size, in pieces; it raises after the last one where they were other bytes."""

    def has(self, repository: str, digest: Digest) -> bool:
        """Whether the repository holds this blob."""

    def send(
        self,
        repository: str,
        digest: Digest,
        path: Path,
        *,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Upload a blob from a file; what is there already is not sent.

        ``on_bytes`` is told how many bytes have gone; a second try starts again from none. A file that has
        other bytes than ``digest`` says is an input error.
        """

    def mount(self, repository: str, digest: Digest, *, source: str) -> None:
        """Make a blob of ``source`` (another repository, here or elsewhere) present in ``repository``."""

    def put_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> Digest:
        """Put a manifest under a tag or digest and return the digest that the registry names it by."""
