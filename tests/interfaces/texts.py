"""Texts that a pattern finds, made from the pattern."""

import re
from collections.abc import Iterable, Sequence
from random import Random
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_LETTERS = "abcxyzABC019_ -é"
_FOLLOWS = ("", "", "", "x", "0", " ")
"""What stands behind a pattern that does not say where it ends, most often nothing."""


def matching(pattern: str, rng: Random) -> str:
    """Return a text that ``pattern`` probably finds; whoever needs to be sure looks."""
    text = _all(parser.parse(pattern), rng)
    before = "" if "^" in pattern else rng.choice(_FOLLOWS)
    after = "" if "$" in pattern else rng.choice(_FOLLOWS)
    return f"{before}{text}{after}"


def found(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def _all(items: Iterable[Any], rng: Random) -> str:
    return "".join(_piece(item, rng) for item in items)


def _piece(item: tuple[Any, Any], rng: Random) -> str:
    kind, argument = str(item[0]), item[1]
    if kind == "LITERAL":
        return chr(argument)
    if kind in {"ANY", "NOT_LITERAL"}:
        return rng.choice([letter for letter in _LETTERS if ord(letter) != argument])
    if kind == "IN":
        return _one_of(argument, rng)
    low, high, items = 1, 1, ()
    if kind == "BRANCH":
        items = rng.choice(argument[1])
    elif kind == "SUBPATTERN":
        items = argument[-1]
    elif kind in {"MAX_REPEAT", "MIN_REPEAT"}:
        low, high, items = argument
    return "".join(_all(items, rng) for _ in range(rng.randint(low, min(int(high), low + 3))))


def _one_of(items: Sequence[tuple[Any, Any]], rng: Random) -> str:
    if str(items[0][0]) == "NEGATE":
        others = [letter for letter in _LETTERS if not any(_within(ord(letter), item) for item in items[1:])]
        return rng.choice(others) if others else "~"
    kind, argument = rng.choice(items)
    if str(kind) == "RANGE":
        return chr(rng.choice([argument[0], argument[1], rng.randint(*argument)]))
    if str(kind) == "LITERAL":
        return chr(argument)
    return {"CATEGORY_DIGIT": "7", "CATEGORY_SPACE": " "}.get(str(argument), "w")


def _within(code: int, item: tuple[Any, Any]) -> bool:
    kind, argument = item
    if str(kind) == "RANGE":
        return bool(argument[0] <= code <= argument[1])
    return bool(argument == code)
