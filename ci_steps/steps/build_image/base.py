"""The base image, as its registry holds it."""

import re
from typing import Any, Self

import msgspec

from ci_steps.documents import Layer
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.images import ImageRef
from ci_steps.model.value import Value
from ci_steps.model.wire import decoded
from ci_steps.ports import Registry

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_LAYERS = {
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
} | {
    kind: kind for kind in (f"application/vnd.oci.image.layer.v1.tar{end}" for end in ("", "+gzip", "+zstd"))
}
_VERSION = re.compile(r"3\.\d+(\.\d+)?")


class _Platform(msgspec.Struct):
    os: str = ""
    architecture: str = ""


class _Descriptor(msgspec.Struct, rename={"media_type": "mediaType"}):
    digest: str
    size: int
    media_type: str = ""
    platform: _Platform | None = None


class _Index(msgspec.Struct):
    manifests: tuple[_Descriptor, ...]


class _Manifest(msgspec.Struct):
    config: _Descriptor
    layers: tuple[_Descriptor, ...]


class _RootFs(msgspec.Struct):
    diff_ids: tuple[str, ...]


class _Config(msgspec.Struct):
    os: str
    architecture: str
    rootfs: _RootFs
    variant: str = ""
    config: dict[str, Any] | None = None
    history: tuple[dict[str, Any], ...] | None = None


class Base(Value, frozen=True):
    """What a serving image takes over from its base."""

    reference: ImageRef
    digest: Digest
    layers: tuple[Layer, ...]
    config: _Config

    @classmethod
    def read(cls, registry: Registry, reference: ImageRef, platform: str) -> Self:
        """Read the image that ``reference`` names now, or of an index the one for ``platform``."""
        content, media_type = registry.manifest(str(reference))
        digest = Digest.of(content)
        if media_type in _INDEXES:
            digest = _for_platform(decoded(content, _Index, where=str(reference)), platform, reference)
            content, media_type = registry.manifest(f"{reference.repository}@{digest}")
        if media_type not in _MANIFESTS:
            raise InputError(f"base image {reference} is of the unknown form {media_type!r}")
        manifest = decoded(content, _Manifest, where=f"base image {reference}")
        raw = registry.blob(reference.repository, Digest.parse(manifest.config.digest))
        config = decoded(raw, _Config, where=f"configuration of base image {reference}")
        layers = tuple(_layer(layer, reference) for layer in manifest.layers)
        if len(layers) != len(config.rootfs.diff_ids):
            raise InputError(
                f"base image {reference} has {len(layers)} layers but names {len(config.rootfs.diff_ids)}"
            )
        if (config.os, config.architecture) != tuple(platform.split("/")[:2]):
            raise InputError(
                f"base image {reference} is for {config.os}/{config.architecture}, wanted is {platform}",
                hint="set image.platform or image.base in release.yaml",
            )
        return cls(reference, digest, layers, config)

    @property
    def settings(self) -> dict[str, Any]:
        """Return what the base says about running a container: environment, user, command."""
        return self.config.config or {}

    def python(self, wanted: str) -> str:
        """Return the full version of the base's Python, which must be a ``wanted`` (major.minor) one."""
        env: list[str] = self.settings.get("Env") or []
        found = dict(line.partition("=")[::2] for line in env).get("PYTHON_VERSION", "")
        if not _VERSION.fullmatch(found):
            raise InputError(
                f"base image {self.reference} does not name its Python: PYTHON_VERSION is {found!r}",
                hint="take an image that sets it, such as python:3.11-slim-bookworm",
            )
        if found.split(".")[:2] != wanted.split("."):
            raise InputError(
                f"base image {self.reference} has Python {found}, the model wants {wanted}",
                hint="change image.base in release.yaml",
            )
        return found


def _for_platform(index: _Index, platform: str, reference: ImageRef) -> Digest:
    wanted = tuple(platform.split("/")[:2])
    for entry in index.manifests:
        if entry.platform and (entry.platform.os, entry.platform.architecture) == wanted:
            return Digest.parse(entry.digest)
    there = {f"{e.platform.os}/{e.platform.architecture}" for e in index.manifests if e.platform}
    raise InputError(
        f"base image {reference} is not made for {platform}, only for {', '.join(sorted(there)) or 'none'}",
        hint="set image.platform or image.base in release.yaml",
    )


def _layer(layer: _Descriptor, reference: ImageRef) -> Layer:
    if layer.media_type not in _LAYERS:
        raise InputError(f"base image {reference} has a layer of the unknown form {layer.media_type!r}")
    return Layer(
        purpose="base",
        digest=Digest.parse(layer.digest),
        size=layer.size,
        media_type=_LAYERS[layer.media_type],
    )
