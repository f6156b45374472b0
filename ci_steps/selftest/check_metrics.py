"""What `check-metrics` must refuse, must not decide, and must let pass."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.documents import Report
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.specimen import Specimen, evaluations, golden, jsonl, model_files
from ci_steps.steps.check_metrics import CheckMetrics

Row = dict[str, Any]
Files = Mapping[str, bytes]

PASSED, INCONCLUSIVE, REFUSED = Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.REFUSED

FLOOR = MetricRule(metric="accuracy", direction="higher", floor=0.9, where="release.yaml:9")
CEILING = MetricRule(metric="log_loss", direction="lower", ceiling=0.35, where="release.yaml:10")
VERSUS = MetricRule(
    metric="accuracy",
    direction="higher",
    versus="baseline",
    worse_by_at_most=0.03,
    min_n=100,
    where="release.yaml:11",
)
BY_LENGTH = msgspec.structs.replace(VERSUS, slices=("length",), where="release.yaml:12")
AREA = msgspec.structs.replace(VERSUS, metric="roc_auc", where="release.yaml:13")
F1 = msgspec.structs.replace(VERSUS, metric="f1", where="release.yaml:14")
FLOOR_BY_LENGTH = msgspec.structs.replace(FLOOR, slices=("length",))
LOSS = msgspec.structs.replace(VERSUS, metric="log_loss", direction="lower", worse_by_at_most=0.1)


def model(rows: Sequence[Row], **changes: bytes | None) -> Files:
    """Return a model's files that are sound for these evaluations, but for ``changes`` by path."""
    return model_files(
        **{
            "evaluations.jsonl": jsonl(rows),
            "golden.jsonl": jsonl(golden([{"score": 0.5} | row for row in rows])),
            "metrics.json": claims({"value": share_right(rows), "n": len(rows)}),
        }
        | changes
    )


def claims(*changes: Mapping[str, Any]) -> bytes:
    """Return metrics.json with one claim a mapping."""
    claim: dict[str, Any] = {
        "metric": "accuracy",
        "direction": "higher",
        "dataset": "specimen",
        "slice": None,
    }
    return json.dumps({"metrics": [claim | dict(change) for change in changes]}).encode()


def share_right(rows: Sequence[Row]) -> float:
    return sum(bool(row["truth"] == row["prediction"]) for row in rows) / len(rows)


def changed(rows: Iterable[Row], number: int, **changes: Any) -> list[Row]:
    """Return the rows with one of them changed."""
    return [row | changes if place == number else row for place, row in enumerate(rows)]


def _case(
    check: str,
    wanted: Verdict,
    title: str,
    *rules: MetricRule,
    files: Files | None = None,
    baseline: Files | None = None,
) -> Case:
    report = partial(_judged, rules, model_files() if files is None else files, baseline)
    return Case(
        gate="check-metrics", check=f"check-metrics.{check}", wanted=wanted, title=title, report=report
    )


def _judged(rules: tuple[MetricRule, ...], files: Files, baseline: Files | None, folder: Path) -> Report:
    specimen = Specimen(files=files, baseline=baseline, plan={"metrics": rules})
    return CheckMetrics().run(specimen.laid_out(folder))


_ROWS = evaluations()
_BETTER = evaluations(wrong=90)
_HIDDEN = evaluations(wrong=96, wrong_long=80)
_WORSE = evaluations(wrong=150)
_NEAR = evaluations(wrong=126)
_AT_MARGIN = evaluations(wrong=130)
_RENAMED = [row | {"id": f"other-{row['id']}"} for row in _ROWS]
_BETTER_ELSEWHERE = [row | {"id": f"other-{row['id']}"} for row in _BETTER]
_ONE_CLASS = [row | {"truth": "positive"} for row in _ROWS]
_NO_SCORES = [{key: row[key] for key in row if key != "score"} for row in _ROWS]
_UNSLICED = [{key: row[key] for key in row if key != "slices"} for row in _ROWS]
_OTHER_TRUTH = changed(_ROWS, 500, truth="negative", prediction="negative")
_MOVED = changed(_ROWS, 500, slices={"length": "long"})
_GOLDEN = golden(_ROWS)
_FLIPPED = changed(_GOLDEN, 7, answer={"label": "neutral", "score": 0.9})
_RESCORED = changed(_GOLDEN, 7, answer=_GOLDEN[7]["answer"] | {"score": 0.5})
OFF_BY = MetricRule(metric="mae", direction="lower", ceiling=99.5, where="release.yaml:15")
_OFF_BY_99_5: list[Row] = [{"id": f"n{n}", "truth": 0.0, "prediction": 99.5} for n in range(40)]


