"""Slices that refuse on proven harm and else warn; and that warnings alone are no evidence."""

from functools import partial

from msgspec.structs import replace

from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import (
    BY_LENGTH,
    FLOOR_BY_LENGTH,
    INCONCLUSIVE,
    LOSS,
    PASSED,
    REFUSED,
    WARNED,
    Files,
    case,
    model,
    with_tiny,
)
from ci_steps.selftest.specimen import evaluations

_ROWS = evaluations()


def _tiny_from(first: int, wrong: int) -> Files:
    """Return a model with one slice of so many examples, and the others in slices of few."""
    slices = [{"length": "long" if place < first else f"tiny-{place % 9}"} for place in range(1000)]
    rows = zip(evaluations(wrong=wrong), slices, strict=True)
    return model([row | {"slices": part} for row, part in rows])


_FEW = evaluations(120, wrong=12)
_TINY = with_tiny(_ROWS, 40)
_GUARDED = replace(BY_LENGTH, guard=True)
_NEVER = replace(BY_LENGTH, guard=False)
_FLOOR = replace(FLOOR_BY_LENGTH, floor=0.75, min_n=50)
_GUARDED_FLOOR = replace(FLOOR_BY_LENGTH, guard=True)
_LOSS = replace(LOSS, slices=("length",))
_case = partial(case, kind="guard")
_floor = partial(case, kind="guard of a floor")

GUARDS: tuple[Case, ...] = (
    _case("versus", PASSED, "harm in a slice that is sound", _GUARDED, baseline=model(evaluations(wrong=90))),
    _case(
        "versus",
        WARNED,
        "40 examples without a loss, 100 needed",
        BY_LENGTH,
        files=model(with_tiny(_ROWS, 40, 1)),
        baseline=model(_TINY),
    ),
    _case(
        "versus",
        REFUSED,
        "40 examples of which 20 are lost, 100 needed",
        BY_LENGTH,
        files=model(with_tiny(_ROWS, 40, 20)),
        baseline=model(_TINY),
    ),
    _case(
        "versus",
        INCONCLUSIVE,
        "40 examples in a slice that must be shown",
        _NEVER,
        files=model(with_tiny(_ROWS, 40, 1)),
        baseline=model(_TINY),
    ),
    _case(
        "versus",
        REFUSED,
        "harm in a slice that is only guarded",
        _GUARDED,
        files=model(evaluations(wrong=150, wrong_long=130)),
        baseline=model(_ROWS),
    ),
    _case("versus", PASSED, "slices that must be shown, and are", _NEVER, baseline=model(_ROWS)),
    _case(
        "versus",
        REFUSED,
        "harm in a slice that must be shown",
        _NEVER,
        files=model(evaluations(wrong=150, wrong_long=130)),
        baseline=model(_ROWS),
    ),
    _case(
        "versus",
        WARNED,
        "a large slice that is not shown, and no harm either",
        _GUARDED,
        files=model(evaluations(wrong=110, wrong_long=62)),
        baseline=model(_ROWS),
    ),
    _case(
        "versus",
        WARNED,
        "too few pairs that differ for an interval",
        _LOSS,
        files=model(with_tiny(evaluations(wrong=70), 40, 3)),
        baseline=model(_TINY),
    ),
    _case(
        "guard",
        PASSED,
        "one slice of three only guarded",
        BY_LENGTH,
        files=model(with_tiny(_ROWS, 40, 1)),
        baseline=model(_TINY),
    ),
    _case(
        "guard",
        PASSED,
        "half of the examples only guarded",
        BY_LENGTH,
        files=_tiny_from(500, 100),
        baseline=_tiny_from(500, 101),
    ),
    _case(
        "guard",
        INCONCLUSIVE,
        "more than half of the examples only guarded",
        BY_LENGTH,
        files=_tiny_from(499, 100),
        baseline=_tiny_from(499, 101),
    ),
    _case(
        "guard",
        INCONCLUSIVE,
        "every slice only guarded",
        BY_LENGTH,
        files=model(_FEW),
        baseline=model(evaluations(120, wrong=13)),
    ),
    _case(
        "slice",
        INCONCLUSIVE,
        "a guarded slice that rows lack",
        _GUARDED,
        files=model([row | {"slices": {}} for row in _ROWS]),
        baseline=model(_TINY),
    ),
    _floor("floor", WARNED, "40 examples above the floor, 50 needed", _FLOOR, files=model(_TINY)),
    _floor(
        "floor",
        WARNED,
        "40 examples under the floor by chance, perhaps",
        _FLOOR,
        files=model(with_tiny(_ROWS, 40, 11)),
    ),
    _floor(
        "floor",
        REFUSED,
        "40 examples only just proven to be under the floor",
        _FLOOR,
        files=model(with_tiny(_ROWS, 40, 15)),
    ),
    _floor(
        "floor",
        REFUSED,
        "40 examples proven to be under the floor",
        _FLOOR,
        files=model(with_tiny(_ROWS, 40, 20)),
    ),
    _floor(
        "floor",
        WARNED,
        "a large guarded slice under its floor by chance, perhaps",
        _GUARDED_FLOOR,
        files=model(evaluations(wrong=96, wrong_long=51)),
    ),
    _floor("floor", PASSED, "a large guarded slice on its floor", _GUARDED_FLOOR),
    _floor("guard", PASSED, "one slice of three below its least count", _FLOOR, files=model(_TINY)),
    _floor(
        "guard",
        INCONCLUSIVE,
        "every slice below its least count",
        _FLOOR,
        files=model(evaluations(80, wrong=0)),
    ),
)
