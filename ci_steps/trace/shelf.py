"""What a store has, a line a version: enough to tell one from the next."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from ci_steps.model.digest import Digest
from ci_steps.model.release import Release
from ci_steps.model.shelf import OnShelf
from ci_steps.model.wire import Wire


class Claimed(Wire, frozen=True, kw_only=True):
    """A metric as the model claims it."""

    name: Annotated[str, Meta(description="the metric, with its slice where it is of one")]
    value: Annotated[float, Meta(description="the value claimed")]


class Shelved(Wire, frozen=True, kw_only=True):
    """One version of a model in the store."""

    model: Annotated[str, Meta(description="the model's name")]
    sha: Annotated[str, Meta(description="the model's SHA")]
    tags: Annotated[tuple[str, ...], Meta(description="tags that stand for it")] = ()
    live: Annotated[tuple[str, ...], Meta(description="environments it is live in, by the ledger")] = ()
    size: Annotated[int | None, Meta(description="bytes of all files; null where nobody looked")] = None
    metric: Annotated[Claimed | None, Meta(description="the first claim of metrics.json")] = None
    problem: Annotated[str, Meta(description="why it cannot be read; empty where it can")] = ""
    versions: Annotated[
        int, Meta(description="of how many it is the newest, in a list of models; else 1")
    ] = 1


def shelved(
    name: str,
    row: OnShelf,
    tags: Mapping[str, Digest],
    live: Mapping[str, Release | None],
    *,
    versions: int = 1,
) -> Shelved:
    """Return one version as it is listed; ``live`` is the release of each environment."""
    claimed = row.metric is not None and row.value is not None
    return Shelved(
        model=name,
        sha=row.sha,
        tags=tuple(tag for tag, to in tags.items() if to.hex == row.sha),
        live=tuple(
            where for where, one in live.items() if one and (one.model, one.sha.hex) == (name, row.sha)
        ),
        size=row.size,
        metric=Claimed(name=row.metric or "", value=row.value or 0.0) if claimed else None,
        problem=row.problem,
        versions=versions,
    )
