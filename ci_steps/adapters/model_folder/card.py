"""`model.yaml`: how a model came to be, as its training wrote it."""

import re
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta
from msgspec.structs import replace

from ci_steps.adapters.yaml_file import YamlFile
from ci_steps.errors import InputError
from ci_steps.model.manifest import DataSource
from ci_steps.model.pachyderm import marked
from ci_steps.model.sourced import Found
from ci_steps.model.wire import Wire

_SIGNED = re.compile(
    r"[?&](x-amz-signature|x-goog-signature|sig|signature|token|access_token|password)=", re.IGNORECASE
)


class PredictorCard(Wire, frozen=True, kw_only=True):
    """How the model is loaded: one of the three."""

    sklearn: Annotated[str | None, Meta(description="path of a joblib or skops file")] = None
    features: Annotated[tuple[str, ...], Meta(description="request properties, in the order of columns")] = ()
    python: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None,
        Meta(description="module:Class in model/"),
    ] = None
    pyfunc: Annotated[str | None, Meta(description="the folder with an MLmodel file: model")] = None


class CodeCard(Wire, frozen=True, kw_only=True):
    """The commit that trained the model, where it is not the checkout's."""

    repository: Annotated[str, Meta(description="where the code lives")]
    commit: Annotated[str, Meta(description="full commit id", pattern="^([0-9a-f]{40}|[0-9a-f]{64})$")]


class ModelCard(Wire, frozen=True, kw_only=True):
    """What `model.yaml` says: how the model came to be."""

    name: Annotated[str, Meta(description="the model's name")]
    predictor: Annotated[PredictorCard, Meta(description="how it is loaded")]
    code: Annotated[CodeCard | None, Meta(description="the commit that trained it")] = None
    data: Annotated[tuple[DataSource, ...], Meta(description="data it learnt from", min_length=1)]
    config: Annotated[dict[str, Any], Meta(description="hyperparameters and seeds")]
    modules: Annotated[
        tuple[str, ...], Meta(description="models that it stands on: tokenizer@9f2c41d, or an address")
    ] = ()
    python: Annotated[str, Meta(description="major.minor version", pattern=r"^3\.\d+$")]


def read_card(path: Path) -> ModelCard:
    """Return what the file says; one with a password in an address is bad input."""
    card = YamlFile(path, ModelCard, "write how the model came to be; see the README").read()
    _refuse_secrets(card, path)
    return replace(card, data=tuple(marked(source, where=str(path)) for source in card.data))


class SourcedCard(Wire, frozen=True, kw_only=True):
    """A `model.yaml` that lies with a model elsewhere: what the system there knows may be left out."""

    name: str = ""
    predictor: PredictorCard
    code: CodeCard | None = None
    data: tuple[DataSource, ...] = ()
    config: dict[str, Any] = {}
    modules: tuple[str, ...] = ()
    python: Annotated[str, Meta(pattern=r"^(3\.\d+)?$")] = ""


def completed(path: Path, found: Found) -> ModelCard:
    """Return what the file says, completed by what its source knows; where the two differ it is bad input."""
    known, where = found.known, f"model.yaml of {found.origin.address}"
    hint = "put it there as `models publish` wants it, see the README; or name the folder that has it"
    card = YamlFile(path, SourcedCard, hint).read()
    commit = known.code.commit if known.code else ""
    both = [("python", card.python, known.python), ("commit", card.code.commit if card.code else "", commit)]
    shared = card.config.keys() & known.config
    both += [(f"config {key}", card.config[key], known.config[key]) for key in shared]
    for what, ours, theirs in both:
        if ours and theirs and ours != theirs and str(ours) != str(theirs):
            raise InputError(
                f"{where}: {what} is {str(ours)[:60]!r}, and its source says {str(theirs)[:60]!r}",
                hint="correct the one that is wrong; the source's is noted by the training itself",
            )
    named = tuple(marked(source, where=where) for source in card.data)
    data = {source.uri: source for source in (*named, *known.data)}
    whole = ModelCard(
        name=card.name or known.name,
        predictor=card.predictor,
        code=card.code,
        data=tuple(data.values()),
        config=known.config | card.config,
        modules=card.modules,
        python=card.python or known.python,
    )
    if not whole.name or not whole.python:
        what = "python" if whole.name else "name"
        raise InputError(
            f"{where} does not say its {what}, nor does its source", hint=f"write `{what}:` there"
        )
    _refuse_secrets(whole, path)
    return whole


def without_password(url: str) -> str:
    """Return an address without its login."""
    scheme, there, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    # The last @ ends the login: a password may hold one itself.
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}" if there else url


def _refuse_secrets(card: ModelCard, where: Path) -> None:
    """Refuse an address with a login: the manifest is in the image's labels and on /info, for everyone."""
    named = [("data", source.uri) for source in card.data]
    for key, url in [*named, ("code", card.code.repository)] if card.code else named:
        login = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
        if ":" in login or (login and url.startswith("http")) or _SIGNED.search(url):
            shown = without_password(url).partition("?")[0]
            raise InputError(
                f"{where}: {key} has an address with a password or token in it: {shown}",
                hint="write it without; whoever may ask /info would read it",
            )
