"""Why a pattern cannot be taken as a set of texts."""


class PatternError(Exception):
    """A pattern that cannot be taken as a set of texts."""


class NoPatternError(PatternError):
    """It is none: nobody could read it."""


class ForeignPatternError(PatternError):
    """It is one, perhaps, with something in it that goes beyond regular expressions or ECMA-262."""
