"""Rules that are decided by what else they say: the confidence, the fewest examples, the positive label."""

from msgspec.structs import replace

from ci_steps.model.settings import MetricRule
from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import FLOOR, INCONCLUSIVE, PASSED, REFUSED, VERSUS, Row, case, model
from ci_steps.selftest.specimen import evaluations

_ROWS, _WORSE, _MUCH_WORSE = evaluations(), evaluations(wrong=124), evaluations(wrong=138)
_BOLD, _CAREFUL = replace(VERSUS, confidence=0.8), replace(VERSUS, confidence=0.999)
_OF_29 = replace(FLOOR, min_n=29)


def _missing(label: str) -> list[Row]:
    """Return rows of which a fifth of those with this label were given the other one."""
    right = evaluations(wrong=0)
    other = {"positive": "negative", "negative": "positive"}[label]
    own = [row for row in right if row["truth"] == label]
    missed = {row["id"] for row in own[: len(own) // 5]}
    return [row | {"prediction": other} if row["id"] in missed else row for row in right]


def _recall_of(label: str) -> MetricRule:
    return replace(FLOOR, metric="recall", floor=0.9, positive=label)


SETTINGS: tuple[Case, ...] = (
    case(
        "versus",
        PASSED,
        "a difference that 80 % of confidence decides",
        _BOLD,
        files=model(_WORSE),
        baseline=model(_ROWS),
        kind="confidence",
    ),
    case(
        "versus",
        INCONCLUSIVE,
        "a difference that 99.9 % of confidence leaves open",
        _CAREFUL,
        files=model(_WORSE),
        baseline=model(_ROWS),
        kind="confidence",
    ),
    case(
        "versus",
        REFUSED,
        "harm that 80 % of confidence shows",
        _BOLD,
        files=model(_MUCH_WORSE),
        baseline=model(_ROWS),
        kind="confidence",
    ),
    case("floor", PASSED, "29 of 29", _OF_29, files=model(evaluations(29, wrong=0)), kind="min_n"),
    case("floor", REFUSED, "9 of 29", _OF_29, files=model(evaluations(29, wrong=20)), kind="min_n"),
    case(
        "floor",
        INCONCLUSIVE,
        "1,000 where 1,001 may decide",
        replace(FLOOR, min_n=1001),
        kind="min_n",
    ),
    case(
        "floor",
        PASSED,
        "what it finds of the label that is meant",
        _recall_of("negative"),
        files=model(_missing("positive")),
        kind="positive",
    ),
    case(
        "floor",
        REFUSED,
        "what it misses of the label that is meant",
        _recall_of("negative"),
        files=model(_missing("negative")),
        kind="positive",
    ),
    case("floor", INCONCLUSIVE, "a label that no row has", _recall_of("Negative"), kind="positive"),
)
