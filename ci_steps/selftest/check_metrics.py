"""What `check-metrics` must refuse, must not decide, and must let pass."""

from functools import partial
from pathlib import Path

import msgspec

from ci_steps.documents import Report
from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import (
    AREA,
    BY_LENGTH,
    CEILING,
    F1,
    FLOOR,
    FLOOR_BY_LENGTH,
    FLOOR_OF_HALF,
    INCONCLUSIVE,
    LOSS,
    OFF_BY,
    OFF_BY_99_5,
    PASSED,
    REFUSED,
    VERSUS,
    case,
    changed,
    judged,
    model,
)
from ci_steps.selftest.metric_claims import EVIDENCE
from ci_steps.selftest.specimen import evaluations, model_files

_ROWS = evaluations()
_BETTER = evaluations(wrong=90)
_HIDDEN = evaluations(wrong=96, wrong_long=80)
_HIDDEN_SHORT = evaluations(wrong=96, wrong_long=16)
_WORSE = evaluations(wrong=150)
_NEAR = evaluations(wrong=126)
_AT_MARGIN = evaluations(wrong=130)
_RENAMED = [row | {"id": f"other-{row['id']}"} for row in _ROWS]
_BETTER_ELSEWHERE = [row | {"id": f"other-{row['id']}"} for row in _BETTER]
_ONE_CLASS = [row | {"truth": "positive"} for row in _ROWS]
_NO_SCORES = [{key: row[key] for key in row if key != "score"} for row in _ROWS]
_SCORED_OTHERWISE = [row | {"score": 0.8 if row["score"] == 0.9 else 0.2} for row in _ROWS]
_UNSLICED = [{key: row[key] for key in row if key != "slices"} for row in _ROWS]
_OTHER_TRUTH = changed(_ROWS, 500, truth="negative", prediction="negative")
_MOVED = changed(_ROWS, 500, slices={"length": "long"})


def _interval_on_margin(folder: Path) -> Report:
    """Judge two models without a difference by a margin at which their interval ends, to the last bit."""
    from ci_steps.steps.check_metrics.proportions import tango

    margin = -tango(0, 0, len(_ROWS), VERSUS.confidence).lower
    rule = msgspec.structs.replace(VERSUS, worse_by_at_most=margin)
    return judged((rule,), model(_ROWS), model(_UNSLICED), folder)


