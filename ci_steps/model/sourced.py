"""What other systems say of a model, in the kit's own types."""

from typing import Annotated, Any

from msgspec import Meta

from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Code, DataSource, Origin
from ci_steps.model.value import Value
from ci_steps.model.wire import Wire

EVIDENCE = (
    "evaluations.jsonl",
    "golden.jsonl",
    "interface.json",
    "metrics.json",
    "model.yaml",
    "requirements.lock",
)
"""What lies beside `model/` in a model's folder, wherever a system that knows no such folder keeps it."""


class SourceFile(Wire, frozen=True, kw_only=True):
    """One file of a model where it lives, named so that other bytes in its place are noticed."""

    path: Annotated[str, Meta(description="relative, with forward slashes, inside the model")]
    size: Annotated[int, Meta(description="bytes", ge=0)]
    locator: Annotated[str, Meta(description="what its source finds it by: a key, a path; no secret")]
    mark: Annotated[str, Meta(description="version, generation or ETag of these very bytes; empty: none")] = (
        ""
    )
    checksums: Annotated[
        dict[str, str], Meta(description="what the source vouches for: sha256, md5 or crc32c, in hex")
    ] = {}


class Elsewhere(Wire, frozen=True, kw_only=True):
    """Where the bytes of one object lie, if not in the kit's store."""

    address: Annotated[str, Meta(description="the model's address, resolved")]
    file: Annotated[SourceFile, Meta(description="the file there")]


class Known(Value, frozen=True):
    """What a source knows of how a model came to be; what it does not, `model.yaml` must say."""

    name: str = ""
    code: Code | None = None
    data: tuple[DataSource, ...] = ()
    config: dict[str, Any] = {}
    python: str = ""
    """major.minor"""
    metrics: dict[str, float] = {}
    """What was measured there, by its name there."""


class Found(Value, frozen=True):
    """A model where it lives, before its bytes came."""

    origin: Origin
    """Its address, resolved: it names the same model tomorrow as far as the source can promise that."""
    files: tuple[SourceFile, ...]
    """Paths are as they lie there; a shape gives them the places that they have in a model's folder."""
    known: Known = Known()
    made: dict[str, bytes] = {}
    """Small files of the model that the source holds in another form, by their path."""
    packed: tuple[str, ...] = ()
    """Those of the files that are folders, each as a zip; its path ends in `.zip`."""
    said: tuple[str, ...] = ()
    """What a person should be told of it, a line each."""


class Imported(Wire, frozen=True, kw_only=True):
    """What an address was found to be: these files there, this model here."""

    address: Annotated[str, Meta(description="the address, resolved")]
    name: Annotated[str, Meta(description="the model's name")]
    sha: Annotated[Digest, Meta(description="the model's SHA")]
