"""Run every benchmark and print one table; a figure is the median of interleaved runs."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from tests.fakes.progress import Told

ROUNDS = int(os.environ.get("CI_STEPS_BENCH_ROUNDS", "15"))
CLICK = ("-c", "import click")
LIGHT = ("-c", "import click, yaml, jsonschema")
CONFIG = """\
service: specimen
model: specimen:candidate
store: store
registry: 127.0.0.1:5000/specimen
image: {base: "python:3.11"}
load: {rate: 1, seconds: 1, p50_ms: 1}
environments: {production: {target: docker, address: "127.0.0.1:1"}}
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A command of ours beside a peer's, and the ratio we want at most."""

    name: str
    ours: Sequence[str]
    peer: Sequence[str]
    goal: float


def medians(commands: Mapping[str, Sequence[str]], cwd: Path) -> dict[str, float]:
    """Run the commands in turn, round after round, so that noise falls on all alike; seconds."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, arguments in commands.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *arguments], cwd=cwd, check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in seconds.items()}


def project(folder: Path) -> Path:
    """Lay out a small project with one published model and a fetched run."""
    (folder / "release.yaml").write_text(CONFIG)
    files = model_files()
    for path, content in files.items():
        (folder / "model" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "model" / path).write_bytes(content)
    manifest = manifest_of(files)
    store = KitStore(FolderBlobs(folder / "store"), "store", Told())
    store.publish(manifest, folder / "model")
    store.tag("specimen", "candidate", manifest.sha, by="bench")
    Specimen(baseline=files).laid_out(folder / "fetched")
    return folder


def main() -> int:
    """Measure what stands here; the exit code says nothing of the goals, the table does."""
    step = ("-m", "ci_steps")
    rows = [
        Measured("--help", (*step, "--help"), CLICK, 1.5),
        Measured("plan", (*step, "plan", "--run-dir", "planned"), LIGHT, 1.5),
        Measured("check-interface", (*step, "check-interface", "--run-dir", "fetched"), LIGHT, 1.5),
        Measured("history", (*step, "history"), LIGHT, 1.5),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = project(Path(name))
        print("| command | ms | peer | ms | ratio | goal |\n|---|---|---|---|---|---|")  # noqa: T201
        for row in rows:
            seen = medians({"ours": row.ours, "peer": row.peer}, folder)
            ours, peer = seen["ours"] * 1000, seen["peer"] * 1000
            ratio = f"{ours / peer:.2f} | {row.goal}"
            told = f"| `{row.name}` | {ours:.0f} | `{row.peer[1]}` | {peer:.0f} | {ratio} |"
            print(told, flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
