"""Floors and ceilings, overall and by slice, and the evaluations that they need."""

from msgspec.structs import replace

from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import (
    CEILING,
    FLOOR,
    FLOOR_BY_LENGTH,
    INCONCLUSIVE,
    OFF_BY,
    OFF_BY_99_5,
    PASSED,
    REFUSED,
    WARNED,
    Row,
    case,
    changed,
    model,
)
from ci_steps.selftest.specimen import evaluations

_ROWS = evaluations()
_UNSCORED = [{key: row[key] for key in row if key != "score"} for row in _ROWS]
_UNSLICED = [{key: row[key] for key in row if key != "slices"} for row in _ROWS]
_STRICT = replace(FLOOR_BY_LENGTH, guard=False)
_CEILING_BY_LENGTH = replace(CEILING, slices=("length",))
_EVERY = replace(FLOOR, slices=("*",))


def _weighted(wrong: int, weight: float) -> list[Row]:
    """Return rows of which the wrong ones have another weight than the others."""
    rows = evaluations(wrong=wrong)
    return [row | {"weight": weight if row["truth"] != row["prediction"] else 1.0} for row in rows]


_BY_WEIGHT, _WEIGHTED, _WEIGHED_DOWN = _weighted(300, 0.1), _weighted(50, 0.5), _weighted(90, 3.0)

LIMITS: tuple[Case, ...] = (
    case("floor", PASSED, "a value on its floor", FLOOR),
    case("floor", REFUSED, "a value under its floor", FLOOR, files=model(evaluations(wrong=101))),
    case(
        "floor",
        WARNED,
        "a value that is above its floor by weights alone",
        FLOOR,
        files=model(_BY_WEIGHT),
    ),
    case(
        "floor",
        PASSED,
        "a weighted value above its floor, as without weights",
        FLOOR,
        files=model(_WEIGHTED),
    ),
    case(
        "floor",
        REFUSED,
        "a value that is under its floor by weights alone",
        FLOOR,
        files=model(_WEIGHED_DOWN),
    ),
    case("floor", INCONCLUSIVE, "29 examples, 30 needed", FLOOR, files=model(evaluations(29, wrong=0))),
    case("floor", PASSED, "30 examples, 30 needed", FLOOR, files=model(evaluations(30, wrong=0))),
    case("ceiling", PASSED, "a loss under its ceiling", CEILING),
    case("ceiling", PASSED, "an error on its ceiling", OFF_BY, files=model(OFF_BY_99_5)),
    case("ceiling", REFUSED, "a loss over its ceiling", CEILING, files=model(evaluations(wrong=150))),
    case("ceiling", INCONCLUSIVE, "a loss without scores", CEILING, files=model(_UNSCORED)),
    case(
        "evaluations",
        INCONCLUSIVE,
        "no evaluations",
        FLOOR,
        files=model(_ROWS, **{"evaluations.jsonl": None}),
    ),
    case("evaluations", INCONCLUSIVE, "no rows", FLOOR, files=model(_ROWS, **{"evaluations.jsonl": b""})),
    case("evaluations", INCONCLUSIVE, "an id twice", FLOOR, files=model([*_ROWS, _ROWS[0]])),
    case(
        "evaluations",
        INCONCLUSIVE,
        "a score that is NaN",
        FLOOR,
        files=model(changed(_ROWS, 3, score=float("nan"))),
    ),
    case(
        "evaluations",
        INCONCLUSIVE,
        "a missing prediction",
        FLOOR,
        files=model(changed(_ROWS, 3, prediction=None)),
    ),
    case("slice", PASSED, "every row has the slice", FLOOR_BY_LENGTH),
    case(
        "slice",
        INCONCLUSIVE,
        "one row without the slice",
        FLOOR_BY_LENGTH,
        files=model(changed(_ROWS, 5, slices={})),
    ),
    case("slice", INCONCLUSIVE, "a slice that nobody has", replace(FLOOR, slices=("lenght",))),
    case("slice", INCONCLUSIVE, "every slice, where there is none", _EVERY, files=model(_UNSLICED)),
    case("floor", PASSED, "each slice on its floor", FLOOR_BY_LENGTH),
    case("floor", PASSED, "every slice there is on its floor", _EVERY),
    case(
        "floor",
        REFUSED,
        "one slice under its floor, and the whole above",
        FLOOR_BY_LENGTH,
        files=model(evaluations(wrong=96, wrong_long=80)),
    ),
    case(
        "floor",
        REFUSED,
        "one of every slice under its floor",
        _EVERY,
        files=model(evaluations(wrong=96, wrong_long=80)),
    ),
    case(
        "floor",
        INCONCLUSIVE,
        "29 examples in a slice that is not guarded",
        _STRICT,
        files=model(evaluations(59, wrong=0)),
    ),
    case("ceiling", PASSED, "each slice under its ceiling", _CEILING_BY_LENGTH),
    case(
        "ceiling",
        REFUSED,
        "one slice over its ceiling",
        _CEILING_BY_LENGTH,
        files=model(evaluations(wrong=96, wrong_long=90)),
    ),
    case("ceiling", INCONCLUSIVE, "slices without scores", _CEILING_BY_LENGTH, files=model(_UNSCORED)),
)
