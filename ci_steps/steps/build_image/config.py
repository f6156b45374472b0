"""The image's configuration and manifest; equal inputs give equal bytes."""

from typing import Any

from ci_steps.documents import Layer, Plan
from ci_steps.model.digest import Digest
from ci_steps.model.wire import canonical
from ci_steps.steps.build_image.base import Base

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_EPOCH = "1970-01-01T00:00:00Z"
_OF_KIT = "ci-steps build-image"


def labels(plan: Plan, base: Base, *, python: str, compiled_with: str, kit: str) -> dict[str, str]:
    """Return what the image says about itself: its ingredients, and no time and no person."""
    manifest = plan.manifest
    said = {
        "org.opencontainers.image.title": manifest.name,
        "org.opencontainers.image.revision": manifest.code.commit,
        "org.opencontainers.image.source": manifest.code.repository,
        "org.opencontainers.image.base.name": base.reference.tagged,
        "org.opencontainers.image.base.digest": str(base.digest),
        "ci_steps.model": manifest.name,
        "ci_steps.sha": plan.sha.hex,
        "ci_steps.lock": manifest.environment.lock_sha256,
        "ci_steps.data": ",".join(source.sha256 or source.mark for source in manifest.data),
        "ci_steps.config": manifest.config.sha256,
        "ci_steps.modules": ",".join(f"{module.name}@{module.sha.hex}" for module in manifest.modules),
        "ci_steps.origin": manifest.origin.address if manifest.origin else "",
        "ci_steps.python": python,
        "ci_steps.kit": kit,
        "ci_steps.compiled-with": compiled_with,
    }
    return {key: value for key, value in said.items() if value}


def image_config(base: Base, layers: tuple[Layer, ...], said: dict[str, str]) -> bytes:
    """Return the configuration: the base's environment, and everything else our own."""
    env = {"PYTHONPATH": "/opt/app:/opt/app/deps", "KIT_VERSION": said["ci_steps.kit"]}
    of_base = [line for line in base.settings.get("Env") or () if line.partition("=")[0] not in env]
    own = [layer for layer in layers if layer.purpose != "base"]
    content: dict[str, Any] = {
        "os": base.config.os,
        "architecture": base.config.architecture,
        "created": _EPOCH,
        "config": {
            "Env": [*of_base, *(f"{name}={value}" for name, value in env.items())],
            "User": "10001:10001",
            "WorkingDir": "/opt/app",
            "Cmd": ["python3", "-m", "serving"],
            "ExposedPorts": {"8080/tcp": {}},
            "Labels": said,
        },
        "rootfs": {
            "type": "layers",
            # an uncompressed layer is its own diff
            "diff_ids": [*base.config.rootfs.diff_ids, *(str(layer.digest) for layer in own)],
        },
        "history": [*_base_history(base), *(_line(layer.purpose) for layer in own)],
    }
    if base.config.variant:
        content["variant"] = base.config.variant
    return canonical(content)


def image_manifest(config: bytes, layers: tuple[Layer, ...]) -> bytes:
    """Return the manifest, whose digest is the image's."""
    return canonical(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": _CONFIG, "digest": str(Digest.of(config)), "size": len(config)},
            "layers": [
                {"mediaType": layer.media_type, "digest": str(layer.digest), "size": layer.size}
                for layer in layers
            ],
        }
    )


def _base_history(base: Base) -> list[dict[str, Any]]:
    """Return the base's own history, or one line a layer where it does not fit its layers."""
    history = list(base.config.history or ())
    filled = sum(not line.get("empty_layer", False) for line in history)
    return history if filled == len(base.layers) else [_line("base") for _ in base.layers]


def _line(purpose: str) -> dict[str, Any]:
    return {"created": _EPOCH, "created_by": f"{_OF_KIT}: {purpose}"}
