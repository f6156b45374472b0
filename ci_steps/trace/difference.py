"""What differs between two models, ingredient by ingredient."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from ci_steps.model.manifest import DataSource, Manifest
from ci_steps.model.wire import Wire, canonical, decoded
from ci_steps.ports import ModelStore
from ci_steps.trace.checkout import Checkout
from ci_steps.trace.pins import pinned

NOTHING = "-"
_COMMITS = "commits of its own"
_KINDS = ("code", "data", "config", "environment", "package", "module", "origin", "metric", "file")


class Difference(Wire, frozen=True, kw_only=True):
    """One thing that is not the same on both sides."""

    kind: Annotated[str, Meta(description=f"one of {', '.join(_KINDS)}")]
    what: Annotated[str, Meta(description="which one")]
    old: Annotated[str, Meta(description="the old side; - where there is none")]
    new: Annotated[str, Meta(description="the new side; - where there is none")]


def compared(
    old: Manifest, new: Manifest, store: ModelStore, checkout: Checkout | None = None
) -> list[Difference]:
    """Return every difference between two models, ingredients first.

    Where ``checkout`` has both commits, they are told with the commits and the files between them.
    """
    sides = [_facts(manifest, store) for manifest in (old, new)]
    found = [
        Difference(kind=kind, what=what, old=before, new=after)
        for kind, what in dict.fromkeys([*sides[0], *sides[1]])
        if (before := sides[0].get((kind, what), NOTHING)) != (after := sides[1].get((kind, what), NOTHING))
    ]
    if old.environment.lock_sha256 != new.environment.lock_sha256:
        found += _packages(old, new, store)
    if checkout and old.code.commit != new.code.commit and checkout.has(old.code.commit, new.code.commit):
        found += _code(old.code.commit, new.code.commit, checkout)
    return sorted(found, key=lambda each: _KINDS.index(each.kind))


def is_code_untold(found: Iterable[Difference]) -> bool:
    """Return whether there are two commits, and nothing was said of what lies between them."""
    told = {each.what: each for each in found if each.kind == "code"}
    commit = told.get("commit")
    return commit is not None and NOTHING not in {commit.old, commit.new} and _COMMITS not in told


def named(source: DataSource) -> str:
    """Return what names the bytes of data."""
    return f"sha256:{source.sha256}" if source.sha256 else source.mark


def flat(values: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """Give every value of a configuration as JSON, by its dotted key; equal values are the same text."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{place}{key}.")
        else:
            yield f"{place}{key}", canonical(value).decode()


def pins(manifest: Manifest, store: ModelStore) -> dict[str, str]:
    """Return what the lock of a model pins."""
    return pinned(store.content(manifest.file(manifest.environment.lock).digest))


def _facts(manifest: Manifest, store: ModelStore) -> dict[tuple[str, str], str]:
    code, environment = manifest.code, manifest.environment
    facts = {
        ("code", "commit"): code.commit or NOTHING,
        ("code", "repository"): code.repository or NOTHING,
        ("code", "changes that no commit has"): "yes" if code.dirty else "no",
        ("environment", "python"): environment.python,
        ("environment", "lock"): environment.lock_sha256,
    }
    facts |= {("data", source.uri): named(source) for source in manifest.data}
    facts |= {("config", key): value for key, value in flat(manifest.config.values)}
    facts |= {("module", module.name): module.sha.hex for module in manifest.modules}
    if manifest.origin:
        facts["origin", "address"] = manifest.origin.address
        facts |= {("origin", fact): said for fact, said in manifest.origin.facts.items()}
    facts |= {("metric", name): f"{value:g}" for name, value in claims(manifest, store).items()}
    return facts | {("file", file.path): f"{file.sha256} {file.size:,} bytes" for file in manifest.files}


def _packages(old: Manifest, new: Manifest, store: ModelStore) -> Iterator[Difference]:
    before, after = pins(old, store), pins(new, store)
    for name in sorted(before.keys() | after.keys()):
        was, is_ = before.get(name, NOTHING), after.get(name, NOTHING)
        if was != is_:
            yield Difference(kind="package", what=name, old=was, new=is_)


def _code(old: str, new: str, checkout: Checkout) -> Iterator[Difference]:
    between = checkout.between(old, new)
    yield Difference(kind="code", what=_COMMITS, old=str(between.behind), new=str(between.ahead))
    for path, blobs in between.files.items():
        before, after = (blob if blob.strip("0") else NOTHING for blob in blobs)
        yield Difference(kind="code", what=path, old=before, new=after)


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
