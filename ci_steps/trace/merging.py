"""The ingredients of two models that come from one, merged; and each thing that both changed apart."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from ci_steps.errors import InputError
from ci_steps.model.manifest import Code, DataSource, Manifest
from ci_steps.model.wire import Wire, canonical, plain
from ci_steps.ports import ModelStore
from ci_steps.trace.checkout import Checkout
from ci_steps.trace.difference import NOTHING, named, pins


class Conflict(Wire, frozen=True, kw_only=True):
    """One thing that both models changed, and not to the same."""

    kind: Annotated[str, Meta(description="code, data, config, environment, package or module")]
    what: Annotated[str, Meta(description="which one")]
    base: Annotated[str, Meta(description="what it was; - where it was not")]
    a: Annotated[str, Meta(description="what A has; - where it has none")]
    b: Annotated[str, Meta(description="what B has; - where it has none")]


class MergedCode(Wire, frozen=True, kw_only=True):
    """The code of both."""

    repository: Annotated[str, Meta(description="where the code lives; empty where nobody said")] = ""
    commit: Annotated[str, Meta(description="the commit that holds both; empty: there is none yet")] = ""
    tree: Annotated[str, Meta(description="what a merge of A's and B's commit would hold, if clean")] = ""


class Merged(Wire, frozen=True, kw_only=True):
    """What a training can start from; where there are conflicts, what they are about is as it was."""

    code: Annotated[MergedCode, Meta(description="ingredient: code")]
    data: Annotated[tuple[DataSource, ...], Meta(description="ingredient: data, sorted by URI")]
    config: Annotated[dict[str, Any], Meta(description="ingredient: configuration")]
    python: Annotated[str, Meta(description="major.minor version")]
    packages: Annotated[dict[str, str], Meta(description="version of every package, by its name")]
    modules: Annotated[dict[str, str], Meta(description="SHA of each model it stands on, by its name")]
    conflicts: Annotated[tuple[Conflict, ...], Meta(description="what both changed, and not to the same")]


class _Three:
    """Three sides merged key by key; what cannot be is noted, and stays as it was."""

    def __init__(self) -> None:
        self.conflicts: list[Conflict] = []

    def merged(self, kind: str, sides: Iterable[Mapping[str, Any]], place: str = "") -> dict[str, Any]:
        """Return what is in both; mappings in it are merged by their keys, lists are one value each."""
        base, a, b = sides
        result = {}
        for key in sorted({*base, *a, *b}):
            was, one, other = (side.get(key, _GONE) for side in (base, a, b))
            if isinstance(one, dict) and isinstance(other, dict):
                old = was if isinstance(was, dict) else {}
                result[key] = self.merged(kind, (old, one, other), f"{place}{key}.")
                continue
            chosen = self._chosen(was, one, other)
            if chosen is _BOTH:
                told = [_told(kind, side) for side in (was, one, other)]
                self.conflict(kind, f"{place}{key}", *told)
                chosen = was
            if chosen is not _GONE:
                result[key] = chosen
        return result

    def conflict(self, kind: str, what: str, base: str, a: str, b: str) -> None:
        found = Conflict(kind=kind, what=what, base=base or NOTHING, a=a or NOTHING, b=b or NOTHING)
        self.conflicts.append(found)

    @staticmethod
    def _chosen(base: Any, a: Any, b: Any) -> Any:
        if _same(a, b) or _same(b, base):
            return a
        return b if _same(a, base) else _BOTH


class _Mark:
    """What is no value."""


_GONE, _BOTH = _Mark(), _Mark()


def merged(base: Manifest, a: Manifest, b: Manifest, store: ModelStore, checkout: Checkout) -> Merged:
    """Return what ``a`` and ``b`` make together, seen from ``base``, which both came from."""
    three, models = _Three(), (base, a, b)
    code = _code(three, base.code, a.code, b.code, checkout)
    data = three.merged("data", (_by_uri(model) for model in models))
    config = three.merged("config", (model.config.values for model in models))
    python = three.merged("environment", ({"python": model.environment.python} for model in models))
    packages = three.merged("package", (pins(model, store) for model in models))
    modules = three.merged("module", ({each.name: each.sha.hex for each in m.modules} for m in models))
    return Merged(
        code=code,
        data=tuple(source for sources in data.values() for source in sources),
        config=config,
        python=str(python["python"]),
        packages=packages,
        modules=modules,
        conflicts=tuple(three.conflicts),
    )


def _code(three: _Three, base: Code, a: Code, b: Code, checkout: Checkout) -> MergedCode:
    """Return the code of both: one side's where the other's is as it was, else what git makes of both."""
    was, one, other = ({"repository": code.repository, "commit": code.commit} for code in (base, a, b))
    if a.dirty or b.dirty:
        told = ("changes that no commit has" if code.dirty else code.commit for code in (base, a, b))
        three.conflict("code", "commit", *told)
        return MergedCode(**was)
    if other in (one, was):
        return MergedCode(**one)
    if one == was:
        return MergedCode(**other)
    repository = three.merged("code", ({"repository": side["repository"]} for side in (was, one, other)))
    where = str(repository["repository"])
    if a.commit == b.commit:
        return MergedCode(repository=where, commit=a.commit)
    if not (a.commit and b.commit):
        three.conflict("code", "commit", base.commit, a.commit, b.commit)
        return MergedCode(repository=where, commit=base.commit)
    if not checkout.has(a.commit, b.commit):
        raise InputError(
            f"both changed the code, and {checkout.folder} is no git checkout that has {a.commit[:12]} and "
            f"{b.commit[:12]}",
            hint="name one with --code; `git fetch` there first, if need be",
        )
    result = checkout.merged(a.commit, b.commit)
    for path, blobs in sorted(result.conflicts.items()):
        three.conflict("code", path, *blobs)
    return MergedCode(repository=where, commit=result.commit, tree=result.tree)


def started(merged: Merged, name: str) -> Iterator[str]:
    """Give the lines of a `model.yaml` that a training can start from; it is the same for the same models."""
    import yaml

    code = merged.code
    part: dict[str, Any] = {"name": name}
    if code.commit:
        part["code"] = {"repository": code.repository, "commit": code.commit}
    elif code.tree:
        yield f"# code: merge the two commits (tree {code.tree}), and train in the checkout of the merge\n"
    part["data"] = [plain(source) for source in merged.data]
    part["config"] = merged.config
    if merged.modules:
        part["modules"] = [f"{module}@{sha}" for module, sha in merged.modules.items()]
    part["python"] = merged.python
    yield yaml.safe_dump(part, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)


def _by_uri(model: Manifest) -> dict[str, tuple[DataSource, ...]]:
    """Return the data of a model by where it lies; one place may be named in several versions."""
    found: dict[str, tuple[DataSource, ...]] = {}
    for source in model.data:
        found[source.uri] = (*found.get(source.uri, ()), source)
    return found


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are one in a manifest: 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, _Mark) or isinstance(other, _Mark):
        return one is other
    return canonical(one) == canonical(other)


def _told(kind: str, value: Any) -> str:
    if isinstance(value, _Mark):
        return NOTHING
    if isinstance(value, tuple):
        return ", ".join(named(source) for source in value)
    return canonical(value).decode() if kind == "config" else str(value)
