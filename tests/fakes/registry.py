"""A registry in memory."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.images import ImageRef


@dataclass(slots=True)
class MemoryRegistry:
    """Holds what was put; ``sent`` and ``mounted`` tell how it came there."""

    down: bool = False
    rewrites: bool = False
    """Keeps manifests other than they came, as a meddling proxy would."""
    blobs: dict[tuple[str, Digest], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    sent: list[Digest] = field(default_factory=list)
    mounted: list[tuple[Digest, str]] = field(default_factory=list)

    def manifest(self, reference: str) -> tuple[bytes, str]:
        self._answer()
        ref = ImageRef.parse(reference)
        try:
            return self.manifests[ref.repository, str(ref.digest or ref.tag or "latest")]
        except KeyError as error:
            raise InputError(f"there is no image {ref}") from error

    def blob(self, repository: str, digest: Digest) -> bytes:
        self._answer()
        try:
            return self.blobs[_repository(repository), digest]
        except KeyError as error:
            raise InputError(f"{repository} has no blob {digest}") from error

    def pieces(self, repository: str, digest: Digest) -> Iterator[bytes]:
        content = self.blob(repository, digest)
        middle = len(content) // 2
        yield from (content[:middle], content[middle:])
        if Digest.of(content) != digest:
            raise OutsideError(f"the registry gives other bytes than {digest} for that blob")

    def has(self, repository: str, digest: Digest) -> bool:
        self._answer()
        return (_repository(repository), digest) in self.blobs

    def send(
        self,
        repository: str,
        digest: Digest,
        path: Path,
        *,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        if self.has(repository, digest):
            return
        content = path.read_bytes()
        if Digest.of(content) != digest:
            raise InputError(f"{path} has other bytes than its digest {digest}")
        on_bytes(len(content))
        self.blobs[_repository(repository), digest] = content
        self.sent.append(digest)

    def mount(self, repository: str, digest: Digest, *, source: str) -> None:
        if not self.has(repository, digest):
            self.blobs[_repository(repository), digest] = self.blob(source, digest)
            self.mounted.append((digest, source))

    def put_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> Digest:
        self._answer()
        parts = json.loads(content)
        for part in (parts["config"], *parts["layers"]):
            if not self.has(repository, Digest.parse(part["digest"])):
                raise OutsideError(f"the registry does not take the manifest: {part['digest']} is unknown")
        kept = content + b" " if self.rewrites else content
        digest = Digest.of(kept)
        for name in (reference, str(digest), str(Digest.of(content))):
            self.manifests[_repository(repository), name] = (kept, media_type)
        return digest

    def _answer(self) -> None:
        if self.down:
            raise OutsideError("the registry does not answer")


def _repository(name: str) -> str:
    return ImageRef.parse(name).repository
