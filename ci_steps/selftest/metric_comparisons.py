"""No worse than the baseline by more than a margin, or better by what is asked: overall and by slice."""

from pathlib import Path

from msgspec.structs import replace

from ci_steps.documents import Report
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.evaluated import (
    AREA,
    BETTER,
    BETTER_BY_LENGTH,
    BY_LENGTH,
    F1,
    INCONCLUSIVE,
    LOSS,
    PASSED,
    REFUSED,
    VERSUS,
    WARNED,
    Row,
    case,
    changed,
    judged,
    model,
)
from ci_steps.selftest.specimen import evaluations, model_files

_ROWS = evaluations()
_BETTER = evaluations(wrong=90)
_BEST = evaluations(wrong=40)
_HIDDEN = evaluations(wrong=96, wrong_long=80)
_HIDDEN_SHORT = evaluations(wrong=96, wrong_long=16)
_WORSE = evaluations(wrong=160)
_NEAR = evaluations(wrong=126)
_AT_MARGIN = evaluations(wrong=130)
_RENAMED = [row | {"id": f"other-{row['id']}"} for row in _ROWS]
_BETTER_ELSEWHERE = [row | {"id": f"other-{row['id']}"} for row in _BETTER]
_ONE_CLASS = [row | {"truth": "positive"} for row in _ROWS]
_SCORED_OTHERWISE = [row | {"score": 0.8 if row["score"] == 0.9 else 0.2} for row in _ROWS]
_UNSLICED = [{key: row[key] for key in row if key != "slices"} for row in _ROWS]
_OTHER_TRUTH = changed(_ROWS, 500, truth="negative", prediction="negative")
_MOVED = changed(_ROWS, 500, slices={"length": "long"})
_ANY_GAIN = replace(BETTER, better_by_at_least=0.0)
_EVERY = replace(BY_LENGTH, slices=("*",))
_STRICT = replace(BY_LENGTH, min_n=501, guard=False)


def _interval_on_margin(folder: Path) -> Report:
    """Judge two models by a margin at which the interval of their difference ends, to the last bit."""
    first = judged((F1,), model(_NEAR), model(_ROWS), folder / "first")
    ends = next(finding.interval for finding in first.findings if finding.interval)
    rule = replace(F1, worse_by_at_most=-ends.lower)
    return judged((rule,), model(_NEAR), model(_ROWS), folder / "second")


def _against(
    check: str, wanted: Verdict, title: str, rule: MetricRule, theirs: list[Row], ours: list[Row] = _ROWS
) -> Case:
    return case(check, wanted, title, rule, files=model(ours), baseline=model(theirs))


