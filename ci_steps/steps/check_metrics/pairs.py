"""The same examples on both sides, found by their ids."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ci_steps.steps.check_metrics.rows import Codes, Rows, union


class UndecidableError(Exception):
    """Nothing can be concluded for a rule: the finding's id, what was seen, and what to do next."""

    def __init__(self, check: str, observed: str, then: str) -> None:
        super().__init__(observed)
        self.check = f"check-metrics.{check}"
        self.then = then


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides with one set of labels; where ids are shared, the shared ones, row beside row."""

    candidate: Rows
    baseline: Rows
    paired: bool
    only_candidate: int = 0
    only_baseline: int = 0

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a slice on either side: one that the candidate dropped is not forgotten."""
        found: set[str] = set()
        for rows in (self.candidate, self.baseline):
            if name in rows.slices:
                found |= rows.slices[name].occurring()
        return tuple(sorted(found))

    def where(self, name: str, value: str) -> "Sides":
        """Return the part of both sides with this value of a slice."""
        part = {name: value}
        return Sides(
            candidate=self.candidate.where(part),
            baseline=self.baseline.where(part),
            paired=self.paired,
            only_candidate=self.only_candidate,
            only_baseline=self.only_baseline,
        )

    def refuse_moved(self, name: str) -> None:
        """Refuse to compare a slice where the two sides put one example in different values."""
        if not self.paired:
            return
        words = self.values(name)
        ours, theirs = _coded(self.candidate, name, words), _coded(self.baseline, name, words)
        moved = np.flatnonzero(ours != theirs)
        if len(moved):
            first = int(moved[0])
            id_ = self.candidate.ids[first]
            ours_is, theirs_is = ((*words, "nothing")[codes[first]] for codes in (ours, theirs))
            raise UndecidableError(
                "slice",
                f"id {id_!r} has {name}={ours_is}, and {name}={theirs_is} at the baseline",
                "part the examples the same way on both sides",
            )


def brought_together(candidate: Rows, baseline: Rows) -> Sides:
    """Pair the two sides by id, or leave them apart where they share none.

    The candidate may have more examples, and none less.
    """
    if candidate.kind != baseline.kind:
        raise UndecidableError(
            "truth",
            f"truth is {candidate.kind}, and {baseline.kind} at the baseline",
            "evaluate both on the same labels",
        )
    labels = union(candidate.labels, baseline.labels)
    ours, theirs = candidate.labelled(labels), baseline.labelled(labels)
    here, there = ours.ids.shared(theirs.ids)
    if not len(here):
        return Sides(ours, theirs, paired=False)
    sides = Sides(
        candidate=ours.part(here),
        baseline=theirs.part(there),
        paired=True,
        only_candidate=len(ours) - len(here),
        only_baseline=len(theirs) - len(here),
    )
    _refuse_left_out(sides)
    _refuse_other_truth(sides)
    return sides


def _refuse_left_out(sides: Sides) -> None:
    """Refuse to compare on a choice of the examples: those left out may be those that it gets wrong."""
    if sides.only_baseline:
        of = sides.only_baseline + len(sides.baseline)
        raise UndecidableError(
            "examples",
            f"{sides.only_baseline:,} of the {of:,} examples that it is compared on have no evaluation",
            "evaluate the candidate on all of them: those left out may be those that it gets wrong",
        )


def _refuse_other_truth(sides: Sides) -> None:
    for what, ours, theirs in (
        ("truth", sides.candidate.truth, sides.baseline.truth),
        ("weight", sides.candidate.weight, sides.baseline.weight),
    ):
        apart = np.flatnonzero(ours != theirs)
        if len(apart):
            first = sides.candidate.ids[int(apart[0])]
            raise UndecidableError(
                "truth",
                f"id {first!r} has another {what} at the baseline ({len(apart):,} such ids)",
                "find out which is right, and evaluate both models on it",
            )


def _coded(rows: Rows, name: str, words: Sequence[str]) -> Codes:
    """Return the slice's value of each row as a number of ``words``; -1 has none."""
    part = rows.slices.get(name)
    if part is None:
        return np.full(len(rows), -1, dtype=np.int64)
    place = {word: number for number, word in enumerate(words)}
    return np.array([*(place.get(value, -1) for value in part.values), -1], dtype=np.int64)[part.codes]
