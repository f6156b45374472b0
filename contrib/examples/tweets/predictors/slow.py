"""Predictor of `slow`: right answers, too late."""

import time
from pathlib import Path

import joblib

PAUSE_S = 0.2


class Tweets:
    """Sleeps before each answer, as a predictor does that asks another service."""

    def load(self, folder: Path) -> None:
        """Take the estimator from `folder`."""
        self.estimator = joblib.load(folder / "model.joblib")

    def predict(self, requests: list[dict[str, str]]) -> list[dict[str, str | float]]:
        """One answer a request, in the same order, each `PAUSE_S` late."""
        time.sleep(PAUSE_S * len(requests))
        scores = self.estimator.predict_proba([request["text"] for request in requests])[:, -1]
        return [{"label": "positive" if s > 0.5 else "negative", "score": float(s)} for s in scores]
