"""Zip files: numpy's npz and skops are read, code in an archive is refused, the rest is nobody's."""

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, cast

from ci_steps.model.verdict import Verdict
from ci_steps.steps.scan_model.code import kind_by_name
from ci_steps.steps.scan_model.content import Content, Problem, Shown, unreadable
from ci_steps.steps.scan_model.names import spelled, words
from ci_steps.steps.scan_model.numpy_files import npy

MOST_MEMBER = 64 << 20
_SKOPS_PROTOCOL = 2
_SKOPS_LOADERS = words(
    "DictNode DefaultDictNode ListNode SetNode TupleNode BytesNode BytearrayNode SliceNode FunctionNode "
    "MethodNode PartialNode TypeNode ConstructorFromReduceNode ObjectNode JsonNode NdArrayNode "
    "MaskedArrayNode DTypeNode RandomStateNode RandomGeneratorNode SparseMatrixNode "
    "TreeNode LossNode CachedNode"
)

_BIT_GENERATORS = words("MT19937 PCG64 PCG64DXSM Philox SFC64")


def zipped(content: Content) -> Shown:
    """Return what a zip file holds, member by member."""
    try:
        with zipfile.ZipFile(content.file) as archive:
            return _members(archive)
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, NotImplementedError) as error:
        return Shown("zip", problems=(unreadable(f"the zip file cannot be read: {error}"),))
    except (RuntimeError, ValueError, UnicodeDecodeError) as error:  # an encrypted member; a broken header
        return Shown("zip", problems=(unreadable(f"the zip file cannot be read: {error}"),))


def _members(archive: zipfile.ZipFile) -> Shown:
    names = [member.filename for member in archive.infolist() if not member.is_dir()]
    code = [name for name in names if kind_by_name(name)]
    if code:
        return Shown("zip", runs=f"an archive with code in it: {code[0]}")
    if len(set(names)) < len(names):
        return Shown("zip", problems=(unreadable("two members of the zip file have the same name"),))
    if "schema.json" in names:
        return _skops(archive)
    if names and all(name.endswith(".npy") for name in names):
        return _npz(archive)
    kind = "torch" if any(PurePosixPath(name).name == "data.pkl" for name in names) else "zip"
    return Shown(kind, problems=(unreadable(f"a {kind} archive of {len(names)} members"),))


def _npz(archive: zipfile.ZipFile) -> Shown:
    shown = []
    for member in archive.infolist():
        if member.file_size > MOST_MEMBER:
            with archive.open(member) as file:
                head = file.read(1 << 16)
            shown.append(npy(head, member.file_size, f"{member.filename}: "))
        else:
            shown.append(npy(archive.read(member), member.file_size, f"{member.filename}: "))
    return Shown(
        "npz with objects" if any(s.pickled for s in shown) else "npz",
        globals=frozenset().union(*(s.globals for s in shown)),
        problems=tuple(p for s in shown for p in s.problems),
        pickled=any(s.pickled for s in shown),
    )


def _skops(archive: zipfile.ZipFile) -> Shown:
    if archive.getinfo("schema.json").file_size > MOST_MEMBER:
        return Shown("skops", problems=(unreadable("its schema.json is larger than 64 MiB"),))
    try:
        schema = json.loads(archive.read("schema.json"))
    except (ValueError, RecursionError) as error:
        return Shown("skops", problems=(unreadable(f"its schema.json is not JSON: {error}"),))
    if not isinstance(schema, dict) or schema.get("protocol") != _SKOPS_PROTOCOL:
        return Shown(
            "skops", problems=(unreadable("its skops protocol is not 2: dump it with skops 0.12 or later"),)
        )
    found: set[str] = set()
    problems: dict[str, Problem] = {}
    for node in _nodes(schema):
        loader = node["__loader__"]
        if loader not in _SKOPS_LOADERS:
            problems[str(loader)] = unreadable(f"a skops node of kind {loader!a}")
        elif loader == "RandomGeneratorNode" and _bit_generator(node) not in _BIT_GENERATORS:
            problems[loader] = unreadable("a random generator of an unknown kind")
        elif loader != "JsonNode":
            found |= _node_names(node)
    return Shown("skops", globals=frozenset(found), problems=tuple(problems.values()))


def _bit_generator(node: Any) -> str:
    """Return the name in a random generator's state, which skops turns into a class of `numpy.random`."""
    try:
        return str(json.loads(node["content"]["bit_generator"]["content"]["bit_generator"]["content"]))
    except (KeyError, TypeError, ValueError, RecursionError):
        return ""


def _node_names(node: dict[str, Any]) -> set[str]:
    module, name = str(node.get("__module__")), str(node.get("__class__"))
    names = set() if node["__loader__"] == "CachedNode" else {spelled(module, name)}
    if node["__loader__"] == "MethodNode":
        content = node.get("content")
        method = content.get("func") if isinstance(content, dict) else None
        names.add(spelled(module, f"{name}.{method}"))
    if node["__loader__"] == "TreeNode":
        names.add("sklearn.tree._tree.Tree")
    return names


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Give every node of the tree, at any depth, without recursion: the file's author chose the depth."""
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
            if "__loader__" in value:
                yield cast("dict[str, Any]", value)
        elif isinstance(value, list):
            waiting.extend(value)


def polyglot(kind: str) -> Problem:
    """Say that the file is a zip file at its end and something else in front."""
    return Problem(
        kind="polyglot",
        verdict=Verdict.REFUSED,
        observed=f"it begins as {kind} and ends as a zip file",
        rule="a file is one thing only",
        next="do not load this file; ask where it came from",
    )
