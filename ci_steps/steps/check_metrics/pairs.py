"""The same examples on both sides, found by their ids."""

from dataclasses import dataclass

import numpy as np

from ci_steps.steps.check_metrics.rows import Codes, Rows


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
        found = {
            rows.slices[name].values[code]
            for rows in (self.candidate, self.baseline)
            if name in rows.slices
            for code in np.unique(rows.slices[name].codes).tolist()
            if code >= 0
        }
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
        ours, theirs = _slice_of(self.candidate, name), _slice_of(self.baseline, name)
        for id_, our, their in zip(self.candidate.ids, ours, theirs, strict=True):
            if our != their:
                ours_is, theirs_is = our or "nothing", their or "nothing"
                raise UndecidableError(
                    "slice",
                    f"id {id_!r} has {name}={ours_is}, and {name}={theirs_is} at the baseline",
                    "part the examples the same way on both sides",
                )


def brought_together(candidate: Rows, baseline: Rows) -> Sides:
    """Pair the two sides by id, or leave them apart where they share none."""
    if candidate.kind != baseline.kind:
        raise UndecidableError(
            "truth",
            f"truth is {candidate.kind}, and {baseline.kind} at the baseline",
            "evaluate both on the same labels",
        )
    both = set(candidate.labels) | set(baseline.labels)
    labels = tuple(sorted(both))
    ours, theirs = candidate.labelled(labels), baseline.labelled(labels)
    here, there = _shared(ours, theirs)
    if not len(here):
        return Sides(ours, theirs, paired=False)
    sides = Sides(
        candidate=ours.part(here),
        baseline=theirs.part(there),
        paired=True,
        only_candidate=len(ours) - len(here),
        only_baseline=len(theirs) - len(here),
    )
    _refuse_other_truth(sides)
    return sides


def _shared(ours: Rows, theirs: Rows) -> tuple[Codes, Codes]:
    place = {id_: number for number, id_ in enumerate(theirs.ids)}
    found = [(number, place[id_]) for number, id_ in enumerate(ours.ids) if id_ in place]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


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


def _slice_of(rows: Rows, name: str) -> list[str]:
    part = rows.slices.get(name)
    return [part.values[c] if c >= 0 else "" for c in part.codes.tolist()] if part else [""] * len(rows)
