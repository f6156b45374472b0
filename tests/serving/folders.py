"""Model folders as they lie in an image, made on the spot."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import rfc8785

INPUT = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 500}, "more": {}},
}
OUTPUT = {
    "type": "object",
    "required": ["label", "score"],
    "additionalProperties": False,
    "properties": {"label": {"enum": ["short", "long"]}, "score": {"type": "number", "maximum": 1000}},
}
PREDICTOR = """
class Length:
    def load(self, folder):
        self.limit = int((folder / "limit.txt").read_text())

    def predict(self, requests):
        return [
            {"label": "long" if len(r["text"]) > self.limit else "short", "score": len(r["text"])}
            for r in requests
        ]
"""


def write_model(
    folder: Path,
    files: dict[str, str | bytes],
    predictor: dict[str, Any],
    *,
    request: Any = INPUT,
    answer: Any = OUTPUT,
) -> Path:
    """Write a model folder as it lies in an image: files, interface.json, and the manifest that fits."""
    interface = {"input": request, "output": answer, "prediction": "/label", "score": "/score"}
    everything = {**files, "interface.json": json.dumps(interface)}
    for path, content in everything.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / "manifest.json").write_bytes(rfc8785.dumps(manifest_of(folder, sorted(everything), predictor)))
    return folder


def manifest_of(folder: Path, paths: list[str], predictor: dict[str, Any]) -> dict[str, Any]:
    def digest(path: str) -> str:
        return hashlib.sha256((folder / path).read_bytes()).hexdigest()

    return {
        "schema": 1,
        "name": "lengths",
        "files": [{"path": p, "size": (folder / p).stat().st_size, "sha256": digest(p)} for p in paths],
        "predictor": predictor,
        "code": {"repository": "https://git.example/lengths", "commit": "1" * 40, "dirty": False},
        "data": [{"uri": "https://files.example/texts.csv", "sha256": "2" * 64}],
        "config": {"values": {"limit": 5}, "sha256": "3" * 64},
        "environment": {"python": "3.11", "lock": "requirements.lock", "lock_sha256": "4" * 64},
    }


def python_model(folder: Path, code: str = PREDICTOR, entry: str = "predictor:Length", **more: Any) -> Path:
    files: dict[str, str | bytes] = {"model/predictor.py": code, "model/limit.txt": "5"}
    return write_model(folder, files, {"kind": "python", "entry": entry}, **more)
