"""The difference between candidate and baseline, with the interval that fits the metric and the examples."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ci_steps.steps.check_metrics import bootstrap, proportions
from ci_steps.steps.check_metrics.bootstrap import Bounds, Resampled
from ci_steps.steps.check_metrics.decisions import MIN_DIFFERING, is_enough
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError
from ci_steps.steps.check_metrics.rows import Floats, Mask, Rows
from ci_steps.steps.check_metrics.values import UndefinedError, measure, value_of

_BOOTSTRAP = "the wider of BCa bootstrap and linearised interval"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both values, the difference candidate - baseline with its ends, and what they stand on."""

    candidate: float
    baseline: float
    difference: Bounds
    n: int
    evidence: str
    method: str


def compared(metric: str, sides: Sides, *, confidence: float, min_n: int, seed: int) -> Comparison:
    """Compare pair by pair where ids are shared, else as two samples; raise where there is too little."""
    n = min(sides.candidate.effective, sides.baseline.effective)
    if not is_enough(n, min_n):
        kind = "shared examples" if sides.paired else "examples on the smaller side"
        raise UndecidableError(
            "versus", f"{n:,} {kind}, {min_n:,} needed", f"evaluate both models on {min_n:,} examples or more"
        )
    try:
        candidate, baseline = value_of(metric, sides.candidate), value_of(metric, sides.baseline)
        found = _difference(metric, sides, confidence, seed)
    except UndefinedError as error:
        raise UndecidableError(
            "versus", str(error), "bring evaluations that the metric can be made from"
        ) from error
    difference, evidence, method = found
    return Comparison(candidate, baseline, difference, n, evidence + _left_out(sides), method)


def interval_of(metric: str, rows: Rows, *, confidence: float, seed: int) -> tuple[Bounds | None, str]:
    """Return the interval of one value, where it has one, and what kind it is."""
    if metric == "accuracy" and _is_unweighted(rows):
        return proportions.wilson(int(_right(rows).sum()), len(rows), confidence), "Wilson interval"
    return bootstrap.bounds(_alone(metric, rows), confidence, seed), _BOOTSTRAP


def _difference(metric: str, sides: Sides, confidence: float, seed: int) -> tuple[Bounds, str, str]:
    ours, theirs = sides.candidate, sides.baseline
    counted = metric == "accuracy" and _is_unweighted(ours) and _is_unweighted(theirs)
    if not sides.paired:
        evidence = f"not the same examples, so unpaired: {len(ours):,} against {len(theirs):,}"
        if counted:
            totals = int(_right(ours).sum()), len(ours), int(_right(theirs).sum()), len(theirs)
            return proportions.newcombe(*totals, confidence), evidence, "Newcombe's interval, unpaired"
        return _drawn(_apart(metric, ours, theirs), confidence, seed), evidence, f"{_BOOTSTRAP}, unpaired"
    differing = _differing(metric, ours, theirs)
    if counted:
        gained = int((_right(ours) & ~_right(theirs)).sum())
        lost = int((_right(theirs) & ~_right(ours)).sum())
        evidence = f"n = {len(ours):,}, {gained + lost:,} discordant pairs"
        return proportions.tango(gained, lost, len(ours), confidence), evidence, "Tango's interval, paired"
    if not is_enough(differing, MIN_DIFFERING):
        raise UndecidableError(
            "versus",
            f"{differing} of {len(ours):,} pairs differ, {MIN_DIFFERING} needed for a bootstrap",
            "evaluate both models on more examples",
        )
    evidence = f"n = {len(ours):,}, {differing:,} pairs differ"
    return _drawn(_together(metric, ours, theirs), confidence, seed), evidence, f"{_BOOTSTRAP}, paired"


def _drawn(of: Resampled, confidence: float, seed: int) -> Bounds:
    found = bootstrap.bounds(of, confidence, seed)
    if found is None:
        raise UndefinedError("too few examples of one class for an interval")
    return found


def _alone(metric: str, rows: Rows) -> Resampled:
    ours = measure(metric, rows)

    def value(drawn: Sequence[Floats]) -> float:
        return ours.value(rows.weight * drawn[0])

    return Resampled(value, ours.influence(rows.weight), (len(rows),))


def _together(metric: str, candidate: Rows, baseline: Rows) -> Resampled:
    ours, theirs = measure(metric, candidate), measure(metric, baseline)
    weight = candidate.weight

    def value(drawn: Sequence[Floats]) -> float:
        return ours.value(weight * drawn[0]) - theirs.value(weight * drawn[0])

    return Resampled(value, ours.influence(weight) - theirs.influence(weight), (len(candidate),))


def _apart(metric: str, candidate: Rows, baseline: Rows) -> Resampled:
    ours, theirs = measure(metric, candidate), measure(metric, baseline)

    def value(drawn: Sequence[Floats]) -> float:
        return ours.value(candidate.weight * drawn[0]) - theirs.value(baseline.weight * drawn[1])

    influence = np.concatenate((ours.influence(candidate.weight), -theirs.influence(baseline.weight)))
    return Resampled(value, influence, (len(candidate), len(baseline)))


def _differing(metric: str, ours: Rows, theirs: Rows) -> int:
    by_score = metric in {"roc_auc", "log_loss"}
    apart = ours.score != theirs.score if by_score else ours.prediction != theirs.prediction
    return int(apart.sum())


def _right(rows: Rows) -> Mask:
    return np.equal(rows.truth, rows.prediction)


def _is_unweighted(rows: Rows) -> bool:
    return bool(np.ptp(rows.weight) == 0)


def _left_out(sides: Sides) -> str:
    ours, theirs = sides.only_candidate, sides.only_baseline
    if not ours and not theirs:
        return ""
    return f"; ids not shared: {ours:,} of the candidate, {theirs:,} of the baseline"
