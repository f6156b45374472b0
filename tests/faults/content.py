"""The model that every campaign fetches: small files of every kind, and one that takes several ranges."""

import json
import random
from functools import cache

RANGE = 256 << 10
"""How much the kit asks for at once in these tests."""
_LARGE = 5 * RANGE + 4321
_PREDICTOR = b"""\
class Echo:
    def load(self, folder):
        self.weights = (folder / "weights.bin").read_bytes()

    def predict(self, requests):
        return [{"label": str(len(self.weights))} for _ in requests]
"""
_CARD = """\
name: tweets
predictor: {python: "predictor:Echo"}
data: [{uri: "s3://corpora/tweets-2024", sha256: "%s"}]
config: {seed: 7}
python: "3.11"
"""


@cache
def files() -> dict[str, bytes]:
    """Return the model's files by their path, the same at every place."""
    dice = random.Random(5)
    golden = [
        {"id": f"t{number}", "request": {"text": f"text {number}"}, "answer": {"label": "1"}}
        for number in range(40)
    ]
    evaluated = [{"id": f"t{number}", "truth": "1", "prediction": "1"} for number in range(40)]
    return {
        "model.yaml": (_CARD % dice.randbytes(32).hex()).encode(),
        "model/predictor.py": _PREDICTOR,
        "model/weights.bin": dice.randbytes(_LARGE),
        "model/vocabulary/a few words.txt": b"\n".join(dice.randbytes(6).hex().encode() for _ in range(700)),
        "model/empty.txt": b"",
        "interface.json": b'{"input": {"type": "object"}, "output": {"type": "object"}}\n',
        "metrics.json": b'{"metrics": [{"metric": "accuracy", "value": 0.8, "direction": "higher", "n": 40, '
        b'"dataset": "test", "slice": null}]}\n',
        "golden.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in golden),
        "evaluations.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in evaluated),
        "requirements.lock": b"",
    }
