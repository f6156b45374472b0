"""What a model claims of itself: its metrics.json."""

from typing import Any

import msgspec

from ci_steps.model.wire import decoded


class _Claim(msgspec.Struct, frozen=True):
    metric: str
    value: float
    slice: dict[str, Any] | None = None


class _Claims(msgspec.Struct, frozen=True):
    metrics: tuple[_Claim, ...] = ()


def claims_in(content: bytes, *, where: str) -> dict[str, float]:
    """Return the values that are claimed, in their order, each by its metric and slice."""
    named: dict[str, float] = {}
    for claim in decoded(content, _Claims, where=where).metrics:
        slices = ", ".join(f"{key}={value}" for key, value in (claim.slice or {}).items())
        named[f"{claim.metric} where {slices}" if slices else claim.metric] = claim.value
    return named