COMPARISONS: tuple[Case, ...] = (
    case("baseline", INCONCLUSIVE, "nothing live to compare with", VERSUS),
    case(
        "baseline-evaluations",
        INCONCLUSIVE,
        "a baseline without evaluations",
        VERSUS,
        baseline=model(_BETTER, **{"evaluations.jsonl": None}),
    ),
    case(
        "truth",
        INCONCLUSIVE,
        "another truth for one id",
        VERSUS,
        files=model(_OTHER_TRUTH),
        baseline=model(_ROWS),
    ),
    # no worse than a margin allows
    case("versus", WARNED, "the same model on both sides", VERSUS, baseline=model_files()),
    case("versus", PASSED, "as good as the baseline", VERSUS, baseline=model(_BETTER)),
    case("versus", PASSED, "the same, on average", VERSUS, files=model(_HIDDEN), baseline=model(_ROWS)),
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
        WARNED,
        "no example shared, and enough",
        VERSUS,
        files=model(_BETTER_ELSEWHERE),
        baseline=model(_ROWS),
    ),
    case("versus", PASSED, "an area as large as the baseline's", AREA, baseline=model(_NEAR)),
    _against("versus", INCONCLUSIVE, "other scores in the same order", AREA, _ROWS, _SCORED_OTHERWISE),
    case("versus", PASSED, "an F1 as high as the baseline's", F1, baseline=model(_NEAR)),
    case("versus", PASSED, "a loss as low as the baseline's", LOSS, baseline=model(_NEAR)),
    _against("versus", REFUSED, "worse than the margin allows", VERSUS, _ROWS, _WORSE),
    _against("versus", REFUSED, "a loss higher than the margin allows", LOSS, _ROWS, _WORSE),
    _against("versus", REFUSED, "a smaller area than the margin allows", AREA, _ROWS, _WORSE),
    _against("versus", INCONCLUSIVE, "within the margin, but not shown", VERSUS, _ROWS, _NEAR),
    _against("versus", INCONCLUSIVE, "exactly at the margin", VERSUS, _ROWS, _AT_MARGIN),
    _against(
        "versus",
        INCONCLUSIVE,
        "past the margin, but no harm proven",
        VERSUS,
        _ROWS,
        evaluations(wrong=132),
    ),
    Case(
        gate="check-metrics",
        check="check-metrics.versus",
        wanted=INCONCLUSIVE,
        title="an interval that ends exactly at the margin",
        report=_interval_on_margin,
        rule="non-inferiority",
    ),
    _against(
        "versus",
        INCONCLUSIVE,
        "99 shared examples, 100 needed",
        VERSUS,
        _BETTER[:99],
        _ROWS[:99],
    ),
    _against("examples", INCONCLUSIVE, "one of the baseline's examples left out", VERSUS, _BETTER, _ROWS[1:]),
    _against("versus", PASSED, "more examples than the baseline has", VERSUS, _BETTER[1:]),
    _against(
        "versus",
        INCONCLUSIVE,
        "no example shared, and too few",
        VERSUS,
        _ROWS,
        _RENAMED[:99],
    ),
    _against(
        "versus",
        INCONCLUSIVE,
        "ROC AUC of one class",
        AREA,
        changed(_ONE_CLASS, 0, score=0.2),
        _ONE_CLASS,
    ),
    _against(
        "versus",
        INCONCLUSIVE,
        "a bootstrap of 9 differing pairs",
        AREA,
        evaluations(wrong=0),
        evaluations(wrong=9),
    ),
    # the same in each slice
    case("versus", PASSED, "as good in each slice", BY_LENGTH, baseline=model(_BETTER)),
    case("versus", PASSED, "as good in every slice there is", _EVERY, baseline=model(_BETTER)),
    _against("versus", REFUSED, "worse in a slice, not on average", BY_LENGTH, _ROWS, _HIDDEN),
    _against(
        "versus",
        REFUSED,
        "worse in the other slice, not on average",
        BY_LENGTH,
        _ROWS,
        _HIDDEN_SHORT,
    ),
    _against("versus", REFUSED, "worse in one of every slice there is", _EVERY, _ROWS, _HIDDEN),
    case("versus", INCONCLUSIVE, "slices with 500 examples, 501 needed", _STRICT, baseline=model(_BETTER)),
    _against("slice", INCONCLUSIVE, "rows without the slice", BY_LENGTH, _ROWS, _UNSLICED),
    _against("slice", INCONCLUSIVE, "a baseline without the slice", BY_LENGTH, _UNSLICED, _BETTER),
    _against("slice", INCONCLUSIVE, "every slice, which one side lacks", _EVERY, _ROWS, _UNSLICED),
    _against("slice", INCONCLUSIVE, "an example in two slices", BY_LENGTH, _ROWS, _MOVED),
    _against(
        "slice",
        INCONCLUSIVE,
        "an example in two slices, the other way round",
        BY_LENGTH,
        _ROWS,
        changed(_ROWS, 501, slices={"length": "short"}),
    ),
    # better by what is asked
    _against("versus", PASSED, "better by more than is asked", BETTER, _ROWS, _BEST),
    _against("versus", PASSED, "better, where any gain is asked", _ANY_GAIN, _ROWS, _BETTER),
    _against("versus", REFUSED, "a gain that is shown to be too small", BETTER, _ROWS, _BETTER),
    _against("versus", REFUSED, "worse, where any gain is asked", _ANY_GAIN, _BETTER, _ROWS),
    _against(
        "versus",
        INCONCLUSIVE,
        "a gain that may be as large as is asked",
        BETTER,
        _ROWS,
        evaluations(wrong=65),
    ),
    _against("versus", INCONCLUSIVE, "no difference, where any gain is asked", _ANY_GAIN, _UNSLICED),
    case("versus", INCONCLUSIVE, "better than itself", _ANY_GAIN, baseline=model_files()),
    _against("versus", PASSED, "better in each slice", BETTER_BY_LENGTH, _ROWS, _BEST),
    _against("versus", REFUSED, "no better in one slice", BETTER_BY_LENGTH, _ROWS, _HIDDEN),
    _against(
        "versus",
        INCONCLUSIVE,
        "perhaps not better in one slice",
        BETTER_BY_LENGTH,
        _ROWS,
        evaluations(wrong=48, wrong_long=30),
    ),
)
