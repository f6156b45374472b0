"""What the gate answers, many times over, where the truth is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ci_steps.steps.check_metrics.bootstrap import linearised
from ci_steps.steps.check_metrics.compare import Comparison, compared
from ci_steps.steps.check_metrics.decisions import is_harm, is_shown
from ci_steps.steps.check_metrics.exact import tails_of_pairs
from ci_steps.steps.check_metrics.few import refuse_few
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError
from ci_steps.steps.check_metrics.resampling import hits_of, together
from ci_steps.steps.check_metrics.values import UndefinedError

CONFIDENCE = 0.95
MIN_N = 30


@dataclass(frozen=True, slots=True)
class Tally:
    """How often what came out, of so many comparisons."""

    tried: int = 0
    shown: int = 0
    harmed: int = 0
    undecidable: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.tried + other.tried,
            self.shown + other.shown,
            self.harmed + other.harmed,
            self.undecidable + other.undecidable,
        )


def answers(metric: str, sides: Sides, margin: float, seed: int) -> Tally:
    """Return the gate's answer. Replicates are drawn only where they could change it."""
    try:
        if (tails := _of_shares(metric, sides, margin)) is not None:
            no_gain, harm = tails
            return Tally(1, is_harm(no_gain, CONFIDENCE), is_harm(harm, CONFIDENCE))
        if not _is_near(metric, sides, margin):
            return Tally(tried=1)
        found = asked(metric, sides, margin, seed)
    except (UndecidableError, UndefinedError):
        return Tally(tried=1, undecidable=1)
    shown, harmed = is_shown(found.worst_gain, margin), is_harm(found.harm, CONFIDENCE)
    return Tally(tried=1, shown=shown, harmed=harmed)


def asked(metric: str, sides: Sides, margin: float, seed: int) -> Comparison:
    return compared(metric, sides, margin=margin, confidence=CONFIDENCE, min_n=MIN_N, seed=seed)


def _of_shares(metric: str, sides: Sides, margin: float) -> tuple[float, float] | None:
    """Return both p-values of a share, without the ends that are searched for only to be shown."""
    ours = hits_of(metric, sides.candidate, None)
    theirs = hits_of(metric, sides.baseline, None)
    if ours is None or theirs is None:
        return None
    gained, lost = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    return tails_of_pairs(gained, lost, len(ours), CONFIDENCE).at(-margin)


def _is_near(metric: str, sides: Sides, margin: float) -> bool:
    """Whether the interval without replicates, which is never wider than the one with them, decides."""
    of = together(metric, sides.candidate, sides.baseline, None)
    refuse_few(metric, sides, of)
    quick = linearised(of)
    ends = quick.bounds(CONFIDENCE)
    return ends is None or is_shown(ends.lower, margin) or is_harm(quick.below(-margin), CONFIDENCE)


def tally(
    draw: Callable[[np.random.Generator], Sides], metric: str, margin: float, times: int, seed: int
) -> Tally:
    """Return what the gate answers to as many samples."""
    total, rng = Tally(), np.random.default_rng(seed)
    for number in range(times):
        total += answers(metric, draw(rng), margin, seed + number)
    return total
