"""Which parts a rule is held to, how strictly each, and whether enough of them was shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ci_steps.model.metrics import EVERY_SLICE
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.check_metrics.decisions import MIN_DIFFERING, is_enough
from ci_steps.steps.check_metrics.pairs import UndecidableError
from ci_steps.steps.check_metrics.rows import Rows
from ci_steps.steps.check_metrics.wording import counted, in_words, undecided

GUARD = "guard: refused on proven harm, else warned"


@dataclass(frozen=True, slots=True)
class Hold:
    """How one part is held to its rule."""

    n: int
    """How many examples it is worth."""
    enough: bool
    guarded: bool

    @classmethod
    def on(cls, rule: MetricRule, n: int) -> "Hold":
        """Return how a part of ``n`` examples is held; no guard for the whole, or for nothing at all."""
        enough = is_enough(n, rule.min_n)
        return cls(n, enough, bool(rule.slices) and n > 0 and is_guarded(rule.guard, enough=enough))

    @property
    def may_prove(self) -> bool:
        """Whether harm can be proven at all: of a few examples every interval says too much."""
        return is_enough(self.n, MIN_DIFFERING)

    def verdict(self, *, shown: bool, harmed: bool) -> Verdict:
        if harmed:
            return Verdict.REFUSED
        if shown and self.enough:
            return Verdict.PASSED
        return Verdict.WARNED if self.guarded else Verdict.INCONCLUSIVE

    def unproven(self, rule: MetricRule, seen: str) -> str:
        """Say what a guarded part shows that is neither shown nor harmed."""
        if self.enough:
            return f"{seen}: no harm proven, and not shown"
        few = counted(self.n, "example")
        return f"{few}: no harm proven; {rule.min_n:,} needed to be held to the rule ({seen})"


def is_guarded(asked: bool | None, *, enough: bool) -> bool:
    """Whether a slice only warns where no harm is proven: as asked, else where it is small."""
    return not enough if asked is None else asked


def is_covered(shown_n: int, of_n: int) -> bool:
    """Whether a rule that warns of some slices was shown for at least half of the examples."""
    return 2 * shown_n >= of_n


def names_of(rule: MetricRule, *sides: Rows) -> tuple[str, ...]:
    """Return the slices of a rule; ``*`` stands for every one that a side has."""
    every = {name for rows in sides for name in rows.slices} if EVERY_SLICE in rule.slices else set()
    named = [name for name in rule.slices if name != EVERY_SLICE]
    return tuple(dict.fromkeys([*named, *sorted(every)]))


def whole(rule: MetricRule, name: str, rows: Rows, whose: str) -> Finding:
    """Say whether every row has the slice: what is left out of it was held to nothing."""
    part = rows.slices.get(name)
    without = len(rows) if part is None else int(np.count_nonzero(part.codes < 0))
    known = ", ".join(sorted(rows.slices)) or "none"
    return Finding(
        check="check-metrics.slice",
        subject=f"{rule.metric} by {name}",
        verdict=Verdict.INCONCLUSIVE if without else Verdict.PASSED,
        observed=f"{without:,} of {len(rows):,} rows of {whose} have no slice {name!r}",
        rule=f"every row is in a part of {name!r}",
        where=rule.where,
        next=f"evaluate with that slice (slices there are: {known}), or correct its name" if without else "",
    )


def no_slices(rule: MetricRule) -> Finding:
    then = "evaluate with slices, or take `slices` away and hold the whole to the rule"
    return undecided(rule, rule.metric, UndecidableError("slice", "no row has any slice", then))


def coverage(rule: MetricRule, subject: str, held: Sequence[tuple[Hold, Finding]]) -> Iterator[Finding]:
    """Say whether a rule that warns of some slices was shown for half of the examples: warnings show none."""
    if not any(finding.verdict is Verdict.WARNED for _, finding in held):
        return
    shown = [hold for hold, finding in held if finding.verdict is Verdict.PASSED]
    n, of = _total(shown), _total(hold for hold, _ in held)
    covered = is_covered(n, of)
    largest = max(hold.n for hold, finding in held if finding.verdict is not Verdict.PASSED)
    yield Finding(
        check="check-metrics.guard",
        subject=subject,
        verdict=Verdict.PASSED if covered else Verdict.INCONCLUSIVE,
        observed=f"{len(shown)} of {len(held)} slices shown, with {n:,} of {of:,} examples "
        f"({100 * n // of} %), the rest only guarded against harm",
        rule=f"shown for half of the examples at least; {in_words(rule)}",
        where=rule.where,
        next=""
        if covered
        else f"evaluate on more examples: the largest slice not shown has {largest:,}, and each is held to "
        f"the rule from {rule.min_n:,} on",
    )


def _total(holds: Iterable[Hold]) -> int:
    return sum(hold.n for hold in holds)
