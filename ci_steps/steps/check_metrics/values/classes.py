from dataclasses import dataclass
from typing import Literal

import numpy as np

from ci_steps.steps.check_metrics.rows import Codes, Floats, Mask

Score = Literal["precision", "recall", "f1"]
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Precision, recall or F1 of one class, or the mean over the classes that occur.

    All three are hits over occurrences: among predictions, in truth, or in both together, which is twice the
    hits over both, 2·tp / (2·tp + fp + fn) (van Rijsbergen, Information Retrieval, 1979). A class without an
    occurrence to divide by leaves the whole without a value, where scikit-learn warns and puts a 0.
    """

    score: Score
    truth: Codes
    prediction: Codes
    classes: int
    positive: int | None = None
    true_only: bool = False
    """Over the classes of truth alone: balanced accuracy is recall so."""

    def _parts(self, weight: Floats) -> tuple[Floats, Floats, Mask]:
        hit = self.truth == self.prediction
        hits = np.bincount(self.truth[hit], weight[hit], self.classes)
        in_truth = np.bincount(self.truth, weight, self.classes)
        predicted = np.bincount(self.prediction, weight, self.classes)
        if self.positive is not None:
            counted: Mask = np.arange(self.classes) == self.positive
        else:
            counted = in_truth > 0 if self.true_only else in_truth + predicted > 0
        by: Floats = np.zeros(self.classes)
        for part, times in ((in_truth, self._of_truth), (predicted, self._of_prediction)):
            by += times * part
        times_hit = self._of_truth + self._of_prediction
        scores = np.divide(times_hit * hits, by, out=np.full(self.classes, NAN), where=by > 0)
        return scores, by, counted

    @property
    def _of_truth(self) -> int:
        return int(self.score != "precision")

    @property
    def _of_prediction(self) -> int:
        return int(self.score != "recall")

    def value(self, weight: Floats) -> float:
        scores, _, counted = self._parts(weight)
        return float(scores[counted].mean()) if counted.any() else NAN

    def influence(self, weight: Floats) -> Floats:
        scores, by, counted = self._parts(weight)
        share = np.divide(1.0, by, out=np.zeros(self.classes), where=counted)
        lost = np.where(counted, scores, 0.0) * share
        gained = np.where(self.truth == self.prediction, share[self.truth], 0.0)
        moved: Floats = (self._of_truth + self._of_prediction) * gained
        moved -= self._of_truth * lost[self.truth]
        moved -= self._of_prediction * lost[self.prediction]
        return np.asarray(weight * moved / counted.sum(), dtype=float)
