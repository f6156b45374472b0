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
_TARGETED = re.compile(
    rb"_target_[\"']?[ \t]*:[ \t]*[\"']?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)[\"']?[ \t]*(?=$|[,}#\r\n])",
    re.MULTILINE,
)
_WORTH_A_LOOK = re.compile(
    rb'"(?:auto_map|custom_pipelines?|trust_remote_code|_target_|chat_template|class_name|nbformat|learner'
    rb"|oblivious_trees|type)\"|\\u00"
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


def hydra(buffer: Buffer) -> Shown:
    """Return what a plain text would have made where Hydra reads it as YAML."""
    found = _TARGETED.findall(buffer)
    names = (name.decode().rpartition(".") for name in found)
    unclear = len(found) != len(_TARGET.findall(buffer))
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
        named = list(_texts(part.get("auto_map"))) + list(_texts(part.get("custom_pipelines")))
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
    """Give the classes that an object has made: by Hydra, or as a module of sentence-transformers."""
    if isinstance(part.get("_target_"), str):
        yield part["_target_"]
    named = part.get("type")
    if isinstance(named, str) and _MODULE.fullmatch(named) and {"idx", "name", "path"} <= part.keys():
        yield named


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
