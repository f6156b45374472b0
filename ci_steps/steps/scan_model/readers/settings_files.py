"""JSON that other programs take orders from: classes to make, Python to fetch, templates to render."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ci_steps.steps.scan_model.content import Buffer, Problem, Shown, unreadable
from ci_steps.steps.scan_model.names import spelled
from ci_steps.steps.scan_model.readers import keras
from ci_steps.steps.scan_model.readers.templates import of_templates

LARGEST = 64 << 20
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_TARGET = re.compile(rb"_target_[\"']?\s*:")
# What YAML may write for a letter of a key, and how a key gets another name.
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|u00([0-9A-Fa-f]{2})|U000000([0-9A-Fa-f]{2})|\r?\n[ \t]*)")
_ANCHORED = re.compile(rb"&\S+\s+(?:!\S*\s+)?[\"']?_target_")
_TARGETED = re.compile(
    rb"_target_[\"']?[ \t]*:[ \t]*[\"']?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)[\"']?[ \t]*(?=$|[,}#\r\n])",
    re.MULTILINE,
)
_WORTH_A_LOOK = re.compile(
    rb'"(?:auto_map|custom_pipelines?|trust_remote_code|_target_|chat_template|class_name|nbformat|learner'
    rb"|oblivious_trees|type|activation_fn|sbert_ce_default_activation_function|auto_mapping|_class_name)\"|\\u00"
)


def settings(buffer: Buffer, kind: str) -> Shown:
    """Return what a text of JSON would have other programs run."""
    if kind != "json" or not _WORTH_A_LOOK.search(buffer):
        return Shown(kind)
    if len(buffer) > LARGEST:
        return Shown(kind, problems=(unreadable(f"JSON larger than {LARGEST >> 20} MiB that names classes"),))
    try:
        tree = json.loads(buffer[:], object_pairs_hook=_every)
    except (ValueError, RecursionError) as error:
        return Shown(kind, problems=(unreadable(f"its JSON cannot be read: {error}"[:200]),))
    return _told(tree, kind)


def more_than_json(buffer: Buffer) -> str:
    """Return what is behind a text of JSON, where the file begins as one; empty where it does not."""
    if len(buffer) > LARGEST:
        return ""
    # A byte a letter, so that the end of the text is the place in the file.
    text = buffer[:].decode("latin-1")
    try:
        end = json.JSONDecoder().raw_decode(text)[1]
    except (ValueError, RecursionError):
        return ""
    rest = text[end:].lstrip(" \t\r\n")
    pickled = ", which begin as a pickle" if rest.startswith("\x80") else ""
    return f"JSON text with {len(rest):,} bytes of something else behind it{pickled}" if rest else ""


def hydra(buffer: Buffer) -> Shown:
    """Return what a plain text would have made where Hydra reads it as YAML."""
    found = _TARGETED.findall(buffer)
    names = (name.decode().rpartition(".") for name in found)
    plain = _ESCAPE.sub(lambda each: bytes.fromhex((each[1] or each[2] or each[3] or b"").decode()), buffer)
    unclear = len(found) != len(_TARGET.findall(plain)) or _ANCHORED.search(plain) is not None
    problems = (unreadable("a _target_ that does not plainly name a class"),) if unclear else ()
    return Shown("text", globals=frozenset(spelled(m, n) for m, _, n in names), problems=problems)


class _Object(dict[str, Any]):
    """An object of JSON, and whether a key is there twice: readers differ in which one they take."""

    twice = False


def _every(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        found.twice = True
    return found


def _told(tree: Any, kind: str) -> Shown:
    names: set[str] = set()
    problems: list[Problem] = []
    templates: dict[str, str] = {}
    runs: list[str] = []
    remote = ""
    for part in _objects(tree):
        if part.twice:
            problems.append(unreadable("a key is there twice in an object of its JSON"))
        for target in _made(part):
            module, _, name = target.rpartition(".")
            names.add(spelled(module, name))
        named = [text for key in ("auto_map", "custom_pipelines") for text in _texts(part.get(key))]
        if isinstance(part.get("_class_name"), list):  # a file of the model, and its class
            named += _texts(part["_class_name"])
        if named:
            runs.append(f"JSON that names Python to run, {named[0][:80]!a}")
            remote = next((text for text in named if "--" in text or "/" in text), remote)
        if part.get("trust_remote_code") is True:
            remote = "trust_remote_code"
        templates |= dict(_templates(part))
    if remote:
        return Shown(kind, runs=f"JSON that has Python fetched and run, {remote[:80]!a}")
    notebook = isinstance(tree, dict) and "nbformat" in tree and "cells" in tree
    shown = of_templates("notebook" if notebook else kind, templates, tuple(dict.fromkeys(problems)))
    if keras.is_config(tree):
        built = keras.configured(tree)
        names |= built.globals
        shown = Shown(
            "keras", problems=(*shown.problems, *built.problems), runs=built.runs, notes=shown.notes
        )
    if notebook:
        runs.append("a notebook")
    runs += [shown.runs] if shown.runs else []
    return Shown(
        shown.format,
        globals=frozenset(names),
        problems=shown.problems,
        runs=runs[0] if runs else "",
        source=bool(runs) and shown.format != "keras",
        notes=shown.notes,
    )


def _made(part: dict[str, Any]) -> Iterator[str]:
    """Give what an object has imported and called: by Hydra, sentence-transformers, PEFT or diffusers."""
    if isinstance(part.get("_target_"), str):
        yield part["_target_"]
    keys = ["sbert_ce_default_activation_function", "activation_fn"]
    keys += ["type"] if {"name", "path"} <= part.keys() else []
    for named in map(part.get, keys):
        if isinstance(named, str) and _MODULE.fullmatch(named):
            yield named
    mapping = part.get("auto_mapping")
    if isinstance(mapping, dict) and isinstance(mapping.get("parent_library"), str):
        yield f"{mapping['parent_library']}.{mapping.get('base_model_class')}"
    for pair in part.values() if "_class_name" in part else ():
        match pair:
            case [str(library), str(name)]:
                yield f"{library}.{name}"


def _templates(part: dict[str, Any]) -> Iterator[tuple[str, str]]:
    value = part.get("chat_template")
    if isinstance(value, str):
        yield "chat_template", value
    for each in value if isinstance(value, list) else []:
        if isinstance(each, dict) and isinstance(each.get("template"), str):
            yield f"chat_template {each.get('name')}"[:80], each["template"]


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, list | dict):
            waiting.extend(part.values() if isinstance(part, dict) else part)


def _objects(tree: Any) -> Iterator[_Object]:
    waiting = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, _Object):
            waiting.extend(value.values())
            yield value
        elif isinstance(value, list):
            waiting.extend(value)
