"""What lies in an archive, in which order and under which bytes: one image has one archive."""

import tarfile
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.refs import ModelRef
from ci_steps.model.wire import canonical, decoded

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
MARKER = ("oci-layout", canonical({"imageLayoutVersion": "1.0.0"}))
INDEX = "index.json"
DOCKER = "manifest.json"
BLOCK = 512
_RECORD = 10_240
_END = 2 * BLOCK


class Descriptor(msgspec.Struct, frozen=True, rename={"media_type": "mediaType"}):
    """A blob of an image."""

    media_type: str
    digest: Digest
    size: Annotated[int, Meta(ge=0)]

    @property
    def path(self) -> str:
        return f"blobs/sha256/{self.digest.hex}"


class Manifest(msgspec.Struct, frozen=True, rename={"schema": "schemaVersion", "media_type": "mediaType"}):
    """The manifest of one image, as `build-image` writes it."""

    schema: Literal[2]
    media_type: Literal["application/vnd.oci.image.manifest.v1+json"]
    config: Descriptor
    layers: tuple[Descriptor, ...]


class _Settings(msgspec.Struct, frozen=True):
    labels: dict[str, str] = msgspec.field(name="Labels")


class _Config(msgspec.Struct, frozen=True):
    config: _Settings


class Index(msgspec.Struct, frozen=True):
    """What is read first: which manifest follows."""

    manifests: Annotated[tuple[Descriptor, ...], Meta(min_length=1, max_length=1)]


@dataclass(frozen=True, slots=True)
class Image:
    """An image of a model: its two documents, and what they say of the rest."""

    manifest: bytes
    config: bytes
    layers: tuple[Descriptor, ...]
    """From the base up; one may lie on itself again."""
    model: str
    sha: Digest

    @classmethod
    def of(cls, manifest: bytes, config: bytes, *, where: str) -> Self:
        """Read both documents; an image that does not say which model it serves is bad input."""
        said = manifest_of(manifest, where=where)
        if len(config) != said.config.size:
            raise InputError(
                f"{where}: its configuration has {len(config):,} bytes, not {said.config.size:,}"
            )
        labels = decoded(config, _Config, where=f"configuration of {where}").config.labels
        try:
            model, sha = labels["ci_steps.model"], Digest.parse(f"sha256:{labels['ci_steps.sha']}")
        except KeyError as error:
            raise InputError(f"{where} does not say which model it serves: no label {error}") from error
        return cls(manifest, config, said.layers, model, sha)

    def hold_to(self, ref: ModelRef, digest: Digest | None, *, where: str) -> None:
        """Refuse the image of another model, or another image than the one asked for."""
        if self.model != ref.name or not self.sha.hex.startswith(ref.sha):
            raise InputError(
                f"{where} serves {f'{self.model}@{self.sha.short}'!r}, asked for is {ref}",
                hint="see to which archive holds which model",
            )
        if digest not in {None, self.digest}:
            raise InputError(
                f"{where} holds the image {self.digest}, asked for is {digest}",
                hint="see to which archive holds which image",
            )

    @property
    def digest(self) -> Digest:
        return Digest.of(self.manifest)

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """The layers, each once."""
        return tuple(dict.fromkeys(self.layers))

    @property
    def tag(self) -> str:
        """The name for people, as `push-image` gives it."""
        return f"model-{self.sha.short}"

    @property
    def documents(self) -> tuple[tuple[str, bytes], ...]:
        """The small members, in their order: what stands before the layers."""
        return (
            MARKER,
            (INDEX, canonical(self._index)),
            (DOCKER, canonical(self._for_docker)),
            (_path(self.manifest), self.manifest),
            (_path(self.config), self.config),
        )

    @property
    def archive_size(self) -> int:
        """Bytes of the whole archive."""
        sizes = [len(content) for _, content in self.documents] + [layer.size for layer in self.blobs]
        members = sum(BLOCK + size + padding(size) for size in sizes)
        return members + end_after(members)

    @property
    def _index(self) -> dict[str, Any]:
        return {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [
                {
                    "mediaType": MANIFEST,
                    "digest": str(self.digest),
                    "size": len(self.manifest),
                    "annotations": {"org.opencontainers.image.ref.name": self.tag},
                }
            ],
        }

    @property
    def _for_docker(self) -> list[dict[str, Any]]:
        """Return what `docker load` reads instead of the index; it gives the image no name."""
        layers = [layer.path for layer in self.layers]
        return [{"Config": _path(self.config), "RepoTags": None, "Layers": layers}]


def manifest_of(content: bytes, *, where: str) -> Manifest:
    return decoded(content, Manifest, where=f"manifest of {where}")


def header(name: str, size: int) -> bytes:
    """Return a member's header, with nothing of this machine or this moment in it."""
    member = tarfile.TarInfo(name)
    member.size = size
    # The GNU form holds sizes beyond 8 GiB in the same block; the PAX form would add a member.
    return member.tobuf(tarfile.GNU_FORMAT)


def padding(size: int) -> int:
    """Return how many zero bytes follow ``size`` bytes of content."""
    return -size % BLOCK


def end_after(members: int) -> int:
    """Return how many zero bytes end an archive whose members take ``members`` bytes."""
    return _END + -(members + _END) % _RECORD


def _path(content: bytes) -> str:
    return f"blobs/sha256/{Digest.of(content).hex}"
