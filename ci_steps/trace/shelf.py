"""What a store has, a line a version: enough to tell one from the next."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.refs import ModelRef
from ci_steps.model.release import Release
from ci_steps.model.wire import Wire
from ci_steps.ports import ModelStore
from ci_steps.trace.difference import claims


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


def named(name: str, sha: Digest, tags: Mapping[str, Digest], live: Mapping[str, Release | None]) -> Shelved:
    """Return one version by its names alone; ``live`` is the release of each environment."""
    return Shelved(
        model=name,
        sha=sha.hex,
        tags=tuple(tag for tag, to in tags.items() if to == sha),
        live=tuple(where for where, one in live.items() if one and (one.model, one.sha) == (name, sha)),
    )


def described(row: Shelved, *, store: ModelStore) -> Shelved:
    """Return it with what its manifest and its metrics.json say; one that is broken says so."""
    try:
        manifest = store.manifest(ModelRef.exact(row.model, Digest(row.sha)))
        row = replace(row, size=sum(file.size for file in manifest.files))
        claimed = [Claimed(name=name, value=value) for name, value in claims(manifest, store).items()]
    except InputError as error:
        return replace(row, problem=str(error))
    return replace(row, metric=claimed[0]) if claimed else row
