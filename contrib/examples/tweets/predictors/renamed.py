"""Predictor of `breaking`: as good as `v2`, but it calls the label `sentiment`."""

from pathlib import Path

import joblib


class Tweets:
    """Answers `sentiment` where every client so far reads `label`."""

    def load(self, folder: Path) -> None:
        """Take the estimator from `folder`."""
        self.estimator = joblib.load(folder / "model.joblib")

    def predict(self, requests: list[dict[str, str]]) -> list[dict[str, str | float]]:
        """One answer a request, in the same order."""
        scores = self.estimator.predict_proba([request["text"] for request in requests])[:, -1]
        return [{"sentiment": "positive" if s > 0.5 else "negative", "score": float(s)} for s in scores]
