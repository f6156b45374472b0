"""Numbers as they were written: 0.3 is three times 0.1, whatever a division of floats says."""

from fractions import Fraction


def exact(number: float) -> Fraction:
    """Return the number that JSON said.

    >>> exact(0.1)
    Fraction(1, 10)
    """
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def is_multiple(number: float, step: float) -> bool:
    """Whether it is a whole number of steps.

    >>> is_multiple(0.3, 0.1), is_multiple(0.35, 0.1), is_multiple(1.0, 1)
    (True, False, True)
    """
    if isinstance(number, int) and isinstance(step, int):
        return number % step == 0
    return (exact(number) / exact(step)).denominator == 1
