"""Build and push a model: by the kit, by BuildKit with `docker push`, and as little as it can be."""

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.bench import buildkit, limit
from tests.bench.buildkit import BuildKit
from tests.bench.model import ModelRepository
from tests.bench.registry import Registry, throw_away
from tests.bench.table import Row, Section
from tests.bench.timing import Seconds, interleaved, run, tell, timed

_NOTES = """\
- ours: `python -m ci_steps build-image`, then `push-image`. Every step before them was done for real, and
  all that the two verify and read back is in it.
- BuildKit: `docker buildx build`, then `docker push`, by the engine's own BuildKit; the model is the last
  layer of the Dockerfile. `docker push` compresses, on one core.
- limit: a script of the standard library hashes the file, uploads it by one request and puts a manifest.
  No layer is written and nothing is verified.
- *by their own clocks*: what the two steps note in their documents, beside what the script measures from
  its first line on. The starts of two Pythons, and of one, are not in it; what a step imports for its
  tools is.
- cold: the kit's cache is empty, BuildKit builds with `--no-cache`, and the repository in the registry is
  new. Wheels were downloaded and unpacked before, for both.
- The model is one file of random bytes, its packages are those of the tweets example. All push to the
  same registry, on loopback, in a folder of its own. Before each measurement the disk is in sync, and
  what it left is removed after it."""


def measured(rounds: int, sizes: Sequence[int]) -> Section:
    """Measure each size, warm and cold."""
    rows: list[Row] = []
    for size in sizes:
        with _bench(size) as bench:
            tell(f"build and push, {size} MB, only the model changed")
            rows += bench.warm(rounds)
            tell(f"build and push, {size} MB, cold")
            rows += bench.cold(rounds)
    shown = ",".join(str(size) for size in sizes)
    command = f"python -m tests.bench build --rounds {rounds} --sizes {shown}"
    return Section("Build and push", command, rows, _NOTES)


@dataclass(slots=True)
class Bench:
    """One size of model, and everybody who builds and pushes it."""

    size: int
    model: ModelRepository
    docker: BuildKit
    registry: Registry
    own: dict[str, list[float]] = field(default_factory=lambda: {"ours": [], "limit": []})

    def warm(self, rounds: int) -> list[Row]:
        """Only the model is new."""
        self._first()
        kept = buildkit.cached()
        seen = interleaved(
            {
                "ours": self._ours,
                "BuildKit": lambda: self._buildkit("warm", kept),
                "limit": self._limit,
            },
            rounds,
        )
        what = f"{self.size:,} MB, new model"
        inside = {name: Seconds(tuple(each[1:])) for name, each in self.own.items()}
        return [
            Row(what, seen["ours"], "limit", seen["limit"], 1.3),
            Row(f"{what}, *by their own clocks*", inside["ours"], "limit", inside["limit"], 1.3),
            Row(what, seen["ours"], "BuildKit", seen["BuildKit"], None),
        ]

    def cold(self, rounds: int) -> list[Row]:
        """Everything is made anew."""
        seen = interleaved({"ours": self._ours_cold, "BuildKit": self._buildkit_cold}, rounds)
        return [Row(f"{self.size:,} MB, cold", seen["ours"], "BuildKit", seen["BuildKit"], 1 / 3)]

    def _first(self) -> None:
        """Fill both caches and the registry's repositories with all but the next model."""
        self._next("bench/ours")
        self.model.build_and_push()
        self.model.drop_model_layer()
        self.docker.take(self.model)
        self.docker.build_and_push(f"{self.registry.host}/bench/docker:first")

    def _next(self, repository: str) -> None:
        self.model.change()
        self.model.planned(repository)

    def _ours(self) -> float:
        self._next("bench/ours")
        os.sync()
        seconds = timed(self.model.build_and_push)
        built = self.model.built()
        self.own["ours"].append(built.own_seconds)
        self.registry.forget("bench/ours", built.digest)
        self.model.drop_model_layer()
        return seconds

    def _ours_cold(self) -> float:
        repository = f"bench/cold-{secrets.token_hex(4)}"
        self._next(repository)
        with tempfile.TemporaryDirectory(prefix="ci-steps-bench-") as cache:
            cold = replace(self.model, cache=Path(cache))
            os.sync()
            seconds = timed(cold.build_and_push)
        self.registry.forget(repository, self.model.built().digest)
        return seconds

    def _buildkit(self, tag: str, kept: frozenset[str], *options: str) -> float:
        repository = "bench/docker" if tag == "warm" else f"bench/docker-{tag}"
        image = f"{self.registry.host}/{repository}:{tag}"
        self.model.change()
        self.docker.take(self.model)
        os.sync()
        seconds = timed(lambda: self.docker.build_and_push(image, *options))
        self.registry.forget(repository, self.registry.digest(repository, tag))
        buildkit.forget(image, kept)
        return seconds

    def _buildkit_cold(self) -> float:
        return self._buildkit(secrets.token_hex(4), buildkit.cached(), "--no-cache")

    def _limit(self) -> float:
        self.model.change()
        said: list[str] = []
        words = [str(self.model.weights), self.registry.host, "bench/limit", "limit"]
        os.sync()
        script = [sys.executable, limit.__file__, *words]
        seconds = timed(lambda: said.append(run(script, cwd=self.model.folder)))
        self.own["limit"].append(float(said[0]))
        self.registry.forget("bench/limit", self.registry.digest("bench/limit", "limit"))
        return seconds


@contextmanager
def _bench(size: int) -> Iterator[Bench]:
    """Lay everything out in folders and a registry of its own; nothing of it stays."""
    base = os.environ.get("CI_STEPS_PYTHON_IMAGE")
    if not base:
        raise SystemExit('CI_STEPS_PYTHON_IMAGE is not set: run `make bench`, or eval "$(contrib/engine/up)"')
    before = buildkit.cached()
    with throw_away(base) as registry, tempfile.TemporaryDirectory(prefix="ci-steps-bench-") as name:
        model = ModelRepository.laid_out(Path(name, "model"), registry, size)
        docker = BuildKit.laid_out(Path(name, "docker"), registry.base, model.lock)
        try:
            yield Bench(size, model, docker, registry)
        finally:
            buildkit.forget(f"{registry.host}/bench/docker:first", before)
