"""Metrics of a run as claims, which the kit recomputes from the evaluations."""

import json
from collections.abc import Mapping

from ci_steps.model.metrics import METRICS

_THEIRS = {
    "accuracy_score": "accuracy",
    "mean_absolute_error": "mae",
    "root_mean_squared_error": "rmse",
    "mean_absolute_percentage_error": "mape",
    "r2_score": "r2",
}
"""What `mlflow.models.evaluate` calls metrics that mean the same whatever it was told; its F1 does not."""


def claimed(measured: Mapping[str, float], evaluations: bytes, dataset: str) -> bytes | None:
    """Return metrics.json of what the kit can recompute from these evaluations; None where that is nothing.

    MLflow does not say on how many rows a metric was measured: it was on those that were logged with it.
    """
    rows = [line for line in evaluations.splitlines() if line.strip()]
    if not rows:
        return None
    scored = b'"score"' in rows[0]
    claims = {}
    for name, value in sorted(measured.items(), key=lambda each: each[0] in METRICS):
        known = METRICS.get(_THEIRS.get(name, name))
        if known is not None and (scored or known.needs != "scores"):
            claims[known.name] = {
                "metric": known.name,
                "value": value,
                "direction": known.direction,
                "n": len(rows),
                "dataset": dataset,
                "slice": None,
            }
    if not claims:
        return None
    return json.dumps({"metrics": [claims[name] for name in sorted(claims)]}, indent=2).encode() + b"\n"
