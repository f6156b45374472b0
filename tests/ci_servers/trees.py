"""The `tree` parameter of Jenkins' remote API: https://www.jenkins.io/doc/book/using/remote-access-api/."""

import re
from typing import Any

_TOKEN = re.compile(r"\w+|[\[\],]|\{\d*,\d*\}")


def pruned(value: Any, tree: str) -> Any:
    """Return what a tree leaves of a value; a field that the value could not have is a ValueError."""
    tokens = _TOKEN.findall(tree)
    if "".join(tokens) != tree:
        raise ValueError(f"not a tree: {tree}")
    wanted, rest = _fields(tokens)
    if rest:
        raise ValueError(f"not a tree: {tree}")
    return _left(value, wanted)


Fields = dict[str, tuple["Fields | None", slice]]


def _fields(tokens: list[str]) -> tuple[Fields, list[str]]:
    fields: Fields = {}
    while tokens and re.fullmatch(r"\w+", tokens[0]):
        name, *tokens = tokens
        inner, piece = None, slice(None)
        if tokens and tokens[0] == "[":
            inner, tokens = _fields(tokens[1:])
            if not tokens or tokens.pop(0) != "]":
                raise ValueError("an open bracket")
        if tokens and tokens[0].startswith("{"):
            low, high = tokens.pop(0)[1:-1].split(",")
            piece = slice(int(low or 0), int(high) if high else None)
        fields[name] = (inner, piece)
        if tokens and tokens[0] == ",":
            tokens = tokens[1:]
    return fields, tokens


def _left(value: Any, wanted: Fields) -> Any:
    if isinstance(value, list):
        return [_left(each, wanted) for each in value]
    found = {"_class": value["_class"]} if "_class" in value else {}
    for name, (inner, piece) in wanted.items():
        if name in value:
            each = value[name]
            each = each[piece] if isinstance(each, list) else each
            found[name] = _left(each, inner) if inner is not None and each is not None else each
    return found
