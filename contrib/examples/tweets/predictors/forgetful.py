"""Predictor of `broken`: it reads a file that training forgot to write."""

from pathlib import Path

import joblib


class Tweets:
    """Works on its author's machine only, where `labels.txt` lies around."""

    def load(self, folder: Path) -> None:
        """Take the estimator and the labels' names from `folder`."""
        self.estimator = joblib.load(folder / "model.joblib")
        self.negative, self.positive = (folder / "labels.txt").read_text(encoding="utf-8").split()

    def predict(self, requests: list[dict[str, str]]) -> list[dict[str, str | float]]:
        """One answer a request, in the same order."""
        scores = self.estimator.predict_proba([request["text"] for request in requests])[:, -1]
        return [{"label": self.positive if s > 0.5 else self.negative, "score": float(s)} for s in scores]
