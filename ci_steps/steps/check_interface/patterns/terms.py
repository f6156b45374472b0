"""Regular expressions with intersection and complement, taken apart by derivatives.

Brzozowski 1964; Owens, Reppy, Turon, "Regular-expression derivatives re-examined", 2009. A derivative is what
may follow after a character, so a text of n characters is asked in n steps, whatever the expression, and the
automaton of an intersection is built only as far as somebody walks through it.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, TypeAlias

from ci_steps.steps.check_interface.effort import Effort
from ci_steps.steps.check_interface.patterns.characters import ANY, Characters, holds


class Term:
    """A set of texts; the same expression is the same object."""

    __slots__ = ("after", "borders", "empty", "parts", "sort", "sorted")

    def __init__(self, sort: str, parts: tuple[object, ...], *, empty: bool, borders: frozenset[int]) -> None:
        self.sort = sort
        self.parts = parts
        self.empty = empty
        """Whether the empty text is among them."""
        self.borders = borders
        """Where the derivative may change: two characters with no border between them lead to the same."""
        self.sorted = sorted(borders)
        self.after: dict[int, Term] = {}


_Key: TypeAlias = tuple[object, ...]
_MADE: dict[_Key, Term] = {}
_MOST = 200_000
_NO_BORDERS: frozenset[int] = frozenset()


def _made(sort: str, *parts: object, empty: bool, borders: frozenset[int]) -> Term:
    key = (sort, *parts)
    term = _MADE.get(key)
    if term is None:
        term = _MADE[key] = Term(sort, parts, empty=empty, borders=borders)
    return term


def _of(chars: Characters) -> frozenset[int]:
    return frozenset(border for low, high in chars for border in (low, high + 1))


NOTHING: Final = _made("nothing", empty=False, borders=_NO_BORDERS)
EMPTY: Final = _made("empty", empty=True, borders=_NO_BORDERS)


def character(chars: Characters) -> Term:
    return _made("character", chars, empty=False, borders=_of(chars)) if chars else NOTHING


def followed(first: Term, then: Term) -> Term:
    """Return each of the first, followed by each of the second."""
    if first is NOTHING or then is NOTHING:
        return NOTHING
    if first is EMPTY:
        return then
    if then is EMPTY:
        return first
    if first.sort == "followed":
        head, tail = first.parts
        return followed(_term(head), followed(_term(tail), then))
    borders = first.borders | then.borders if first.empty else first.borders
    return _made("followed", first, then, empty=first.empty and then.empty, borders=borders)


def repeated(term: Term, low: int, high: int | None) -> Term:
    """Return ``low`` to ``high`` of the term, one after another; None is any number."""
    if high == 0 or term is EMPTY:
        return EMPTY
    if term is NOTHING:
        return EMPTY if low == 0 else NOTHING
    if (low, high) == (1, 1):
        return term
    if high is None and term.sort == "repeated" and term.parts[1:] == (0, None):
        return term
    # With the empty text among them, fewer of them are as good as more.
    low = 0 if term.empty else low
    return _made("repeated", term, low, high, empty=low == 0, borders=term.borders)


def either(terms: Iterable[Term]) -> Term:
    """Return the texts of any of them."""
    parts = _flat("either", terms) - {NOTHING}
    if ALL in parts:
        return ALL
    if len(parts) <= 1:
        return next(iter(parts), NOTHING)
    empty = any(part.empty for part in parts)
    return _made("either", parts, empty=empty, borders=_borders(parts))


def both(terms: Iterable[Term]) -> Term:
    """Return the texts that are in all of them."""
    parts = _flat("both", terms) - {ALL}
    if NOTHING in parts or any(part.sort == "other" and part.parts[0] in parts for part in parts):
        return NOTHING
    if len(parts) <= 1:
        return next(iter(parts), ALL)
    empty = all(part.empty for part in parts)
    return _made("both", parts, empty=empty, borders=_borders(parts))


def other_than(term: Term) -> Term:
    """Return all texts that are not in it."""
    if term.sort == "other":
        return _term(term.parts[0])
    if term is NOTHING:
        return ALL
    return NOTHING if term is ALL else _made("other", term, empty=not term.empty, borders=term.borders)


def besides(texts: Iterable[str]) -> Term:
    """Return all texts but these."""
    taken = frozenset(texts)
    if not taken:
        return ALL
    borders = frozenset(border for text in taken if text for border in (ord(text[0]), ord(text[0]) + 1))
    return _made("besides", taken, empty="" not in taken, borders=borders)


def after(term: Term, code: int, effort: Effort) -> Term:
    """Return what may follow after the character."""
    # All characters between two borders lead to the same; how many borders are under it names them.
    place = bisect_right(term.sorted, code)
    found = term.after.get(place)
    if found is None:
        effort.spend()
        if len(_MADE) > _MOST:
            effort.give_up()
        found = term.after[place] = _derived(term, code, effort)
    return found


def takes(term: Term, text: str, effort: Effort) -> bool:
    """Whether the text is among them, in a step for each of its characters."""
    for char in text:
        if term is ALL or term is NOTHING:
            break
        term = after(term, ord(char), effort)
    return term.empty


def _derived(term: Term, code: int, effort: Effort) -> Term:  # noqa: PLR0911 - one for each sort
    sort, parts = term.sort, term.parts
    if sort == "character":
        return EMPTY if holds(parts[0], code) else NOTHING  # type: ignore[arg-type]
    if sort == "followed":
        first, then = _term(parts[0]), _term(parts[1])
        going_on = followed(after(first, code, effort), then)
        return either((going_on, after(then, code, effort))) if first.empty else going_on
    if sort == "repeated":
        one, low, high = parts
        rest = repeated(_term(one), max(low - 1, 0), None if high is None else high - 1)  # type: ignore[operator]
        return followed(after(_term(one), code, effort), rest)
    if sort in {"either", "both"}:
        derived = [after(part, code, effort) for part in parts[0]]  # type: ignore[attr-defined]
        return either(derived) if sort == "either" else both(derived)
    if sort == "other":
        return other_than(after(_term(parts[0]), code, effort))
    if sort == "besides":
        return besides(text[1:] for text in parts[0] if text[:1] == chr(code))  # type: ignore[attr-defined]
    return NOTHING


def _flat(sort: str, terms: Iterable[Term]) -> frozenset[Term]:
    parts: set[Term] = set()
    for term in terms:
        parts |= term.parts[0] if term.sort == sort else {term}  # type: ignore[arg-type]
    return frozenset(parts)


def _borders(terms: Iterable[Term]) -> frozenset[int]:
    return frozenset().union(*(term.borders for term in terms))


def _term(part: object) -> Term:
    assert isinstance(part, Term)
    return part


ALL: Final = repeated(character(ANY), 0, None)
_FIRST = dict(_MADE)


def forget() -> None:
    """Let go of the terms made so far: before a comparison, so that it does not depend on the one before."""
    _MADE.clear()
    _MADE.update(_FIRST)
