"""Places where models live that are not the kit's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.model.value import Value


class MovedError(InputError):
    """A tag, an alias or a branch stands for another model than the pinned one."""


class ChangedError(InputError):
    """The bytes under a name are others than those that were noted."""


class PartialError(OutsideError):
    """Fewer bytes came than there are, also after trying again."""


class Request(Value, frozen=True):
    """How some bytes are asked for: a GET of ``url``, or a file where it begins with ``file://``.

    Headers and the URL's query may hold secrets: they are in no message.
    """

    url: str
    headers: Mapping[str, str] = {}


class Source(Protocol):
    """One kind of place where models live."""

    def resolve(self, address: Address) -> Found:
        """Return the one model that ``address`` names, without its bytes; none is an input error."""

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        """Return how bytes ``first`` to ``last`` (inclusive) of exactly this version are asked for.

        It is made anew for each request, right before it: signatures age. Where the place knows versions or
        conditional requests it asks for ``file.mark`` and no other. Of an empty file ``last`` is -1.
        """


class Transfers(Protocol):
    """Bytes from a source into this machine's cache, which names them by their SHA-256."""

    def bring(self, source: Source, files: Sequence[SourceFile]) -> dict[str, ModelFile]:
        """Bring every file, verified by all checksums that are known of it, and return each by its path.

        What is in the cache already is not fetched. Raises :class:`ChangedError` where other bytes lie there
        than were named, :class:`PartialError` where the rest did not come.
        """

    def read(self, source: Source, file: SourceFile, *, most: int) -> bytes:
        """Return one small file, verified; more than ``most`` bytes are an input error."""

    def put(self, file: ModelFile, path: Path) -> bool:
        """Put bytes of the cache under ``path``, hashed once more; false where it has not got them."""

    def keep(self, content: bytes) -> Digest:
        """Put bytes into the cache."""


class Sources(Protocol):
    """Models by their address, wherever that is."""

    def manifest(self, address: Address) -> Manifest:
        """Return the manifest of the model that lives there now; what the store has of it, it keeps."""
