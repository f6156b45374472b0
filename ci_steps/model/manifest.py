"""What a model is: its files and how they came to be."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from msgspec import Meta

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.refs import NAME
from ci_steps.model.wire import Wire, decoded, digest_of, plain

SCHEMA = 1
Hex64 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class ModelFile(Wire, frozen=True, kw_only=True):
    """One file of a model."""

    path: Annotated[str, Meta(description="relative, with forward slashes, inside the model folder")]
    size: Annotated[int, Meta(description="bytes", ge=0)]
    sha256: Annotated[Hex64, Meta(description="SHA-256 of its bytes")]

    @property
    def digest(self) -> Digest:
        return Digest(self.sha256)


class SklearnPredictor(Wire, tag_field="kind", tag="sklearn", frozen=True, kw_only=True):
    """An estimator in a joblib or skops file."""

    file: Annotated[str, Meta(description="path of the estimator's file")]
    features: Annotated[tuple[str, ...], Meta(description="request properties, in the order of columns")]


class PythonPredictor(Wire, tag_field="kind", tag="python", frozen=True, kw_only=True):
    """A class of the model's own, from `model/` only."""

    entry: Annotated[str, Meta(description="module:Class", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]


class PyfuncPredictor(Wire, tag_field="kind", tag="pyfunc", frozen=True, kw_only=True):
    """A model as MLflow saves it, loaded and asked by MLflow's own `pyfunc`."""

    folder: Annotated[str, Meta(description="the folder with the file MLmodel: model, or one below it")]


Predictor = SklearnPredictor | PythonPredictor | PyfuncPredictor


class Code(Wire, frozen=True, kw_only=True):
    """The commit that trained the model."""

    repository: Annotated[str, Meta(description="where the code lives; empty where nobody said")]
    commit: Annotated[
        str,
        Meta(description="full commit id; empty: nobody said", pattern="^([0-9a-f]{40}|[0-9a-f]{64}|)$"),
    ]
    dirty: Annotated[bool, Meta(description="whether the checkout held changes that no commit has")]


class DataSource(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """Data that the model learnt from."""

    uri: Annotated[str, Meta(description="where it lies")]
    sha256: Annotated[Hex64 | None, Meta(description="SHA-256 of its bytes; null: see the mark")] = None
    mark: Annotated[
        str, Meta(description="what else names these very bytes: md5:…, a commit, a version; empty: nothing")
    ] = ""

    @property
    def short(self) -> str:
        """What people read of the bytes' name."""
        return (self.sha256 or self.mark)[:12]


class Origin(Wire, frozen=True, kw_only=True):
    """The system that the model was brought from, and what it calls the model."""

    address: Annotated[str, Meta(description="its address there, resolved: mlflow:models/tweets/7")]
    facts: Annotated[
        dict[str, str], Meta(description="what that system says of how it came to be: run, user, version")
    ]


class Config(Wire, frozen=True, kw_only=True):
    """The values that the training was run with."""

    values: Annotated[dict[str, Any], Meta(description="hyperparameters and seeds")]
    sha256: Annotated[Hex64, Meta(description="SHA-256 of their canonical JSON")]


class Environment(Wire, frozen=True, kw_only=True):
    """What the code ran on, and what serves it."""

    python: Annotated[str, Meta(description="major.minor version", pattern=r"^3\.\d+$")]
    lock: Annotated[str, Meta(description="path of the lock file in the model")]
    lock_sha256: Annotated[Hex64, Meta(description="SHA-256 of the lock file")]


class Module(Wire, frozen=True, kw_only=True):
    """Another model that this one stands on, as a pre-processor: published apart, and part of this one."""

    name: Annotated[str, Meta(description="the module's name; its files lie in modules/<name>/")]
    sha: Annotated[Digest, Meta(description="its own SHA")]


class Manifest(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """Every file of a model and its four ingredients; its canonical JSON's SHA-256 is the model's SHA."""

    schema: Annotated[int, Meta(description="version of this form")]
    name: Annotated[str, Meta(description="the model's name")]
    files: Annotated[tuple[ModelFile, ...], Meta(description="every file but the manifest, sorted by path")]
    predictor: Annotated[Predictor, Meta(description="how it is loaded and asked")]
    code: Annotated[Code, Meta(description="ingredient: code")]
    data: Annotated[tuple[DataSource, ...], Meta(description="ingredient: data")]
    config: Annotated[Config, Meta(description="ingredient: configuration")]
    environment: Annotated[Environment, Meta(description="ingredient: environment")]
    origin: Annotated[
        Origin | None, Meta(description="where it was brought from; null: published by its folder")
    ] = None
    modules: Annotated[
        tuple[Module, ...], Meta(description="models that it stands on; their SHAs are in its own")
    ] = ()

    @classmethod
    def parse(cls, content: bytes, *, where: str) -> Self:
        """Read a manifest and refuse one that this version cannot know or that points outside its folder."""
        version = decoded(content, dict[str, Any], where=where).get("schema")
        if isinstance(version, int) and version > SCHEMA:
            raise InputError(
                f"{where}: manifest schema is {version}, this kit knows up to {SCHEMA}",
                hint="use a newer version of the kit",
            )
        manifest = decoded(content, cls, where=where)
        manifest.validate(where)
        return manifest

    def validate(self, where: str) -> None:
        """Refuse what could lead outside, is listed twice or unsorted, or contradicts the files or values."""
        if not NAME.fullmatch(self.name):
            raise InputError(
                f"{where}: {self.name!r} is not a model's name", hint="use a-z, 0-9, '.', '_', '-'"
            )
        for file in self.files:
            refuse_outside(file.path, where)
        paths = [file.path for file in self.files]
        if paths != sorted(set(paths)):
            raise InputError(
                f"{where}: its files are not sorted by path, each once", hint="publish the model anew"
            )
        if self.environment.lock not in paths:
            raise InputError(f"{where}: the lock {self.environment.lock!r} is not among its files")
        if self.file(self.environment.lock).sha256 != self.environment.lock_sha256:
            raise InputError(
                f"{where}: lock_sha256 is not that of its file {self.environment.lock}",
                hint="publish the model anew; do not use this one",
            )
        names = [module.name for module in self.modules]
        if len(set(names)) < len(names) or self.name in names:
            raise InputError(f"{where}: two modules have one name, or its own: {', '.join(names)}")
        if wrong := [name for name in names if not NAME.fullmatch(name)]:
            raise InputError(f"{where}: {wrong[0]!r} is not a module's name")
        if bare := [source.uri for source in self.data if not (source.sha256 or source.mark)]:
            raise InputError(
                f"{where}: nothing names the bytes of its data {bare[0]!r}", hint="write their sha256"
            )
        if digest_of(self.config.values).hex != self.config.sha256:
            raise InputError(
                f"{where}: the SHA-256 of config is not that of its values",
                hint="publish the model anew; do not use this one",
            )

    @property
    def sha(self) -> Digest:
        """The model's SHA."""
        return digest_of(self)

    def file(self, path: str) -> ModelFile:
        """Return the file at ``path``; a model without it is bad input."""
        for file in self.files:
            if file.path == path:
                return file
        raise InputError(
            f"model {self.name}@{self.sha.short} has no file {path!r}", hint="publish it with that file"
        )

    def has(self, path: str) -> bool:
        return any(file.path == path for file in self.files)

    @property
    def ingredients(self) -> dict[str, Any]:
        """Code, data, config, environment and, where it has them, origin and modules, as plain JSON."""
        always = ("code", "data", "config", "environment")
        found = (*always, *(key for key in ("origin", "modules") if getattr(self, key)))
        return {key: plain(getattr(self, key)) for key in found}


def refuse_outside(path: str, where: str) -> None:
    """Refuse a path that is absolute, climbs, or is not in its one plain form."""
    parts = PurePosixPath(path).parts
    climbs = path.startswith("/") or ".." in parts or "\\" in path or "\0" in path
    odd = not path.isprintable()  # a control character rewrites terminals; a lone surrogate is no UTF-8
    if climbs or odd or path != "/".join(parts) or path in {"", "."} or parts[0].endswith(":"):
        raise InputError(
            f"{where}: path {path!r} points outside the model's folder or is not plain",
            hint="a manifest holds relative paths such as model/model.joblib; do not use this model",
        )
