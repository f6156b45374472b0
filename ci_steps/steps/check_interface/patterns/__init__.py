"""Patterns as ECMA-262 reads them, as sets of texts: asked in linear time, intersected, complemented."""

from ci_steps.steps.check_interface.patterns.errors import (
    ForeignPatternError,
    NoPatternError,
    PatternError,
)
from ci_steps.steps.check_interface.patterns.parsing import parsed
from ci_steps.steps.check_interface.patterns.terms import Term, besides, both, other_than, takes
from ci_steps.steps.check_interface.patterns.terms import forget as _forget_terms
from ci_steps.steps.check_interface.patterns.words import words

__all__ = [
    "ForeignPatternError",
    "NoPatternError",
    "PatternError",
    "Term",
    "besides",
    "both",
    "forget",
    "other_than",
    "parsed",
    "takes",
    "words",
]


def forget() -> None:
    """Let go of all patterns: before a comparison, so that it does not depend on the one before."""
    parsed.cache_clear()
    _forget_terms()
