"""Models with evaluations, and the rules that they are held to."""

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
from ci_steps.selftest.specimen import Specimen, golden, jsonl, model_files
from ci_steps.steps.check_metrics import CheckMetrics

Row = dict[str, Any]
Files = Mapping[str, bytes]
Others = Mapping[str, Any]

PASSED, WARNED, INCONCLUSIVE, REFUSED = Verdict
_OF_A_RULE = {
    "floor",
    "ceiling",
    "versus",
    "slice",
    "examples",
    "evaluations",
    "baseline",
    "baseline-evaluations",
    "truth",
}
"""Checks that are about what a rule needs: they are of the kind of that rule."""

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
BETTER = msgspec.structs.replace(VERSUS, worse_by_at_most=None, better_by_at_least=0.03)
BETTER_BY_LENGTH = msgspec.structs.replace(BETTER, slices=("length",))
AREA = msgspec.structs.replace(VERSUS, metric="roc_auc", where="release.yaml:13")
F1 = msgspec.structs.replace(VERSUS, metric="f1", where="release.yaml:14")
FLOOR_OF_HALF = msgspec.structs.replace(FLOOR, floor=0.5)
FLOOR_BY_LENGTH = msgspec.structs.replace(FLOOR, slices=("length",))
LOSS = msgspec.structs.replace(VERSUS, metric="log_loss", direction="lower", worse_by_at_most=0.1)
OFF_BY = MetricRule(metric="mae", direction="lower", ceiling=99.5, where="release.yaml:15")


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


def case(
    check: str,
    wanted: Verdict,
    title: str,
    *rules: MetricRule,
    files: Files | None = None,
    baseline: Files | None = None,
    others: Others | None = None,
    kind: str = "",
) -> Case:
    """Return a case of the last rule's kind, or of ``kind``; ``others`` are references and evidence."""
    report = partial(judged, rules, model_files() if files is None else files, baseline, others=others)
    return Case(
        gate="check-metrics",
        check=f"check-metrics.{check}",
        wanted=wanted,
        title=title,
        report=report,
        rule=kind or (kind_of(rules[-1]) if check in _OF_A_RULE else ""),
    )


def kind_of(rule: MetricRule) -> str:
    """Return what kind of rule it is: ``floor by slice``, ``superiority``."""
    if rule.versus is None:
        kind = "floor" if rule.floor is not None else "ceiling"
    else:
        kind = "non-inferiority" if rule.better_by_at_least is None else "superiority"
    return f"{kind} by slice" if rule.slices else kind


def judged(
    rules: tuple[MetricRule, ...],
    files: Files,
    baseline: Files | None,
    folder: Path,
    *,
    others: Others | None = None,
) -> Report:
    specimen = Specimen(files=files, baseline=baseline, plan={"metrics": rules}, **(others or {}))
    return CheckMetrics().run(specimen.laid_out(folder))


def with_tiny(rows: Sequence[Row], count: int, wrong: int = 0) -> list[Row]:
    """Return the rows, of which the last ``count`` are a slice of their own, the first of them wrong."""
    start = len(rows) - count
    found = [dict(row) for row in rows]
    for place, row in enumerate(found[start:]):
        right = row["truth"]
        flipped = "negative" if right == "positive" else "positive"
        row |= {"slices": {"length": "tiny"}, "prediction": flipped if place < wrong else right}
        row["score"] = 0.9 if row["prediction"] == "positive" else 0.1
    return found


OFF_BY_99_5: list[Row] = [{"id": f"n{n}", "truth": 0.0, "prediction": 99.5} for n in range(40)]