CASES: tuple[Case, ...] = (
    case("rules", PASSED, "a rule", FLOOR),
    case("slice", PASSED, "every row has the slice", FLOOR_BY_LENGTH),
    case(
        "slice",
        INCONCLUSIVE,
        "one row without the slice",
        FLOOR_BY_LENGTH,
        files=model(changed(_ROWS, 5, slices={})),
    ),
    case("versus", PASSED, "an area as large as the baseline's", AREA, baseline=model(_NEAR)),
    case("versus", PASSED, "an F1 as high as the baseline's", F1, baseline=model(_NEAR)),
    case("rules", INCONCLUSIVE, "no rule at all"),
    case("floor", PASSED, "a value on its floor", FLOOR),
    case("floor", REFUSED, "a value under its floor", FLOOR, files=model(evaluations(wrong=101))),
    case("floor", INCONCLUSIVE, "29 examples, 30 needed", FLOOR, files=model(evaluations(29, wrong=0))),
    case("floor", PASSED, "30 examples, 30 needed", FLOOR, files=model(evaluations(30, wrong=0))),
    case("ceiling", PASSED, "a loss under its ceiling", CEILING),
    case("ceiling", PASSED, "an error on its ceiling", OFF_BY, files=model(OFF_BY_99_5)),
    case("ceiling", REFUSED, "a loss over its ceiling", CEILING, files=model(_WORSE)),
    case("ceiling", INCONCLUSIVE, "a loss without scores", CEILING, files=model(_NO_SCORES)),
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
    case(
        "slice", INCONCLUSIVE, "a slice that nobody has", msgspec.structs.replace(FLOOR, slices=("lenght",))
    ),
    case(
        "slice",
        INCONCLUSIVE,
        "rows without the slice",
        BY_LENGTH,
        files=model(_UNSLICED),
        baseline=model(_ROWS),
    ),
    case(
        "slice",
        INCONCLUSIVE,
        "an example in two slices",
        BY_LENGTH,
        files=model(_MOVED),
        baseline=model(_ROWS),
    ),
    case("baseline", INCONCLUSIVE, "nothing live to compare with", VERSUS),
    case(
        "baseline-evaluations",
        INCONCLUSIVE,
        "a baseline without evaluations",
        VERSUS,
        baseline=model(_BETTER, **{"evaluations.jsonl": None}),
    ),
    case("versus", PASSED, "the same model on both sides", VERSUS, baseline=model_files()),
    case("versus", PASSED, "as good as the baseline", VERSUS, baseline=model(_BETTER)),
    case(
        "versus", REFUSED, "worse than the margin allows", VERSUS, files=model(_WORSE), baseline=model(_ROWS)
    ),
    case(
        "versus",
        REFUSED,
        "worse in a slice, not on average",
        BY_LENGTH,
        files=model(_HIDDEN),
        baseline=model(_ROWS),
    ),
    case("versus", PASSED, "the same, on average", VERSUS, files=model(_HIDDEN), baseline=model(_ROWS)),
    case(
        "versus",
        INCONCLUSIVE,
        "within the margin, but not shown",
        VERSUS,
        files=model(_NEAR),
        baseline=model(_ROWS),
    ),
    Case(
        gate="check-metrics",
        check="check-metrics.versus",
        wanted=INCONCLUSIVE,
        title="an interval that ends exactly at the margin",
        report=_interval_on_margin,
    ),
    case(
        "versus",
        INCONCLUSIVE,
        "exactly at the margin",
        VERSUS,
        files=model(_AT_MARGIN),
        baseline=model(_ROWS),
    ),
    case(
        "versus",
        INCONCLUSIVE,
        "99 shared examples, 100 needed",
        VERSUS,
        files=model([*_ROWS[:99], *_RENAMED[99:]]),
        baseline=model(_BETTER),
    ),
    case(
        "versus",
        INCONCLUSIVE,
        "no example shared, and too few",
        VERSUS,
        files=model(_RENAMED[:99]),
        baseline=model(_ROWS),
    ),
    case(
        "versus",
        PASSED,
        "no example shared, and enough",
        VERSUS,
        files=model(_BETTER_ELSEWHERE),
        baseline=model(_ROWS),
    ),
    case(
        "truth",
        INCONCLUSIVE,
        "another truth for one id",
        VERSUS,
        files=model(_OTHER_TRUTH),
        baseline=model(_ROWS),
    ),
    case(
        "versus",
        INCONCLUSIVE,
        "ROC AUC of one class",
        AREA,
        files=model(_ONE_CLASS),
        baseline=model(changed(_ONE_CLASS, 0, score=0.2)),
    ),
    case(
        "versus",
        INCONCLUSIVE,
        "a bootstrap of 9 differing pairs",
        AREA,
        files=model(evaluations(wrong=9)),
        baseline=model(evaluations(wrong=0)),
    ),
    case(
        "versus", PASSED, "a loss as low as the baseline's", LOSS, files=model(_ROWS), baseline=model(_NEAR)
    ),
    case(
        "versus",
        REFUSED,
        "a loss higher than the margin allows",
        LOSS,
        files=model(_WORSE),
        baseline=model(_ROWS),
    ),
    case(
        "versus",
        REFUSED,
        "worse in the other slice, not on average",
        BY_LENGTH,
        files=model(_HIDDEN_SHORT),
        baseline=model(_ROWS),
    ),
    case(
        "versus",
        REFUSED,
        "worse than the margin allows, beside a floor that holds",
        FLOOR_OF_HALF,
        VERSUS,
        files=model(_WORSE),
        baseline=model(_ROWS),
    ),
    case(
        "versus",
        PASSED,
        "five pairs that differ, which are counted",
        VERSUS,
        files=model(evaluations(wrong=105)),
        baseline=model(_ROWS),
    ),
    case(
        "versus",
        PASSED,
        "other scores in the same order",
        AREA,
        files=model(_SCORED_OTHERWISE),
        baseline=model(_ROWS),
    ),
    case(
        "slice",
        INCONCLUSIVE,
        "an example in two slices, the other way round",
        BY_LENGTH,
        files=model(changed(_ROWS, 501, slices={"length": "short"})),
        baseline=model(_ROWS),
    ),
    *EVIDENCE,
    Case(
        "check-metrics",
        "check-metrics",
        PASSED,
        "a sound model",
        partial(judged, (FLOOR, VERSUS), model(_ROWS), model(_BETTER)),
    ),
)