def _interval_on_margin(folder: Path) -> Report:
    """Judge two models without a difference by a margin at which their interval ends, to the last bit."""
    from ci_steps.steps.check_metrics.proportions import tango

    margin = -tango(0, 0, len(_ROWS), VERSUS.confidence).lower
    rule = msgspec.structs.replace(VERSUS, worse_by_at_most=margin)
    return _judged((rule,), model(_ROWS), model(_UNSLICED), folder)


CASES: tuple[Case, ...] = (
    _case("rules", PASSED, "a rule", FLOOR),
    _case("slice", PASSED, "every row has the slice", FLOOR_BY_LENGTH),
    _case(
        "slice",
        INCONCLUSIVE,
        "one row without the slice",
        FLOOR_BY_LENGTH,
        files=model(changed(_ROWS, 5, slices={})),
    ),
    _case("versus", PASSED, "an area as large as the baseline's", AREA, baseline=model(_NEAR)),
    _case("versus", PASSED, "an F1 as high as the baseline's", F1, baseline=model(_NEAR)),
    _case("rules", INCONCLUSIVE, "no rule at all"),
    _case("floor", PASSED, "a value on its floor", FLOOR),
    _case("floor", REFUSED, "a value under its floor", FLOOR, files=model(evaluations(wrong=101))),
    _case("floor", INCONCLUSIVE, "29 examples, 30 needed", FLOOR, files=model(evaluations(29, wrong=0))),
    _case("floor", PASSED, "30 examples, 30 needed", FLOOR, files=model(evaluations(30, wrong=0))),
    _case("ceiling", PASSED, "a loss under its ceiling", CEILING),
    _case("ceiling", PASSED, "an error on its ceiling", OFF_BY, files=model(_OFF_BY_99_5)),
    _case("ceiling", REFUSED, "a loss over its ceiling", CEILING, files=model(_WORSE)),
    _case("ceiling", INCONCLUSIVE, "a loss without scores", CEILING, files=model(_NO_SCORES)),
    _case(
        "evaluations",
        INCONCLUSIVE,
        "no evaluations",
        FLOOR,
        files=model(_ROWS, **{"evaluations.jsonl": None}),
    ),
    _case("evaluations", INCONCLUSIVE, "no rows", FLOOR, files=model(_ROWS, **{"evaluations.jsonl": b""})),
    _case("evaluations", INCONCLUSIVE, "an id twice", FLOOR, files=model([*_ROWS, _ROWS[0]])),
    _case(
        "evaluations",
        INCONCLUSIVE,
        "a score that is NaN",
        FLOOR,
        files=model(changed(_ROWS, 3, score=float("nan"))),
    ),
    _case(
        "evaluations",
        INCONCLUSIVE,
        "a missing prediction",
        FLOOR,
        files=model(changed(_ROWS, 3, prediction=None)),
    ),
    _case(
        "slice", INCONCLUSIVE, "a slice that nobody has", msgspec.structs.replace(FLOOR, slices=("lenght",))
    ),
    _case(
        "slice",
        INCONCLUSIVE,
        "rows without the slice",
        BY_LENGTH,
        files=model(_UNSLICED),
        baseline=model(_ROWS),
    ),
    _case(
        "slice",
        INCONCLUSIVE,
        "an example in two slices",
        BY_LENGTH,
        files=model(_MOVED),
        baseline=model(_ROWS),
    ),
    _case("baseline", INCONCLUSIVE, "nothing live to compare with", VERSUS),
    _case(
        "baseline-evaluations",
        INCONCLUSIVE,
        "a baseline without evaluations",
        VERSUS,
        baseline=model(_BETTER, **{"evaluations.jsonl": None}),
    ),
    _case("versus", PASSED, "the same model on both sides", VERSUS, baseline=model_files()),
    _case("versus", PASSED, "as good as the baseline", VERSUS, baseline=model(_BETTER)),
    _case(
        "versus", REFUSED, "worse than the margin allows", VERSUS, files=model(_WORSE), baseline=model(_ROWS)
    ),
    _case(
        "versus",
        REFUSED,
        "worse in a slice, not on average",
        BY_LENGTH,
        files=model(_HIDDEN),
        baseline=model(_ROWS),
    ),
    _case("versus", PASSED, "the same, on average", VERSUS, files=model(_HIDDEN), baseline=model(_ROWS)),
    _case(
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
    _case(
        "versus",
        INCONCLUSIVE,
        "exactly at the margin",
        VERSUS,
        files=model(_AT_MARGIN),
        baseline=model(_ROWS),
    ),
    _case(
        "versus",
        INCONCLUSIVE,
        "99 shared examples, 100 needed",
        VERSUS,
        files=model([*_ROWS[:99], *_RENAMED[99:]]),
        baseline=model(_BETTER),
    ),
    _case(
        "versus",
        INCONCLUSIVE,
        "no example shared, and too few",
        VERSUS,
        files=model(_RENAMED[:99]),
        baseline=model(_ROWS),
    ),
    _case(
        "versus",
        PASSED,
        "no example shared, and enough",
        VERSUS,
        files=model(_BETTER_ELSEWHERE),
        baseline=model(_ROWS),
    ),
    _case(
        "truth",
        INCONCLUSIVE,
        "another truth for one id",
        VERSUS,
        files=model(_OTHER_TRUTH),
        baseline=model(_ROWS),
    ),
    _case(
        "versus",
        INCONCLUSIVE,
        "ROC AUC of one class",
        AREA,
        files=model(_ONE_CLASS),
        baseline=model(changed(_ONE_CLASS, 0, score=0.2)),
    ),
    _case(
        "versus",
        INCONCLUSIVE,
        "a bootstrap of 9 differing pairs",
        AREA,
        files=model(evaluations(wrong=9)),
        baseline=model(evaluations(wrong=0)),
    ),
    _case(
        "versus", PASSED, "a loss as low as the baseline's", LOSS, files=model(_ROWS), baseline=model(_NEAR)
    ),
    _case(
        "versus",
        REFUSED,
        "a loss higher than the margin allows",
        LOSS,
        files=model(_WORSE),
        baseline=model(_ROWS),
    ),
    _case("claim", PASSED, "a claim that is true", FLOOR),
    _case(
        "claim",
        PASSED,
        "a claim rounded to its last digit",
        OFF_BY,
        files=model(
            _OFF_BY_99_5,
            **{"metrics.json": claims({"metric": "mae", "direction": "lower", "value": 100, "n": 40})},
        ),
    ),
    _case("claim", INCONCLUSIVE, "no claims", FLOOR, files=model(_ROWS, **{"metrics.json": None})),
    _case(
        "claim",
        REFUSED,
        "a claim that is not true",
        FLOOR,
        files=model(_ROWS, **{"metrics.json": claims({"value": 0.9101, "n": 1000})}),
    ),
    _case(
        "claim",
        REFUSED,
        "a claim on other rows",
        FLOOR,
        files=model(_ROWS, **{"metrics.json": claims({"value": 0.9, "n": 999})}),
    ),
    _case("golden", PASSED, "golden rows that agree", FLOOR),
    _case("golden", INCONCLUSIVE, "no golden rows", FLOOR, files=model(_ROWS, **{"golden.jsonl": None})),
    _case(
        "golden",
        REFUSED,
        "a golden row of an unknown id",
        FLOOR,
        files=model(_ROWS, **{"golden.jsonl": jsonl(golden(_RENAMED))}),
    ),
    _case(
        "golden",
        REFUSED,
        "another answer than evaluated",
        FLOOR,
        files=model(_ROWS, **{"golden.jsonl": jsonl(_FLIPPED)}),
    ),
    _case(
        "golden",
        REFUSED,
        "another score than evaluated",
        FLOOR,
        files=model(_ROWS, **{"golden.jsonl": jsonl(_RESCORED)}),
    ),
)
