"""The difference between candidate and baseline, with the interval that fits the metric and the examples."""

from dataclasses import dataclass

from ci_steps.model.metrics import METRICS
from ci_steps.steps.check_metrics import bootstrap, exact, proportions
from ci_steps.steps.check_metrics.bootstrap import Bounds, Studentised
from ci_steps.steps.check_metrics.decisions import examples_that_decide, is_enough
from ci_steps.steps.check_metrics.few import differing, refuse_few
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError
from ci_steps.steps.check_metrics.resampling import alone, apart, hits_of, together
from ci_steps.steps.check_metrics.rows import Rows
from ci_steps.steps.check_metrics.values import UndefinedError, value_of

_DRAWN = "widest of studentised bootstrap, t and skewness-corrected t interval"
_LINEAR = "wider of t and skewness-corrected t interval"
_EXACT = "exact unconditional interval"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both values, the difference candidate - baseline with its ends, and what they stand on.

    The gain is the difference turned so that more is better.
    """

    candidate: float
    baseline: float
    difference: Bounds
    n: int
    evidence: str
    method: str
    harm: float
    """One-sided p-value against ``gain >= -margin``: where it is small, harm is proven."""
    better_up: bool
    margin: float
    confidence: float

    @property
    def gain(self) -> float:
        return self.difference.estimate if self.better_up else -self.difference.estimate

    @property
    def worst_gain(self) -> float:
        return self.difference.lower if self.better_up else -self.difference.upper

    @property
    def best_gain(self) -> float:
        return self.difference.upper if self.better_up else -self.difference.lower

    @property
    def examples_that_decide(self) -> int | None:
        """About how many examples would decide it, either way, should the difference stay as it is."""
        end = self.worst_gain if self.gain > -self.margin else self.best_gain
        return examples_that_decide(self.n, self.gain, end, self.margin, self.confidence)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be shown of two sides: that the gain of the metric is above ``-margin``."""

    metric: str
    margin: float
    confidence: float
    seed: int
    positive: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    gain: Bounds
    harm: float
    evidence: str
    method: str


def compared(
    metric: str,
    sides: Sides,
    *,
    margin: float,
    confidence: float,
    min_n: int,
    seed: int,
    positive: str | None = None,
) -> Comparison:
    """Compare pair by pair where ids are shared, else as two samples; raise where there is too little.

    It is to be shown that the gain is above ``-margin``: superiority by d is the margin ``-d``.
    """
    n = min(sides.candidate.effective, sides.baseline.effective)
    if not is_enough(n, min_n):
        kind = "shared examples" if sides.paired else "examples on the smaller side"
        raise UndecidableError(
            "versus", f"{n:,} {kind}, {min_n:,} needed", f"evaluate both models on {min_n:,} examples or more"
        )
    asked = _Asked(metric, margin, confidence, seed, positive)
    try:
        candidate, baseline = (value_of(metric, rows, positive) for rows in (sides.candidate, sides.baseline))
        found = _found(asked, sides)
    except UndefinedError as error:
        raise UndecidableError(
            "versus", str(error), "bring evaluations that the metric can be made from"
        ) from error
    better_up, gain = METRICS[metric].direction == "higher", found.gain
    return Comparison(
        candidate,
        baseline,
        gain if better_up else Bounds(-gain.estimate, -gain.upper, -gain.lower),
        n,
        found.evidence + _left_out(sides),
        found.method,
        harm=found.harm,
        better_up=better_up,
        margin=margin,
        confidence=confidence,
    )


def interval_of(
    metric: str, rows: Rows, *, confidence: float, seed: int, positive: str | None = None
) -> tuple[Bounds | None, str]:
    """Return the interval of one value, where it has one, and what kind it is."""
    if (hits := hits_of(metric, rows, positive)) is not None:
        return proportions.wilson(int(hits.sum()), len(hits), confidence), "Wilson interval"
    found = bootstrap.studentised(alone(metric, rows, positive), confidence, seed)
    return (found.bounds(confidence) if found else None), _method(found)


def _found(asked: _Asked, sides: Sides) -> _Found:
    ours = hits_of(asked.metric, sides.candidate, asked.positive)
    theirs = hits_of(asked.metric, sides.baseline, asked.positive)
    if ours is None or theirs is None:
        return _drawn(asked, sides)
    if not sides.paired:
        tested = exact.apart(
            int(ours.sum()),
            len(ours),
            int(theirs.sum()),
            len(theirs),
            margin=asked.margin,
            confidence=asked.confidence,
        )
        theirs_is = "Agresti and Caffo's"
        by = f"{_EXACT}, by {theirs_is} statistic" if tested.is_exact else f"{theirs_is} interval"
        counted = f"{len(ours):,} against {len(theirs):,}"
        return _Found(
            tested.bounds, tested.harm, f"not the same examples, so unpaired: {counted}", f"{by}, unpaired"
        )
    gained, lost = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    tested = exact.paired(gained, lost, len(ours), margin=asked.margin, confidence=asked.confidence)
    by = f"{_EXACT}, by Tango's score" if tested.is_exact else "Tango's interval with continuity correction"
    of = "" if len(ours) == len(sides.candidate) else f", {len(ours):,} of the class"
    evidence = f"n = {len(sides.candidate):,}{of}, {gained + lost:,} discordant pairs"
    return _Found(tested.bounds, tested.harm, evidence, f"{by}, paired")


def _drawn(asked: _Asked, sides: Sides) -> _Found:
    ours, theirs = sides.candidate, sides.baseline
    if sides.paired:
        evidence, how = f"n = {len(ours):,}, {differing(asked.metric, sides).sum():,} pairs differ", "paired"
        of = together(asked.metric, ours, theirs, asked.positive)
    else:
        evidence, how = (
            f"not the same examples, so unpaired: {len(ours):,} against {len(theirs):,}",
            "unpaired",
        )
        of = apart(asked.metric, ours, theirs, asked.positive)
    refuse_few(asked.metric, sides, of)
    found = bootstrap.studentised(of, asked.confidence, asked.seed)
    bounds = found.bounds(asked.confidence) if found else None
    if found is None or bounds is None:
        raise UndefinedError("too few examples of one class for an interval")
    return _Found(bounds, found.below(-asked.margin), evidence, f"{_method(found)}, {how}")


def _method(found: Studentised | None) -> str:
    return _LINEAR if found and found.drawn is None else _DRAWN


def _left_out(sides: Sides) -> str:
    ours, theirs = sides.only_candidate, sides.only_baseline
    if not ours and not theirs:
        return ""
    return f"; ids not shared: {ours:,} of the candidate, {theirs:,} of the baseline"
