"""One file of a model, told by its content."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ci_steps.model.verdict import Verdict
from ci_steps.steps.scan_model import formats
from ci_steps.steps.scan_model.advice import advice
from ci_steps.steps.scan_model.archives import tarred, zipped
from ci_steps.steps.scan_model.code import compiled, is_template, source, unreadable_source
from ci_steps.steps.scan_model.compressed import unwrapped
from ci_steps.steps.scan_model.content import Buffer, Content, Problem, Shown, polyglot, trailing, unreadable
from ci_steps.steps.scan_model.numpy_files import MAGIC, npy
from ci_steps.steps.scan_model.pickles import Walk
from ci_steps.steps.scan_model.readers import boosters, gguf, hdf5, onnx, safetensors, tars, torch, zips
from ci_steps.steps.scan_model.readers.mlmodel import is_mlmodel, mlmodel
from ci_steps.steps.scan_model.readers.place import Budget, Place, UnreadError
from ci_steps.steps.scan_model.readers.settings_files import hydra, settings
from ci_steps.steps.scan_model.readers.templates import of_templates

_MOST_USER_BLOCK = 1 << 30


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file is, why it is code that a person can read if it is, and what other scanners say."""

    shown: Shown
    source: str = ""
    advice: tuple[str, ...] = ()


def read(path: str, content: Content, sizes: Mapping[str, int] | None = None) -> Reading:
    """Tell what the file is and what it would import. Nothing in it is run, loaded or imported."""
    asked: list[str] = []

    def inner(content: Content, place: Place) -> Shown:
        return _shown(content, place, asked)

    place = Place(path, path, sizes or {}, Budget.of(len(content.buffer)), inner)
    shown = inner(content, place)
    return Reading(shown, source=shown.runs if shown.source else "", advice=tuple(asked))


def _shown(content: Content, place: Place, asked: list[str]) -> Shown:
    if not content.buffer:
        return Shown("empty")
    machine = compiled(place.name, content)
    if machine:
        return Shown("compiled code", runs=machine)
    written = source(place.name, content)
    if written:
        hidden = unreadable_source(content)
        return Shown("source", problems=(_hidden(hidden),) if hidden else (), runs=written, source=True)
    with unwrapped(content, place.budget) as wrapped:
        if wrapped is None:
            return _plain(content, place, asked)
        try:
            # The name is the wrapper's, and says nothing of what is in it.
            below = place.member("")
        except UnreadError as error:
            return Shown(wrapped.kind, problems=(error.problem,))
        shown = _shown(wrapped.content, below, asked)
        problems = (*shown.problems, *wrapped.problems)
        shown = replace(shown, format=f"{shown.format}+{wrapped.kind}", problems=problems, source=False)
        return _alone(shown, content)


def _plain(content: Content, place: Place, asked: list[str]) -> Shown:
    if torch.is_legacy(content.buffer):
        return _alone(torch.legacy(content.buffer), content)
    walk = Walk(buffer=content.buffer).walk()
    # The length in front of a safetensors header can look like a PROTO.
    begins = not walk.headless and (bool(walk.globals) or not safetensors.is_whole(content.buffer))
    if begins or (walk.globals and walk.called):
        asked += advice(content, walk.opcodes) if not asked else ()
        return _alone(_pickled(content, walk), content)
    shown = _unpickled(content, place)
    if walk.globals or walk.lost:
        shown = replace(shown, problems=(*shown.problems, _begins_as_pickle(walk)))
    doubtful = shown.format in {"npy with objects", "unknown binary"}
    asked += advice(content, walk.opcodes) if doubtful and not asked else ()
    return shown


def _pickled(content: Content, walk: Walk) -> Shown:
    buffer, problems, names = content.buffer, list(walk.problems), set(walk.globals)
    if not walk.ended:
        problems.append(unreadable(f"its pickle cannot be read to its end: {walk.stopped}"))
    elif walk.at < len(buffer):
        problems.append(trailing(f"{len(buffer) - walk.at} bytes follow the pickle's end at {walk.at}"))
        names |= Walk(buffer=buffer, at=walk.at).walk().globals
    # `pickle.load` does not know of arrays and takes what lies in them for opcodes.
    otherwise = Walk(buffer=buffer, plain=True).walk().globals if walk.arrays else set()
    return Shown(
        "joblib" if walk.arrays else "pickle",
        globals=frozenset(names),
        aside=frozenset(otherwise - names),
        problems=tuple(problems),
        pickled=True,
    )


