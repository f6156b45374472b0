"""What differs between two models."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from ci_steps.model.manifest import Manifest
from ci_steps.model.wire import Wire, decoded
from ci_steps.ports import ModelStore


class Difference(Wire, frozen=True, kw_only=True):
    """One thing that is not the same on both sides."""

    kind: Annotated[str, Meta(description="file, code, data, config, environment or metric")]
    what: Annotated[str, Meta(description="which one")]
    old: Annotated[str, Meta(description="the old side; - where there is none")]
    new: Annotated[str, Meta(description="the new side; - where there is none")]


def compared(old: Manifest, new: Manifest, store: ModelStore) -> list[Difference]:
    """Return every difference between two models, ingredients first."""
    sides = [_facts(manifest, store) for manifest in (old, new)]
    keys = list(dict.fromkeys([*sides[0], *sides[1]]))
    return [
        Difference(kind=kind, what=what, old=before, new=after)
        for kind, what in keys
        if (before := sides[0].get((kind, what), "-")) != (after := sides[1].get((kind, what), "-"))
    ]


def _facts(manifest: Manifest, store: ModelStore) -> dict[tuple[str, str], str]:
    facts = {
        ("code", "commit"): manifest.code.commit,
        ("code", "repository"): manifest.code.repository,
        ("environment", "python"): manifest.environment.python,
        ("environment", "lock"): manifest.environment.lock_sha256[:12],
    }
    facts |= {("module", module.name): module.sha.short for module in manifest.modules}
    if manifest.origin:
        facts["origin", "address"] = manifest.origin.address
    facts |= {("data", source.uri): source.short for source in manifest.data}
    facts |= {("config", key): str(value) for key, value in manifest.config.values.items()}
    facts |= {("metric", name): f"{value:g}" for name, value in claims(manifest, store).items()}
    return facts | {("file", file.path): f"{file.sha256[:12]} {file.size:,} bytes" for file in manifest.files}


class _Claim(Struct, frozen=True):
    metric: str
    value: float
    slice: dict[str, Any] | None = None


class _Claims(Struct, frozen=True):
    metrics: tuple[_Claim, ...] = ()


def claims(manifest: Manifest, store: ModelStore) -> dict[str, float]:
    """Return the metrics that a model claims, each by its name and slice."""
    if not manifest.has("metrics.json"):
        return {}
    content = store.content(manifest.file("metrics.json").digest)
    claimed = decoded(content, _Claims, where=f"metrics.json of {manifest.name}@{manifest.sha.short}")
    named: dict[str, float] = {}
    for claim in claimed.metrics:
        slices = ", ".join(f"{key}={value}" for key, value in (claim.slice or {}).items())
        named[f"{claim.metric} where {slices}" if slices else claim.metric] = claim.value
    return named
