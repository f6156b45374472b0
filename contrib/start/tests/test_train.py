"""What is published is what was trained: it answers the same from its file, and it has learnt something."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import joblib
import pytest

from train import TABLE, TARGET, train


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "model"
    train(TABLE, TARGET, out)
    return out


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_saved_model_gives_the_golden_answers(model: Path) -> None:
    saved = joblib.load(model / "model" / "model.joblib")
    golden = rows(model / "golden.jsonl")

    labels = saved.predict([list(row["request"].values()) for row in golden]).tolist()

    assert len(golden) >= 100
    assert labels == [row["answer"]["label"] for row in golden]


def test_it_is_right_more_often_than_the_most_frequent_answer(model: Path) -> None:
    seen = rows(model / "evaluations.jsonl")
    [(_, most_frequent)] = Counter(row["truth"] for row in seen).most_common(1)

    assert sum(row["prediction"] == row["truth"] for row in seen) > most_frequent
