"""A model repository whose model is as large as one likes, and a run of it that is ready to be built."""

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ci_steps.selftest.specimen import model_files
from tests.bench.registry import Registry
from tests.bench.timing import run
from tests.e2e.project import EXAMPLE

_MEGABYTE = 1_000_000
_BEFORE_THE_IMAGE = ("plan", "unit-tests", "fetch-model", "check")


@dataclass(frozen=True, slots=True)
class Built:
    """What one build and push came to."""

    digest: str
    own_seconds: float
    """What the two steps took by their own clocks, without the starts of two processes."""


@dataclass(frozen=True, slots=True)
class ModelRepository:
    """The selftest's small sound model, with the tweets example's packages and a file of random bytes."""

    folder: Path
    registry: Registry
    cache: Path

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def weights(self) -> Path:
        return self.models / "model" / "weights.npy"

    @property
    def lock(self) -> Path:
        return self.models / "requirements.lock"

    @classmethod
    def laid_out(cls, folder: Path, registry: Registry, megabytes: int) -> "ModelRepository":
        """Write the repository and its model's files, and commit it: unit-tests wants a commit."""
        made = cls(folder, registry, folder / "cache")
        models = made.models
        lock = (EXAMPLE / "requirements.lock").read_bytes()
        for path, content in model_files(**{"requirements.lock": lock}).items():
            (models / path).parent.mkdir(parents=True, exist_ok=True)
            (models / path).write_bytes(content)
        card = {
            "name": "bench",
            "predictor": {"python": "predictor:Tweets"},
            "data": [{"uri": "https://example.org/bench", "sha256": "0" * 64}],
            "config": {"seed": 1},
            "python": "3.11",
        }
        (models / "model.yaml").write_text(yaml.safe_dump(card))
        _write_random_array(made.weights, megabytes * _MEGABYTE)
        (folder / "tests").mkdir()
        (folder / "tests" / "test_nothing.py").write_text("def test_nothing() -> None:\n    pass\n")
        (folder / ".gitignore").write_text("*\n!tests\n!tests/*\n")
        git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org"]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "--no-gpg-sign", "-m", "A model"]):
            subprocess.run([*git, *words], cwd=folder, check=True)
        return made

    def change(self) -> None:
        """Make another model of it: other bytes in the file's middle, and so all over its hash."""
        with self.weights.open("r+b") as file:
            file.seek(self.weights.stat().st_size // 2)
            file.write(os.urandom(4096))

    def planned(self, repository: str) -> None:
        """Do every step before the image for real; each leaves its document."""
        (self.folder / "release.yaml").write_text(yaml.safe_dump(self._settings(repository)))
        for stale in (self.folder / ".release", self.folder / "store"):
            shutil.rmtree(stale, ignore_errors=True)
        self._ci_steps("models", "publish", "models", "--tag", "candidate")
        for step in _BEFORE_THE_IMAGE:
            self._ci_steps(step)

    def build_and_push(self) -> None:
        self._ci_steps("build-image")
        self._ci_steps("push-image")

    def built(self) -> Built:
        """Return what the last build and push came to."""
        built, pushed = (self._document(name) for name in ("build-image", "push-image"))
        assert pushed["image"] == built["image"]
        seconds = sum(each["made"]["seconds"] for each in (built, pushed))
        return Built(str(pushed["image"]), float(seconds))

    def drop_model_layer(self) -> None:
        """Take the last model's layer out of the kit's cache, and leave those that the next one needs."""
        layers = self._document("build-image")["layers"]
        (self.cache / next(layer["path"] for layer in layers if layer["purpose"] == "model")).unlink()

    def _document(self, name: str) -> dict[str, Any]:
        return dict(json.loads((self.folder / ".release" / f"{name}.json").read_bytes()))

    def _ci_steps(self, *words: str) -> None:
        environ = {"CI_STEPS_CACHE": str(self.cache)}
        run([sys.executable, "-m", "ci_steps", *words], cwd=self.folder, environ=environ)

    def _settings(self, repository: str) -> Mapping[str, object]:
        until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=7)
        known = {"by": "bench", "reason": "nothing serves yet", "until": until.isoformat()}
        return {
            "service": "bench",
            "model": "bench:candidate",
            "store": "store",
            "registry": f"{self.registry.host}/{repository}",
            "image": {"base": self.registry.base},
            "scan": {"code": ["model/predictor.py"]},
            "metrics": [{"metric": "accuracy", "direction": "higher", "floor": 0.5}],
            "load": {"rate": 1, "seconds": 1, "p50_ms": 1},
            "environments": {"production": {"target": "docker", "address": "127.0.0.1:1"}},
            "waivers": [
                {"check": f"{gate}.baseline", **known} for gate in ("check-metrics", "check-interface")
            ],
        }


def _write_random_array(path: Path, size: int) -> None:
    """Write an array of bytes that no compression makes smaller, as trained weights mostly are."""
    import numpy as np

    np.save(path, np.frombuffer(os.urandom(size), dtype=np.uint8))
