"""skops: a tree of nodes in JSON that name classes and functions, and members with their numbers."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ci_steps.steps.scan_model.content import Problem, Shown, trick, unreadable
from ci_steps.steps.scan_model.names import spelled, words

PROTOCOL = 2
_LOADERS = words(
    "DictNode DefaultDictNode ListNode SetNode TupleNode BytesNode BytearrayNode SliceNode FunctionNode "
    "MethodNode PartialNode TypeNode ConstructorFromReduceNode ObjectNode JsonNode NdArrayNode "
    "MaskedArrayNode DTypeNode RandomStateNode RandomGeneratorNode SparseMatrixNode "
    "TreeNode LossNode CachedNode OperatorFuncNode"
)
_BIT_GENERATORS = words("MT19937 PCG64 PCG64DXSM Philox SFC64")
_BYTES = words("BytesNode BytearrayNode")


def skops(schema: bytes, members: Mapping[str, Shown]) -> Shown:
    """Return what the schema would import; its members are what an array's file and others hold."""
    try:
        tree = json.loads(schema)
    except (ValueError, RecursionError) as error:
        return Shown("skops", problems=(unreadable(f"its schema.json is not JSON: {error}"),))
    if not isinstance(tree, dict) or tree.get("protocol") != PROTOCOL:
        return Shown(
            "skops", problems=(unreadable("its skops protocol is not 2: dump it with skops 0.12 or later"),)
        )
    found: set[str] = set()
    problems: dict[str, Problem] = {}
    used: dict[str, str] = {}
    for node in _nodes(tree):
        loader = node["__loader__"]
        if loader not in _LOADERS:
            problems[str(loader)] = unreadable(f"a skops node of kind {loader!a}")
        elif loader == "RandomGeneratorNode" and _bit_generator(node) not in _BIT_GENERATORS:
            problems[loader] = unreadable("a random generator of an unknown kind")
        if isinstance(node.get("file"), str):
            used[node["file"]] = str(loader)
        # A cached node takes what another one made, and JSON makes plain values.
        if loader not in {"JsonNode", "CachedNode"}:
            found |= _names(node)
    found |= {name for member in members.values() for name in member.globals}
    others = (*problems.values(), *_members(used, members))
    return Shown("skops", globals=frozenset(found), problems=tuple(dict.fromkeys(others)))


def _members(used: Mapping[str, str], members: Mapping[str, Shown]) -> Iterator[Problem]:
    """Give what is wrong with the members, which nodes of these loaders use."""
    for name in sorted(used.keys() ^ members.keys()):
        state = "is missing" if name in used else "is there and nothing refers to it"
        yield unreadable(f"member {name[:200]!a} {state}")
    for name, member in members.items():
        if member.pickled:
            yield trick(f"member {name[:200]!a} holds pickled objects, which skops never writes")
        elif used.get(name) not in _BYTES:
            yield from member.problems
            if not member.format.startswith("np"):
                yield unreadable(f"member {name[:200]!a} is no array but {member.format}")


def _bit_generator(node: Any) -> str:
    """Return the name in a random generator's state, which skops turns into a class of `numpy.random`."""
    try:
        return str(json.loads(node["content"]["bit_generator"]["content"]["bit_generator"]["content"]))
    except (KeyError, TypeError, ValueError, RecursionError):
        return ""


def _names(node: dict[str, Any]) -> set[str]:
    module, name = str(node.get("__module__")), str(node.get("__class__"))
    names = {spelled(module, name)}
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
