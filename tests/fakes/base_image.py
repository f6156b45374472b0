"""A base image in a registry in memory."""

import gzip
import json
from typing import Any

from ci_steps.model.digest import Digest
from ci_steps.model.images import ImageRef
from tests.fakes.registry import MemoryRegistry

DOCKER = "application/vnd.docker"
REFERENCE = "127.0.0.1:5000/base/python:3.11-slim-bookworm"


def put_base(
    registry: MemoryRegistry,
    *,
    reference: str = REFERENCE,
    env: tuple[str, ...] = ("PATH=/usr/bin", "PYTHON_VERSION=3.11.2", "PYTHONPATH=/elsewhere"),
    architecture: str = "amd64",
    diff_ids: int = 1,
    layer_type: str = f"{DOCKER}.image.rootfs.diff.tar.gzip",
) -> Digest:
    """Put an image of one gzipped layer, as Docker pushes it, and return its digest."""
    ref = ImageRef.parse(reference)
    layer = gzip.compress(b"a base", mtime=0)
    config = json.dumps(
        {
            "os": "linux",
            "architecture": architecture,
            "config": {
                "Env": list(env),
                "Cmd": ["python3"],
                "Entrypoint": ["/entry"],
                "Labels": {"maintainer": "someone"},
            },
            "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(b"a base"))] * diff_ids},
            "history": [
                {"created_by": "ADD file", "created": "2026-01-01T00:00:00Z"},
                {"empty_layer": True},
            ],
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{DOCKER}.distribution.manifest.v2+json",
            "config": _part(f"{DOCKER}.container.image.v1+json", config),
            "layers": [_part(layer_type, layer)],
        }
    ).encode()
    for blob in (layer, config):
        registry.blobs[ref.repository, Digest.of(blob)] = blob
    return registry.put_manifest(ref.repository, ref.tag, manifest, f"{DOCKER}.distribution.manifest.v2+json")


def put_index(registry: MemoryRegistry, images: dict[str, Digest], *, reference: str = REFERENCE) -> Digest:
    """Put an index of ``images`` by platform and return its digest."""
    ref = ImageRef.parse(reference)
    entries = [
        {
            "mediaType": f"{DOCKER}.distribution.manifest.v2+json",
            "digest": str(digest),
            "size": 1,
            "platform": dict(zip(("os", "architecture"), platform.split("/"), strict=True)),
        }
        for platform, digest in images.items()
    ]
    kind = "application/vnd.oci.image.index.v1+json"
    content = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": entries}).encode()
    registry.manifests[ref.repository, str(Digest.of(content))] = (content, kind)
    return Digest.of(content)


def _part(kind: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": str(Digest.of(content)), "size": len(content)}
