"""Intervals for any metric: the widest of studentised bootstrap, Student's t, and t corrected for skewness.

Others alone passed more models at the margin than they promised: 19 of 100 for the percentile bootstrap
where 5 were, 13 for BCa on 60 pairs with heavy tails, 8 for the linearised interval with few differing
pairs, 6 for the studentised bootstrap. The widest of these three keeps its promise where enough rows move
the difference; `tests/simulation/RESULTS.md` says what was seen.
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
"""Samples of more rows, or groups of equal rows, are not drawn anew: it would take too long."""
TELLING = 200
"""Nor are those where so many rows tell: beyond skewness the bootstrap corrects some 1/200."""
REPLICATES = 999
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
    """From how often each row, or each of a group of equal rows, was drawn."""
    influence: Callable[[Sequence[Floats]], Sequence[Floats]]
    """How much each row, or group, moves the value."""
    counts: tuple[Floats, ...]
    """How many rows each stands for, in each sample."""


@dataclass(frozen=True, slots=True)
class Moments:
    """What the influences of the rows say about the value's distribution."""

    error: float
    skewness: float
    telling: float
    """How many rows of equal weight would move the value as unevenly: (Σu²)² / Σu⁴.

    With few differing pairs it is their number; one outlier makes it 1. Student's t has as many degrees of
    freedom here: Σu² of n rows with kurtosis κ varies like that of 2n/(κ-1), and κ is n over this number.
    """


@dataclass(frozen=True, slots=True)
class Studentised:
    """An estimate in units of its standard error, and how such a quotient is distributed."""

    estimate: float
    moments: Moments
    drawn: Floats | None
    """Quotients of replicates, ascending; None where the sample was too large for any."""

    def bounds(self, confidence: float) -> Bounds | None:
        """Return the interval; None where replicates have no end at this confidence."""
        ends = self._end(confidence, up=False), self._end(confidence, up=True)
        return Bounds(self.estimate, *ends) if all(map(math.isfinite, ends)) else None

    def below(self, true: float) -> float:
        """Return how likely an estimate as low as this one is, if the value were truly this one."""
        error, skewness = self.moments.error, self.moments.skewness
        if error <= 0:
            return float(self.estimate >= true)
        quotient = (self.estimate - true) / error
        chances = [self._student(quotient), self._student(straightened(quotient, skewness))]
        if self.drawn is not None:
            lower = int(np.searchsorted(self.drawn, quotient, side="right"))
            chances.append((lower + 1) / (len(self.drawn) + 1))
        return max(chances)

    def _end(self, confidence: float, *, up: bool) -> float:
        side = -1 if up else 1
        most = side * student_quantile(confidence, self.moments.telling)
        quotients = [most, bent(most, self.moments.skewness)]
        if self.drawn is not None:
            # The test that belongs to it counts the sample itself among the replicates.
            beyond = math.floor((1 - confidence) * (len(self.drawn) + 1) + 1e-9) - 1
            quotients.append(float(self.drawn[beyond if up else -1 - beyond]))
        return self.estimate - side * self.moments.error * max(side * quotient for quotient in quotients)

    def _student(self, quotient: float) -> float:
        return _NORMAL.cdf(normal_for_student(quotient, self.moments.telling))


def seed_of(*names: Digest) -> int:
    """Return the seed that belongs to these models: the same release draws the same replicates."""
    return int.from_bytes(hashlib.sha256(" ".join(map(str, names)).encode()).digest()[:8])


def moments_of(influences: Sequence[Floats], counts: Sequence[Floats]) -> Moments:
    """Return error, skewness and how many rows tell, from the influence values.

    Their squares sum to the variance, with n/(n-1): the infinitesimal jackknife (Efron and Tibshirani, An
    Introduction to the Bootstrap, 1993).
    """
    second = third = fourth = 0.0
    for moved, count in zip(influences, counts, strict=True):
        n = float(count.sum())
        # A group's influence is that of all its rows together.
        row = np.divide(moved, count, out=np.zeros_like(moved), where=count > 0)
        square = count * row * row
        second += float(square.sum()) * n / max(n - 1, 1)
        third += float(square @ row)
        fourth += float(square @ (row * row))
    if second <= 0:
        return Moments(0.0, 0.0, 0.0)
    return Moments(math.sqrt(second), third / second**1.5, second**2 / fourth)


def linearised(of: Resampled) -> Studentised:
    """Return the quotient without replicates."""
    return Studentised(of.value(of.counts), moments_of(of.influence(of.counts), of.counts), None)


def studentised(of: Resampled, confidence: float, seed: int) -> Studentised | None:
    """Draw replicates where that is needed; None where they have no value too often."""
    found = linearised(of)
    estimate, moments = found.estimate, found.moments
    if sum(map(len, of.counts)) > LARGE or moments.telling >= TELLING or moments.error <= 0:
        return found
    replicates = max(REPLICATES, math.ceil(20 / (1 - confidence)) - 1)
    drawn = _drawn(of, estimate, replicates, seed)
    valid = drawn[~np.isnan(drawn)]
    return Studentised(estimate, moments, np.sort(valid)) if len(valid) >= 0.99 * replicates else None


def bounds(of: Resampled, confidence: float, seed: int) -> Bounds | None:
    """Return the interval of a value alone."""
    found = studentised(of, confidence, seed)
    return found.bounds(confidence) if found else None


def _drawn(of: Resampled, estimate: float, replicates: int, seed: int) -> Floats:
    """Return quotients of replicates (Efron and Tibshirani 1993, chapter 12.5)."""
    rng = np.random.Generator(np.random.PCG64(seed))
    quotients = np.full(replicates, np.nan)
    for replicate in range(replicates):
        counts = [_anew(count, rng) for count in of.counts]
        value = of.value(counts)
        if not math.isfinite(value):
            continue
        error = moments_of(of.influence(counts), counts).error
        apart = value - estimate
        quotients[replicate] = (
            apart / error if error > 0 else math.copysign(math.inf, apart) if apart else 0.0
        )
    return quotients


def _anew(counts: Floats, rng: np.random.Generator) -> Floats:
    n = int(counts.sum())
    if n == len(counts):
        return np.bincount(rng.integers(0, n, n), minlength=n).astype(float)
    return rng.multinomial(n, counts / n).astype(float)


def straightened(quotient: float, skewness: float) -> float:
    """Return a quotient without the skewness of its distribution (Hall, JRSS B 54, 1992, 221-228).

    ``skewness`` is that of the mean: the rows' own over √n.
    """
    return quotient + skewness / 3 * quotient**2 + skewness**2 / 27 * quotient**3 + skewness / 6


def bent(quotient: float, skewness: float) -> float:
    """Return what :func:`straightened` makes this quotient of."""
    if abs(skewness) < 1e-9:
        return quotient
    return 3 / skewness * (math.cbrt(1 + skewness * (quotient - skewness / 6)) - 1)


def normal_for_student(quotient: float, freedom: float) -> float:
    """Return the normal quantile as likely as Student's (Wallace, Annals of Math. Statistics 30, 1959)."""
    size = (8 * freedom + 1) / (8 * freedom + 3) * math.sqrt(freedom * math.log1p(quotient**2 / freedom))
    return math.copysign(size, quotient)


def student_quantile(confidence: float, freedom: float) -> float:
    """Return Student's quantile, by Wallace's formula the other way round."""
    z = _NORMAL.inv_cdf(confidence) * (8 * freedom + 3) / (8 * freedom + 1)
    return math.sqrt(freedom * math.expm1(z * z / freedom)) if freedom > 0 else 0.0
