"""Texts of a set, the shortest first; none where every way through the automaton was walked."""

from collections.abc import Iterator

from ci_steps.steps.check_interface.effort import Effort
from ci_steps.steps.check_interface.patterns.characters import LAST
from ci_steps.steps.check_interface.patterns.terms import ALL, NOTHING, Term, after, besides, both

_LIKED = "aA0 -_.@xe"
_SURROGATES = range(0xD800, 0xE000)


def words(term: Term, effort: Effort, *, low: int = 0, high: int | None = None) -> Iterator[str]:
    """Yield texts of ``low`` to ``high`` characters; it ends only where there is no other."""
    found: list[str] = []
    while (word := _shortest(both((term, besides(found))), low, high, effort)) is not None:
        yield word
        found.append(word)


def _shortest(term: Term, low: int, high: int | None, effort: Effort) -> str | None:
    """Return one of the shortest, or None: breadth first, each state once for each length that matters."""
    layer: dict[Term, str] = {term: ""}
    reached: set[Term] = set()
    length = 0
    while layer:
        if length >= low:
            # From here on a state that was reached before, with more room left, leads nowhere new.
            layer = {state: word for state, word in layer.items() if state not in reached}
            reached |= layer.keys()
            for state, word in layer.items():
                if state.empty:
                    return word
        if high is not None and length >= high:
            return None
        following: dict[Term, str] = {}
        for state, word in layer.items():
            effort.spend()
            if state is ALL:
                following.setdefault(state, word + "a")
                continue
            for code in _codes(state):
                then = after(state, code, effort)
                if then is not NOTHING:
                    following.setdefault(then, word + chr(code))
        layer, length = following, length + 1
    return None


def _codes(term: Term) -> list[int]:
    """Return a character from between any two borders, one that reads well where there is one."""
    borders = sorted({0, *term.borders} - {LAST + 1})
    ends = [*(border - 1 for border in borders[1:]), LAST]
    codes = [_nice(low, high) for low, high in zip(borders, ends, strict=True)]
    return sorted(codes, key=lambda code: (not 0x20 < code < 0x7F, code))


def _nice(low: int, high: int) -> int:
    for char in _LIKED:
        if low <= ord(char) <= high:
            return ord(char)
    if low <= 0x7E and high >= 0x21:
        return max(low, 0x21)
    if low in _SURROGATES and high > _SURROGATES[-1]:
        return _SURROGATES[-1] + 1
    return low
