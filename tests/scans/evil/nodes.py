"""skops's files: a tree of nodes, any of which may name what it should not."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

from tests.scans.evil.arrays import TRAPS, npy
from tests.scans.evil.specimen import RAN, TRAP, Evil, zipped

_IDS = itertools.count(1)


def node(loader: str, module: str, name: str, **content: Any) -> dict[str, Any]:
    return {"__loader__": loader, "__module__": module, "__class__": name, "__id__": next(_IDS), **content}


def value(content: Any) -> dict[str, Any]:
    return node("JsonNode", "builtins", "str", content=json.dumps(content), is_json=True)


def listed(*nodes: Any, loader: str = "ListNode", name: str = "list") -> dict[str, Any]:
    return node(loader, "builtins", name, content=list(nodes))


def skops(tree: Any, members: Mapping[str, bytes] | None = None, protocol: int = 2) -> bytes:
    schema = json.dumps({**tree, "protocol": protocol, "_skops_version": "0.16.0"})
    return zipped({"schema.json": schema.encode()} | dict(members or {}))


ARRAY = node("NdArrayNode", "numpy", "ndarray", type="numpy", file="1.npy")
MKDIR = node("FunctionNode", "posix", "mkdir", content={"module_path": "posix", "function": "mkdir"})
PARTIAL = node(
    "PartialNode",
    "functools",
    "partial",
    content={
        "func": MKDIR,
        "args": listed(value(RAN), loader="TupleNode", name="tuple"),
        "kwds": node("DictNode", "builtins", "dict", key_types=listed(), content={}),
        "namespace": node("DictNode", "builtins", "dict", key_types=listed(), content={}),
    },
)
TREES: dict[str, tuple[Any, dict[str, bytes]]] = {
    "a function of posix": (MKDIR, {}),
    "a partial that makes a folder": (PARTIAL, {}),
    "a method": (
        node("MethodNode", "sklearn.pipeline", "Pipeline", content={"func": "__init__", "obj": value(1)}),
        {},
    ),
    "a method of a private kind": (
        node("MethodNode", "builtins", "object", content={"func": "__subclasses__", "obj": value(1)}),
        {},
    ),
    "an object of an unknown type": (node("ObjectNode", "planted", "Evil", content=value(1)), {}),
    "an object of subprocess": (node("ObjectNode", "subprocess", "Popen", content=value(1)), {}),
    "an object made by its reduce": (
        node("ConstructorFromReduceNode", "posix", "mkdir", content=value(RAN)),
        {},
    ),
    "a reduce node": (node("ReduceNode", "posix", "mkdir", args=listed(value(RAN)), constructor=MKDIR), {}),
    "a loader that nobody knows": (node("EvilNode", "builtins", "list"), {}),
    "a type of os": (node("TypeNode", "os", "_Environ"), {}),
    "operator.attrgetter": (
        node("OperatorFuncNode", "operator", "attrgetter", attrs=value(["__class__"])),
        {},
    ),
    "operator.methodcaller": (
        node("OperatorFuncNode", "operator", "methodcaller", attrs=value(["system"])),
        {},
    ),
    "a tree of another class": (node("TreeNode", "posix", "mkdir", content=value(RAN)), {}),
    "a cached node with a class": (listed(node("CachedNode", "posix", "mkdir"), MKDIR), {}),
    "a bit generator of one's own": (
        node(
            "RandomGeneratorNode",
            "numpy.random",
            "Generator",
            content={"bit_generator": {"content": {"bit_generator": {"content": '"os"'}}}},
        ),
        {},
    ),
    "an array of objects": (ARRAY, {"1.npy": npy(TRAPS)}),
    "a pickle for an array": (ARRAY, {"1.npy": TRAP}),
    "a zip for an array": (ARRAY, {"1.npy": zipped({"a": TRAP})}),
    "a dtype of objects": (
        node("NdArrayNode", "numpy", "ndarray", type="json", content=[MKDIR], shape=value([1])),
        {},
    ),
    "a function in a list in a dict": (
        node("DictNode", "builtins", "dict", key_types=listed(), content={"a": listed(listed(MKDIR))}),
        {},
    ),
    "a function in a key's type": (
        node("DictNode", "builtins", "dict", key_types=listed(MKDIR), content={}),
        {},
    ),
    "a member that nothing refers to": (value(1), {"x.bin": TRAP}),
    "a member that is missing": (ARRAY, {}),
    "a defaultdict of a function": (
        node(
            "DefaultDictNode",
            "collections",
            "defaultdict",
            content={"default_factory": MKDIR, "main": value(1)},
        ),
        {},
    ),
}


def files() -> list[Evil]:
    made = {name: skops(tree, members) for name, (tree, members) in TREES.items()}
    others = {
        "an old protocol": skops(PARTIAL, protocol=1),
        "no protocol": zipped({"schema.json": json.dumps(MKDIR).encode()}),
        "a schema that is no JSON": zipped({"schema.json": b"{'a': 1}"}),
        "a schema in capitals": zipped({"SCHEMA.JSON": b"{}", "data.pkl": TRAP}),
        "a schema that is a pickle": zipped({"schema.json": TRAP}),
        "a schema that is too deep": zipped({"schema.json": b"[" * 20000}),
        "two schemas": skops(value(1)) + skops(MKDIR),
    }
    run = {"a partial that makes a folder"}
    return [
        Evil(name, content, "skops" if name in run else "", "model/model.skops")
        for name, content in (made | others).items()
    ]
