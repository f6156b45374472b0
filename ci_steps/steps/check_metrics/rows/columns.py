from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ci_steps.steps.check_metrics.rows.ids import Ids
from ci_steps.steps.check_metrics.rows.labels import Kind, Label, Numbers, places

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Slice:
    """A named way to part the rows: the value of each row, as a number of ``values``; -1 has none."""

    values: tuple[str, ...]
    codes: Codes

    def occurring(self) -> set[str]:
        """Return the values that a row has."""
        counts = np.bincount(self.codes + 1, minlength=len(self.values) + 1)[1:]
        return {self.values[code] for code in np.flatnonzero(counts).tolist()}


@dataclass(frozen=True, slots=True)
class Rows:
    """Truth, prediction and score of each example. Labels are numbers of ``labels``, which is sorted."""

    ids: Ids
    """Ascending, each once."""
    kind: Kind
    labels: Sequence[Label]
    truth: Codes
    prediction: Codes
    score: Floats
    """NaN where a row has none."""
    weight: Floats
    slices: Mapping[str, Slice]
    _kept: dict[str, Codes] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What many metrics ask for, and takes a sort."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def effective(self) -> int:
        """How many equally weighted rows tell as much: Kish, Survey Sampling, 1965.

        Without it one row could carry all the weight, while a thousand are counted.
        """
        if not len(self):
            return 0
        weight = self.weight / self.weight.max()
        return int(weight.sum() ** 2 / (weight @ weight) + 1e-6)

    @property
    def numbers(self) -> tuple[Floats, Floats]:
        """Truth and prediction as numbers; only where ``kind`` is number."""
        values = self.labels.array if isinstance(self.labels, Numbers) else np.array(self.labels, dtype=float)
        return values[self.truth], values[self.prediction]

    @property
    def ranks(self) -> Codes:
        """Number of each row's score among the different scores, ascending."""
        if "ranks" not in self._kept:
            self._kept["ranks"] = np.unique(self.score, return_inverse=True)[1].astype(np.int64, copy=False)
        return self._kept["ranks"]

    def part(self, chosen: Codes | Mask) -> "Rows":
        """Return some of the rows, in the order given; labels stay those of all rows."""
        index: Codes = (
            np.flatnonzero(chosen) if chosen.dtype == np.bool_ else chosen.astype(np.int64, copy=False)
        )
        return replace(
            self,
            ids=self.ids.chosen(index),
            truth=self.truth[index],
            prediction=self.prediction[index],
            score=self.score[index],
            weight=self.weight[index],
            slices={name: Slice(s.values, s.codes[index]) for name, s in self.slices.items()},
        )

    def where(self, wanted: Mapping[str, str]) -> "Rows":
        """Return the rows whose slices have the wanted values."""
        chosen = np.ones(len(self), dtype=np.bool_)
        for name, value in wanted.items():
            part = self.slices.get(name)
            known = part is not None and value in part.values
            chosen &= part.codes == part.values.index(value) if part is not None and known else False
        return self if chosen.all() else self.part(chosen)

    def labelled(self, labels: Sequence[Label]) -> "Rows":
        """Return the same rows with their labels as numbers of ``labels``, which holds them all."""
        if len(labels) == len(self.labels):
            return replace(self, labels=labels)
        moved = places(self.labels, labels)
        return replace(self, labels=labels, truth=moved[self.truth], prediction=moved[self.prediction])
