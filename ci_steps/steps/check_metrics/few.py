"""Where too few examples say anything of a difference, an interval would be a guess."""

import numpy as np

from ci_steps.model.metrics import METRICS
from ci_steps.steps.check_metrics import bootstrap
from ci_steps.steps.check_metrics.bootstrap import Resampled
from ci_steps.steps.check_metrics.decisions import MIN_DIFFERING, MIN_OF_A_CLASS, MIN_TELLING, is_enough
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError
from ci_steps.steps.check_metrics.rows import Mask, Rows, in_words

_EACH_ROW_ALIKE = {"accuracy", "log_loss", "brier_score"}


def refuse_few(metric: str, sides: Sides, of: Resampled) -> None:
    """Refuse to conclude from a handful of pairs that differ, rows that tell, or either in one class."""
    ours, theirs = sides.candidate, sides.baseline
    n = min(len(ours), len(theirs))
    if sides.paired:
        differ = differing(metric, sides)
        _refuse(f"of {n:,} pairs differ", int(differ.sum()), MIN_DIFFERING, n)
        _refuse_few_of_a_class(metric, ours, differ, "pairs that differ")
    else:
        for rows in (ours, theirs):
            _refuse_few_of_a_class(metric, rows, *_telling(metric, rows))
    alike = METRICS[metric].needs == "labels"
    telling = int(bootstrap.linearised(of).moments.telling + 1e-6)
    _refuse(
        f"of {n:,} rows tell, as few outweigh the rest", telling, MIN_DIFFERING if alike else MIN_TELLING, n
    )


def differing(metric: str, sides: Sides) -> Mask:
    """Return which pairs the two models answer differently."""
    ours, theirs = sides.candidate, sides.baseline
    if METRICS[metric].needs == "scores":
        return np.not_equal(ours.score, theirs.score)
    return np.not_equal(ours.prediction, theirs.prediction)


def _telling(metric: str, rows: Rows) -> tuple[Mask, str]:
    """Return which rows of one side say how far it may be off by chance, and what they are called."""
    if METRICS[metric].needs == "scores":
        return np.ones(len(rows), dtype=np.bool_), "rows"
    return np.not_equal(rows.truth, rows.prediction), "wrong rows"


def _refuse_few_of_a_class(metric: str, rows: Rows, chosen: Mask, what: str) -> None:
    if METRICS[metric].needs == "numbers" or metric in _EACH_ROW_ALIKE or metric.endswith("_micro"):
        return
    classes = np.flatnonzero(np.bincount(rows.truth, minlength=len(rows.labels)))
    counts = np.bincount(rows.truth[chosen], minlength=len(rows.labels))[classes]
    fewest = int(counts.argmin())
    label = in_words(rows.labels[int(classes[fewest])])
    _refuse(f"{what} have the truth {label!r}", int(counts[fewest]), MIN_OF_A_CLASS, len(rows))


def _refuse(what: str, seen: int, wanted: int, n: int) -> None:
    if is_enough(seen, wanted):
        return
    on = f"about {n * wanted / seen:,.0f} examples" if seen else "more examples"
    raise UndecidableError("versus", f"{seen:,} {what}, {wanted} needed", f"evaluate both models on {on}")