def _unpickled(content: Content, place: Place) -> Shown:
    buffer = content.buffer
    if content.starts(b"PK\x03\x04", b"PK\x05\x06"):
        return _alone(zipped(content, place), content, but="zip")
    if tars.is_tar(buffer):
        return _alone(tarred(content, place), content, but="tar")
    if content.starts(hdf5.MAGIC):
        return _alone(hdf5.hdf5(content), content, but="hdf5")
    return _alone(_single(content, place), content)


def _single(content: Content, place: Place) -> Shown:
    buffer = content.buffer
    if safetensors.begins(buffer):
        return safetensors.safetensors(buffer)
    for magics, reader in _BY_MAGIC:
        if content.starts(*magics):
            return reader(buffer)
    if written := formats.text(buffer):
        return _text(content, place, written)
    binary = boosters.xgboost(buffer) if content.starts(b"{") else None
    graph = binary or onnx.onnx(buffer, place)
    if graph is not None:
        return graph
    name = formats.unread(content)
    return Shown(name, problems=(unreadable(f"{name}: nobody could read it"),))


_BY_MAGIC: tuple[tuple[tuple[bytes, ...], Callable[[Buffer], Shown]], ...] = (
    ((MAGIC,), npy),
    ((gguf.MAGIC,), gguf.gguf),
    ((boosters.CATBOOST,), boosters.catboost),
    (boosters.XGBOOST_BINARY, boosters.xgboost_binary),
)


def _text(content: Content, place: Place, written: str) -> Shown:
    if content.starts(*boosters.LIGHTGBM):
        return boosters.lightgbm(content.buffer)
    if written == "cut json":
        then = "write it again: it is cut off, or no JSON"
        return Shown("text", problems=(unreadable("it begins as JSON and is none", then),))
    if is_template(place.name):
        return of_templates("template", {"it": content.buffer[:].decode()})
    if is_mlmodel(place.name):
        return mlmodel(content.buffer)
    if written == "text" and formats.makes_objects(content.buffer):
        return Shown("yaml with objects", runs="YAML that makes Python objects")
    return hydra(content.buffer) if written == "text" else settings(content.buffer, written)


def _alone(shown: Shown, content: Content, but: str = "") -> Shown:
    """Refuse what another reader would take for something else."""
    buffer = content.buffer
    also = []
    if but != "zip" and zips.ends_as_zip(buffer):
        also.append(f"it begins as {shown.format} and ends as a zip file")
    if but != "tar" and tars.is_tar(buffer):
        also.append(f"it is {shown.format} and a tar archive")
    if but != "hdf5" and _has_user_block(content):
        also.append(f"it begins as {shown.format} and goes on as HDF5")
    return replace(shown, problems=(*shown.problems, *map(polyglot, also))) if also else shown


def _has_user_block(content: Content) -> bool:
    """Whether HDF5 begins at one of the places where its library looks for it: 512 bytes, 1024, and so on."""
    at = 512
    while at < min(len(content.buffer), _MOST_USER_BLOCK):
        if content.buffer[at : at + 8] == hdf5.MAGIC:
            return True
        at *= 2
    return False


def _begins_as_pickle(walk: Walk) -> Problem:
    names = ", ".join(sorted(walk.globals)[:3])
    seen = f"it would import {names} before it fails" if names else f"it cannot be followed: {walk.stopped}"
    return Problem(
        kind="polyglot",
        verdict=Verdict.INCONCLUSIVE,
        observed=f"read as a pickle, {seen}",
        rule="a file is one thing only",
        next="if it is a plain text, let it begin with another line, such as a comment",
    )


def _hidden(reason: str) -> Problem:
    return Problem(
        kind="code",
        verdict=Verdict.REFUSED,
        observed=f"source that nobody can read by looking at it: {reason}",
        rule="code is plain UTF-8 text that shows what it does",
        next="save it as UTF-8 without such characters",
    )
