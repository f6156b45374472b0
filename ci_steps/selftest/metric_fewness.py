"""Comparisons that rest on a handful of examples, or on a handful of one class, however many there are."""

from collections.abc import Callable

from msgspec.structs import replace

from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import (
    AREA,
    F1,
    INCONCLUSIVE,
    PASSED,
    REFUSED,
    VERSUS,
    WARNED,
    Row,
    case,
    model,
)

_N = 600
_RECALL = replace(F1, metric="recall", positive="positive")
_MICRO = replace(F1, metric="f1_micro")
_FAR = replace(VERSUS, metric="mae", direction="lower", worse_by_at_most=5.0)


def _rows(wrong: Callable[[int], bool], prefix: str = "t") -> list[Row]:
    """Return rows of two classes in turn, wrong where asked."""
    return [_row(number, prefix, is_wrong=wrong(number)) for number in range(_N)]


def _row(number: int, prefix: str, *, is_wrong: bool) -> Row:
    positive = number % 2 == 0
    says = "positive" if positive != is_wrong else "negative"
    return {
        "id": f"{prefix}{number:04}",
        "truth": "positive" if positive else "negative",
        "prediction": says,
        "score": (0.9 if says == "positive" else 0.1) + number / 10_000,
    }


def _numbers(off: Callable[[int], float]) -> list[Row]:
    return [{"id": f"n{n:04}", "truth": float(n), "prediction": n + off(n)} for n in range(_N)]


def _scored_alike(rows: list[Row]) -> list[Row]:
    return [row | {"score": 0.5} for row in rows]


def _weighted(rows: list[Row]) -> list[Row]:
    return [row | {"weight": 1.0 + place % 3} for place, row in enumerate(rows)]


_SOUND = _rows(lambda n: n % 20 < 2)
"""One in ten wrong, of both classes."""
_OTHERS = _rows(lambda n: n % 20 in {2, 3})
_FIVE_EACH = _rows(lambda n: n % 20 < 2 and n >= 100)
_FOUR_OF_ONE = _rows(lambda n: n % 20 < 2 and (n >= 400 or (n % 2 == 1 and n >= 80)))
_ONE_CLASS = _rows(lambda n: n % 20 == 1)
_FORGETS = _rows(lambda n: n % 20 < 2 or n % 10 == 4)
_ELSEWHERE = _rows(lambda n: n % 20 < 2, prefix="u")
_ONE_CLASS_ELSEWHERE = _rows(lambda n: n % 20 == 1, prefix="u")
_NEAR = _numbers(lambda n: float(n % 7))
_ALSO_NEAR = _numbers(lambda n: float((n + 1) % 7))
_ONE_FAR = _numbers(lambda n: -300.0 if n == 9 else float((n + 1) % 7))

FEW: tuple[Case, ...] = (
    case(
        "versus",
        PASSED,
        "as many right, others of both classes",
        replace(F1, worse_by_at_most=0.1),
        files=model(_OTHERS),
        baseline=model(_SOUND),
    ),
    case(
        "versus",
        PASSED,
        "five pairs of each class differ, and no score",
        F1,
        files=model(_scored_alike(_FIVE_EACH)),
        baseline=model(_scored_alike(_SOUND)),
    ),
    case(
        "versus",
        INCONCLUSIVE,
        "an F1 where four pairs of one class differ",
        F1,
        files=model(_SOUND),
        baseline=model(_FOUR_OF_ONE),
    ),
    case(
        "versus",
        PASSED,
        "a micro mean of weighted rows, whose classes do not matter",
        _MICRO,
        files=model(_weighted(_ONE_CLASS)),
        baseline=model(_weighted(_SOUND)),
    ),
    case(
        "versus", REFUSED, "recall lost in its class", _RECALL, files=model(_FORGETS), baseline=model(_SOUND)
    ),
    case(
        "versus",
        PASSED,
        "recall as high in its class",
        _RECALL,
        files=model(_ONE_CLASS),
        baseline=model(_SOUND),
    ),
    case(
        "versus",
        INCONCLUSIVE,
        "no example shared, and a class without a wrong one",
        replace(F1, worse_by_at_most=0.3),
        files=model(_ONE_CLASS_ELSEWHERE),
        baseline=model(_SOUND),
    ),
    case(
        "versus",
        WARNED,
        "no example shared, and enough wrong ones of both classes",
        replace(F1, worse_by_at_most=0.3),
        files=model(_ELSEWHERE),
        baseline=model(_SOUND),
    ),
    case(
        "versus",
        WARNED,
        "no example shared, and scores of both classes",
        replace(AREA, worse_by_at_most=0.3),
        files=model(_ONE_CLASS_ELSEWHERE),
        baseline=model(_SOUND),
    ),
    case("versus", PASSED, "errors as large", _FAR, files=model(_ALSO_NEAR), baseline=model(_NEAR)),
    case(
        "versus",
        INCONCLUSIVE,
        "one error that outweighs all others",
        _FAR,
        files=model(_ONE_FAR),
        baseline=model(_NEAR),
    ),
)
