"""How soon a command answers, beside the import of the libraries that it cannot do without."""

import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from tests.bench.table import Row, Section
from tests.bench.timing import interleaved, run, tell, timed
from tests.fakes.progress import Told

CLICK, LIGHT = "import click", "import click, yaml, jsonschema"
GOAL = 1.5
COMMANDS = {
    ("--help",): CLICK,
    ("plan", "--run-dir", "planned"): LIGHT,
    ("check-interface", "--run-dir", "fetched"): LIGHT,
    ("history",): LIGHT,
    ("config", "explain", "load.seconds"): LIGHT,
}
_CONFIG = """\
service: specimen
model: specimen:candidate
store: store
registry: 127.0.0.1:5000/specimen
image: {base: "python:3.11"}
load: {rate: 1, seconds: 1, p50_ms: 1}
environments: {production: {target: docker, address: "127.0.0.1:1"}}
"""


def measured(rounds: int) -> Section:
    """Run each light command beside its peer."""
    with tempfile.TemporaryDirectory() as name:
        folder = _project(Path(name))
        rows = [_row(words, peer, folder, rounds) for words, peer in COMMANDS.items()]
    return Section("Start-up", f"python -m tests.bench startup --rounds {rounds}", rows)


def _row(words: Sequence[str], peer: str, folder: Path, rounds: int) -> Row:
    tell(f"start-up: {' '.join(words)}")
    ours: Callable[[], object] = partial(run, [sys.executable, "-m", "ci_steps", *words], cwd=folder)
    theirs: Callable[[], object] = partial(run, [sys.executable, "-c", peer], cwd=folder)
    seen = interleaved({"ours": partial(timed, ours), peer: partial(timed, theirs)}, rounds)
    shown = " ".join(word for word in words if word not in {"--run-dir", "planned", "fetched"})
    return Row(f"`{shown}`", seen["ours"], f"`{peer}`", seen[peer], GOAL)


def _project(folder: Path) -> Path:
    """Lay out a small project with one published model and a fetched run."""
    (folder / "release.yaml").write_text(_CONFIG)
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
