"""What the campaign tries, each a job of its own so that every core has some."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from typing import TypeVar
from zlib import crc32

import numpy as np

from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Verdict
from ci_steps.steps.check_metrics.versus import versus
from tests.simulation import exactly
from tests.simulation.exactly import Errors
from tests.simulation.populations import (
    Balance,
    World,
    in_slices,
    of_labels,
    of_numbers,
    of_scores,
)
from tests.simulation.trials import CONFIDENCE, Tally, tally

Job = TypeVar("Job")
Found = TypeVar("Found")

LABELS = ("f1", "precision", "balanced_accuracy", "f1_macro")
SCORES = ("roc_auc", "average_precision", "log_loss", "brier_score")
NUMBERS = ("mae", "rmse", "mape", "r2", "spearman")


@dataclass(frozen=True, slots=True)
class Cell:
    """A metric in a world, samples of it, and how far the true gain lies on the good side of the margin."""

    metric: str
    n: int
    disagreement: float
    balance: Balance = "balanced"
    lost: float = 0.75
    room: float = 0.0
    times: int = 400


@dataclass(frozen=True, slots=True)
class Proportions:
    """Two proportions whose true difference is the margin: of the same examples, or of others."""

    n: int
    margin: float
    disagreement: float | None = None
    right: float = 0.8


@dataclass(frozen=True, slots=True)
class Sliced:
    """A sample of each slice, told by how many pairs differ and which part of them the candidate loses."""

    parts: tuple[tuple[float, float], ...]
    n: int
    margin: float
    seed: int


def tried(cell: Cell) -> Tally:
    """Return what the gate answers in a cell."""
    world = world_of(cell.metric, cell.disagreement, cell.balance, cell.lost)
    margin = cell.room - world.true_gain(cell.metric)
    return tally(
        lambda rng: world.sample(cell.n, rng), cell.metric, margin, cell.times, crc32(repr(cell).encode())
    )


def counted(two: Proportions) -> Errors:
    """Return how often the gate errs, exactly."""
    if two.disagreement is None:
        return exactly.apart(two.n, two.n, two.right, two.margin)
    return exactly.of_pairs(two.n, two.disagreement, two.margin)


def judged(job: Sliced) -> list[Verdict]:
    """Return the verdict on each slice, by a rule for all of them."""
    rng = np.random.default_rng(job.seed)
    worlds = [world_of("accuracy", disagreement, "balanced", lost) for disagreement, lost in job.parts]
    sides = in_slices([world.sample(job.n, rng) for world in worlds])
    rule = MetricRule(
        metric="accuracy",
        direction="higher",
        versus="baseline",
        worse_by_at_most=job.margin,
        confidence=CONFIDENCE,
        slices=("part",),
    )
    of_slices = [found for found in versus(rule, sides, job.seed) if " where part=" in found.subject]
    return [found.verdict for found in of_slices]


@cache
def world_of(metric: str, disagreement: float, balance: Balance, lost: float) -> World:
    """Return the world that belongs to a metric; for numbers ``1:50`` is one with heavy tails."""
    if metric in SCORES:
        return of_scores(disagreement, balance)
    if metric in NUMBERS:
        return of_numbers(disagreement, tail=0.7 if balance == "1:50" else 0.0)
    return of_labels(disagreement, balance, lost, classes=3 if metric == "f1_macro" else 2)


def on_all_cores(work: Callable[[Job], Found], jobs: Iterable[Job]) -> Sequence[Found]:
    """Return what comes of each job."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, jobs))
