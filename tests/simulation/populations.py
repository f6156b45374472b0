"""Worlds of examples on which both models' true metrics are known, and samples of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ci_steps.model.metrics import METRICS
from ci_steps.steps.check_metrics.pairs import Sides
from ci_steps.steps.check_metrics.rows import Codes, Floats, Ids, Rows, Slice
from ci_steps.steps.check_metrics.rows.labels import Numbers
from ci_steps.steps.check_metrics.values import value_of

Balance = Literal["balanced", "1:50"]
RARE = 1 / 51
_EXAMPLES = 20_000
"""Different examples of a world of scores or of numbers; of labels there are a few combinations only."""


@dataclass(frozen=True, slots=True)
class World:
    """Every example there is, as both models answer it, and how often it comes: ``weight`` sums to 1."""

    candidate: Rows
    baseline: Rows

    def true_gain(self, metric: str) -> float:
        """Return the gain over all there is, by the metric itself: no sample, so no error."""
        ours, theirs = (value_of(metric, rows) for rows in (self.candidate, self.baseline))
        return ours - theirs if METRICS[metric].direction == "higher" else theirs - ours

    def sample(self, n: int, rng: np.random.Generator) -> Sides:
        """Draw so many examples, each by itself."""
        ends = np.cumsum(self.candidate.weight)
        chosen = np.minimum(np.searchsorted(ends, rng.random(n) * ends[-1]), len(ends) - 1)
        ours, theirs = (_equal(rows.part(chosen)) for rows in (self.candidate, self.baseline))
        return Sides(ours, theirs, paired=True)

    def expected(self, n: int) -> Sides:
        """Return as many examples as are to be expected of each kind: nothing is left to chance."""
        counts = np.rint(self.candidate.weight * n).astype(np.int64)
        chosen = np.repeat(np.arange(len(counts)), counts)
        ours, theirs = (_equal(rows.part(chosen)) for rows in (self.candidate, self.baseline))
        return Sides(ours, theirs, paired=True)


def of_labels(disagreement: float, balance: Balance, lost: float = 0.75, classes: int = 2) -> World:
    """Return a world where the candidate loses this part of the answers that differ, and gains the rest.

    The baseline is right in four of five; the last class is the rare one. Wrong answers name the next class.
    """
    shares = _shares(balance, classes)
    cells: list[tuple[int, int, int, float]] = []
    for truth, share in enumerate(shares):
        wrong, loses, gains = (truth + 1) % classes, disagreement * lost, disagreement * (1 - lost)
        right_too, wrong_too = max(0.8 - loses, 0.0), max(0.2 - gains, 0.0)
        for ours, theirs, part in (
            (truth, truth, right_too),
            (wrong, truth, loses),
            (truth, wrong, gains),
            (wrong, wrong, wrong_too),
        ):
            cells.append((truth, ours, theirs, share * part))
    codes = np.array([cell[:3] for cell in cells], dtype=np.int64)
    weight = np.array([cell[3] for cell in cells])
    labels = tuple("abcdefgh"[:classes])
    return _world(labels, codes[:, 0], codes[:, 1], codes[:, 2], weight / weight.sum())


def of_scores(disagreement: float, balance: Balance) -> World:
    """Return a world of calibrated scores, some of which the candidate blurs."""
    rng = np.random.default_rng(11)
    rare = _shares(balance, 2)[1]
    truth = np.arange(_EXAMPLES) % 2
    apart, blur = 1.5, 0.8
    seen = truth * apart + rng.normal(size=_EXAMPLES)
    odds = np.log(rare / (1 - rare)) + apart * seen - apart**2 / 2
    blurred = odds + blur * rng.normal(size=_EXAMPLES) - 0.1
    candidate = np.where(rng.random(_EXAMPLES) < disagreement, blurred, odds)
    weight = np.where(truth == 1, rare, 1 - rare) / (_EXAMPLES / 2)
    world = _world(("no", "yes"), truth, truth, truth, weight)
    ours, theirs = (1 / (1 + np.exp(-part)) for part in (candidate, odds))
    return World(replace(world.candidate, score=ours), replace(world.baseline, score=theirs))


def of_numbers(disagreement: float, tail: float = 0.0) -> World:
    """Return a world of predicted numbers; errors are normal, or log-normal with this tail."""
    rng = np.random.default_rng(12)
    truth = 10 + 2 * rng.normal(size=_EXAMPLES).clip(-4, 4)
    size = rng.lognormal(0, tail, (2, _EXAMPLES)) if tail else np.ones((2, _EXAMPLES))
    errors = rng.normal(size=(2, _EXAMPLES)) * size
    theirs = truth + errors[0]
    ours = np.where(rng.random(_EXAMPLES) < disagreement, truth + 1.1 * errors[1], theirs)
    values, codes = np.unique(np.concatenate([truth, ours, theirs]), return_inverse=True)
    of_truth, of_ours, of_theirs = codes.reshape(3, _EXAMPLES)
    weight = np.full(_EXAMPLES, 1 / _EXAMPLES)
    return _world(Numbers(values), of_truth, of_ours, of_theirs, weight)


def _shares(balance: Balance, classes: int) -> tuple[float, ...]:
    if balance == "balanced":
        return (1 / classes,) * classes
    return (*((1 - RARE) / (classes - 1),) * (classes - 1), RARE)


def _world(
    labels: tuple[str, ...] | Numbers, truth: Codes, ours: Codes, theirs: Codes, weight: Floats
) -> World:
    n = len(truth)
    candidate = Rows(
        ids=Ids.of([f"{number:06}" for number in range(n)]),
        kind="number" if isinstance(labels, Numbers) else "text",
        labels=labels,
        truth=truth.astype(np.int64),
        prediction=ours.astype(np.int64),
        score=np.full(n, np.nan),
        weight=weight,
        slices={},
    )
    return World(candidate, replace(candidate, prediction=theirs.astype(np.int64)))


def in_slices(parts: Sequence[Sides], name: str = "part") -> Sides:
    """Return all examples as one, each a slice by its number."""
    codes = np.repeat(np.arange(len(parts)), [len(part.candidate) for part in parts])
    slices = {name: Slice(tuple(str(number) for number in range(len(parts))), codes)}
    ours = _joined([part.candidate for part in parts], slices)
    return Sides(ours, _joined([part.baseline for part in parts], slices), paired=True)


def _joined(parts: Sequence[Rows], slices: Mapping[str, Slice]) -> Rows:
    return replace(
        parts[0],
        ids=Ids.joined([part.ids for part in parts]),
        truth=np.concatenate([part.truth for part in parts]),
        prediction=np.concatenate([part.prediction for part in parts]),
        score=np.concatenate([part.score for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        slices=slices,
    )


def _equal(rows: Rows) -> Rows:
    ones: NDArray[np.float64] = np.ones(len(rows))
    return replace(rows, weight=ones)
