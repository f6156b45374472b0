"""One file of a model, told by its content."""

import zipfile
from dataclasses import dataclass, replace

from ci_steps.model.verdict import Verdict
from ci_steps.steps.scan_model import formats
from ci_steps.steps.scan_model.advice import advice
from ci_steps.steps.scan_model.archives import polyglot, zipped
from ci_steps.steps.scan_model.code import compiled, source, unreadable_source
from ci_steps.steps.scan_model.compressed import unwrapped
from ci_steps.steps.scan_model.content import Content, Problem, Shown, trailing, unreadable
from ci_steps.steps.scan_model.numpy_files import MAGIC, npy
from ci_steps.steps.scan_model.pickles import Walk


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file is, why it is source text if it is, and what other scanners say."""

    shown: Shown
    source: str = ""
    advice: tuple[str, ...] = ()


def read(path: str, content: Content) -> Reading:
    """Tell what the file is and what it would import. Nothing in it is run, loaded or imported."""
    if not content.buffer:
        return Reading(Shown("empty"))
    machine = compiled(path, content)
    if machine:
        return Reading(Shown("compiled code", runs=machine))
    written = source(path, content)
    if written:
        hidden = unreadable_source(content)
        problems = (_hidden(hidden),) if hidden else ()
        return Reading(Shown("source", problems=problems, runs=written), source=written)
    with unwrapped(content) as inner:
        if inner is None:
            return _plain(content)
        wrapped = compiled("", inner.content)
        reading = Reading(Shown("compiled code", runs=wrapped)) if wrapped else _plain(inner.content)
        shown = replace(
            reading.shown,
            format=f"{reading.shown.format}+{inner.kind}",
            problems=(*reading.shown.problems, *inner.problems),
        )
        return replace(reading, shown=shown)


def _plain(content: Content) -> Reading:
    walk = Walk(buffer=content.buffer).walk()
    # The length in front of a safetensors header can look like a PROTO.
    begins = not walk.headless and (bool(walk.globals) or not formats.safetensors(content.buffer))
    if begins or (walk.globals and walk.called):
        return Reading(_pickled(content, walk), advice=advice(content, walk.opcodes))
    shown = _unpickled(content)
    if walk.globals:
        shown = replace(shown, problems=(*shown.problems, _begins_as_pickle(walk)))
    doubtful = shown.pickled or any(p.kind == "unreadable" for p in shown.problems)
    return Reading(shown, advice=advice(content, walk.opcodes) if doubtful else ())


def _pickled(content: Content, walk: Walk) -> Shown:
    buffer, problems, names = content.buffer, list(walk.problems), set(walk.globals)
    if not walk.ended:
        problems.append(unreadable(f"its pickle cannot be read to its end: {walk.stopped}"))
    elif walk.at < len(buffer):
        problems.append(trailing(f"{len(buffer) - walk.at} bytes follow the pickle's end at {walk.at}"))
        names |= Walk(buffer=buffer, at=walk.at).walk().globals
    if _is_zip(content):
        problems.append(polyglot("a pickle"))
    # `pickle.load` does not know of arrays and takes what lies in them for opcodes.
    otherwise = Walk(buffer=buffer, plain=True).walk().globals if walk.arrays else set()
    return Shown(
        "joblib" if walk.arrays else "pickle",
        globals=frozenset(names),
        aside=frozenset(otherwise - names),
        problems=tuple(problems),
        pickled=True,
    )


def _unpickled(content: Content) -> Shown:
    if content.starts(b"PK\x03\x04", b"PK\x05\x06"):
        return zipped(content)
    if content.starts(MAGIC):
        shown = npy(content.buffer, len(content.buffer))
    elif formats.safetensors(content.buffer):
        shown = Shown("safetensors")
    elif written := formats.text(content.buffer):
        makes_objects = written == "text" and formats.YAML_OBJECT.search(content.buffer)
        shown = (
            Shown("yaml with objects", runs="YAML that makes Python objects")
            if makes_objects
            else Shown(written)
        )
    elif formats.onnx(content.buffer):
        shown = Shown("onnx")
    else:
        name = formats.unread(content)
        shown = Shown(name, problems=(unreadable(f"{name}: nobody could read it"),))
    if _is_zip(content):
        shown = replace(shown, problems=(*shown.problems, polyglot(shown.format)))
    return shown


def _is_zip(content: Content) -> bool:
    content.file.seek(0)
    return zipfile.is_zipfile(content.file)


def _begins_as_pickle(walk: Walk) -> Problem:
    names = ", ".join(sorted(walk.globals)[:3])
    return Problem(
        kind="polyglot",
        verdict=Verdict.INCONCLUSIVE,
        observed=f"read as a pickle, it would import {names} before it fails",
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
