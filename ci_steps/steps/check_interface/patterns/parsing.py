"""From a pattern to the set of texts in which it is found."""

from functools import lru_cache

from ci_steps.steps.check_interface.patterns.errors import ForeignPatternError, NoPatternError
from ci_steps.steps.check_interface.patterns.reading import Reader
from ci_steps.steps.check_interface.patterns.terms import (
    ALL,
    EMPTY,
    NOTHING,
    Term,
    character,
    either,
    followed,
    repeated,
)
from ci_steps.steps.check_interface.patterns.tree import Anchor, Any, Branch, Group, Node, Times

_LONGEST = 5_000


@lru_cache(maxsize=1024)
def parsed(pattern: str) -> Term:
    """Return the texts in which the pattern is found; PatternError where it is not such a set.

    >>> from ci_steps.steps.check_interface.effort import Effort
    >>> from ci_steps.steps.check_interface.patterns.terms import takes
    >>> [takes(parsed("^a+$|b"), text, Effort(1000)) for text in ("aa", "ac", "cbc")]
    [True, False, True]
    """
    if len(pattern) > _LONGEST:
        raise ForeignPatternError(f"it is longer than {_LONGEST} characters")
    try:
        reader = Reader(pattern)
        tree = reader.branches()
        if reader.at < len(pattern):
            raise NoPatternError(f"unbalanced parenthesis at {reader.at}")
        return either(_found(ALL, branch, ALL) for branch in tree)
    except RecursionError as error:
        raise ForeignPatternError("it is nested too deeply") from error


def _found(before: Term, branch: Branch, after: Term) -> Term:
    """Return the texts in which one alternative is found, with ``before`` and ``after`` around it."""
    inside = list(branch)
    while inside and inside[0] is Anchor.START:
        inside, before = inside[1:], EMPTY
    if inside and (spread := _spread(inside, 0)) is not None:
        return either(_found(before, each, after) for each in spread)
    while inside and inside[-1] is Anchor.END:
        inside, after = inside[:-1], EMPTY
    if inside and (spread := _spread(inside, -1)) is not None:
        return either(_found(before, each, after) for each in spread)
    term = after
    for node in reversed(inside):
        term = followed(_term(node), term)
    return followed(before, term)


def _spread(inside: list[Node], at: int) -> list[Branch] | None:
    """Return one branch for each alternative of the first or last group, where that holds an anchor."""
    group = inside[at]
    if not isinstance(group, Group) or not group.anchored:
        return None
    rest = inside[1:] if at == 0 else inside[:-1]
    return [(*each, *rest) if at == 0 else (*rest, *each) for each in group.branches]


def _term(node: Node) -> Term:
    if isinstance(node, Anchor):
        raise ForeignPatternError(f"{node.value} stands in the middle")
    if isinstance(node, Any):
        return character(node.chars)
    if isinstance(node, Times):
        return repeated(_term(node.node), node.low, node.high)
    terms = []
    for branch in node.branches:
        term = EMPTY
        for each in reversed(branch):
            term = followed(_term(each), term)
        terms.append(term)
    return either(terms) if terms else NOTHING
