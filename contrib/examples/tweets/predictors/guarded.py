"""Predictor of `worse`: it saves time on long tweets by not reading them."""

import json
from pathlib import Path

import joblib


class Tweets:
    """Answers a tweet longer than `max_characters` with the most frequent label, unread."""

    def load(self, folder: Path) -> None:
        """Take the estimator and the guard's settings from `folder`."""
        self.estimator = joblib.load(folder / "model.joblib")
        settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
        self.max_characters: int = settings["max_characters"]
        self.unread: dict[str, str | float] = settings["unread"]

    def predict(self, requests: list[dict[str, str]]) -> list[dict[str, str | float]]:
        """One answer a request, in the same order."""
        texts = [request["text"] for request in requests]
        read = [text for text in texts if len(text) <= self.max_characters]
        scores = iter(self.estimator.predict_proba(read)[:, -1] if read else ())
        return [
            _answer(next(scores)) if len(text) <= self.max_characters else dict(self.unread) for text in texts
        ]


def _answer(score: float) -> dict[str, str | float]:
    return {"label": "positive" if score > 0.5 else "negative", "score": float(score)}
