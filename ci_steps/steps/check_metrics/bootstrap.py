"""Intervals for any metric: the wider of BCa bootstrap and linearised interval; on large samples the latter.

The percentile bootstrap is not here on purpose: with few differing pairs it passed up to 19 % of models that
lie at the margin, where 5 % were promised. Nor is BCa alone: on 60 pairs with heavy tails (log-normal errors)
it passed 13 %, the wider of the two 6 % (250 simulated comparisons, so give or take 3 points). The wider was
chosen on those very simulations; it is not exact, and heavier tails may pass more.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ci_steps.model.digest import Digest
from ci_steps.steps.check_metrics.rows import Floats

LARGE = 10_000
"""Above it only the linearised interval is used: a choice for speed, its second-order error falls with n."""
REPLICATES = 2_000
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Bounds:
    """An estimate, and an end on each side, each with the same one-sided confidence."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Resampled:
    """A value of some samples, which are drawn anew each by itself; pairs are one sample."""

    value: Callable[[Sequence[Floats]], float]
    """From how often each row of each sample was drawn."""
    influence: Floats
    """How much each row moves the value: all samples, one after the other."""
    sizes: tuple[int, ...]


def seed_of(*names: Digest) -> int:
    """Return the seed that belongs to these models: the same release draws the same replicates."""
    return int.from_bytes(hashlib.sha256(" ".join(map(str, names)).encode()).digest()[:8])


def bounds(of: Resampled, confidence: float, seed: int) -> Bounds | None:
    """Return an interval; None where replicates have no value too often for one."""
    estimate = of.value([np.ones(size) for size in of.sizes])
    z = _NORMAL.inv_cdf(confidence)
    # Variance from influence values, with n/(n-1): the infinitesimal jackknife (Efron and Tibshirani 1993).
    n = min(of.sizes)
    reach = z * math.sqrt(float(of.influence @ of.influence) * n / max(n - 1, 1))
    if sum(of.sizes) > LARGE:
        return Bounds(estimate, estimate - reach, estimate + reach)
    replicates = max(REPLICATES, math.ceil(20 / (1 - confidence)))
    drawn = _drawn(of, replicates, seed)
    valid = drawn[np.isfinite(drawn)]
    if len(valid) < 0.99 * replicates:
        return None
    lower, upper = _bca(estimate, valid, of.influence, z)
    return Bounds(estimate, min(lower, estimate - reach), max(upper, estimate + reach))


def _drawn(of: Resampled, replicates: int, seed: int) -> Floats:
    rng = np.random.Generator(np.random.PCG64(seed))
    return np.array(
        [
            of.value([np.bincount(rng.integers(0, n, n), minlength=n).astype(float) for n in of.sizes])
            for _ in range(replicates)
        ]
    )


def _bca(estimate: float, drawn: Floats, influence: Floats, z: float) -> tuple[float, float]:
    """Bias-corrected and accelerated ends (Efron, JASA 82, 1987; acceleration from influence values)."""
    below = float((drawn < estimate).mean() + (drawn == estimate).mean() / 2)
    edge = 1 / (2 * len(drawn))
    bias = _NORMAL.inv_cdf(min(max(below, edge), 1 - edge))
    spread = float(influence @ influence) ** 1.5
    acceleration = float((influence**3).sum()) / (6 * spread) if spread > 0 else 0.0
    return (
        float(np.quantile(drawn, _level(bias, acceleration, -z))),
        float(np.quantile(drawn, _level(bias, acceleration, z))),
    )


def _level(bias: float, acceleration: float, z: float) -> float:
    moved = bias + z
    stretch = 1 - acceleration * moved
    # Past the pole the correction has no meaning; the outermost replicate is the honest end.
    return _NORMAL.cdf(bias + moved / stretch) if stretch > 0 else float(z > 0)
