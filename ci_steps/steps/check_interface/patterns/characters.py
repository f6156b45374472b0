"""Sets of characters, as sorted ranges of code points."""

import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import TypeAlias

Characters: TypeAlias = tuple[tuple[int, int], ...]
"""Ranges with both ends in them, sorted, with a gap between any two."""

LAST = 0x10FFFF


def union(ranges: Iterable[tuple[int, int]]) -> Characters:
    """Return the characters of all the ranges.

    >>> union([(5, 9), (1, 3), (4, 4)])
    ((1, 9),)
    """
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def all_but(characters: Characters) -> Characters:
    """Return every other character.

    >>> all_but(((0, 9), (11, LAST)))
    ((10, 10),)
    """
    start, left = 0, []
    for low, high in characters:
        if start < low:
            left.append((start, low - 1))
        start = high + 1
    return (*left, (start, LAST)) if start <= LAST else tuple(left)


def one_of(text: str) -> Characters:
    return union((ord(char), ord(char)) for char in text)


def holds(characters: Characters, code: int) -> bool:
    return any(low <= code <= high for low, high in characters)


ANY: Characters = ((0, LAST),)
DIGITS = union([(ord("0"), ord("9"))])
WORD = union([*DIGITS, (ord("A"), ord("Z")), (ord("a"), ord("z")), (ord("_"), ord("_"))])
LINE_ENDS = one_of("\n\r\u2028\u2029")
SPACE = union([*one_of("\t\v\f \u00a0\ufeff\u1680\u202f\u205f\u3000"), *LINE_ENDS, (0x2000, 0x200A)])
"""ECMA-262's WhiteSpace and LineTerminator."""


@cache
def category(name: str) -> Characters:
    """Return the characters of a Unicode general category, or of all that begin with a letter such as L."""
    return union((code, code) for code in range(LAST + 1) if unicodedata.category(chr(code)).startswith(name))
