"""A store of 10,000 versions of one model and of 1,000 models: to find one, to show one, to list them."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.s3_blobs import S3Blobs
from ci_steps.model.refs import ModelRef
from ci_steps.ports import StoreBlobs
from ci_steps.trace.difference import claims
from tests import thousands
from tests.bench.startup import CLICK
from tests.bench.table import Row, Section
from tests.bench.timing import interleaved, run, tell, timed
from tests.fakes.progress import Told
from tests.s3_servers import a_prefix

VERSIONS, MODELS, GOAL = 10_000, 1_000, 0.1
_CONFIG = """\
service: specimen
model: specimen:candidate
store: store
registry: 127.0.0.1:5000/specimen
image: {base: "python:3.11"}
load: {rate: 1, seconds: 1, p50_ms: 1}
environments: {production: {target: docker, address: "127.0.0.1:1"}}
"""
_NOTES = """\
The goal is 100 ms within a process, on a folder; a whole command also starts Python and reads release.yaml.
`os.scandir` of the 10,000 manifests' names, which no list can do without, takes {scan}. Requests to the
bucket are those that boto3 sent; `models list` and `plan` also read the ledger of each environment, which is
not counted here.
"""


def measured(rounds: int) -> Section:
    """Measure on a folder, and in a bucket where a server is named."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "release.yaml").write_text(_CONFIG)
        blobs = FolderBlobs(folder / "store")
        short = _filled(blobs)
        scan = {"scan": lambda: timed(lambda: _names(folder / "store/models/specimen"))}
        rows = [
            Row(f"{what}, on a folder", seen[what], "", None, GOAL)
            for seen in [interleaved(_timed(blobs, short), rounds)]
            for what in seen
        ]
        scanned = interleaved(scan, rounds)["scan"]
        rows += [_command(words, folder, rounds) for words in _commands(short)]
    if os.environ.get("AWS_ENDPOINT_URL_S3"):
        rows += _bucket_rows(rounds)
    command = f"python -m tests.bench shelf --rounds {rounds}"
    title = f"A store of {VERSIONS:,} versions of one model and of {MODELS:,} models"
    return Section(title, command, rows, _NOTES.format(scan=scanned))


def _commands(short: str) -> Iterator[tuple[str, ...]]:
    yield ("show", f"specimen@{short}")
    yield ("list", "specimen")
    yield ("list",)


def _command(words: tuple[str, ...], folder: Path, rounds: int) -> Row:
    ours: Callable[[], object] = partial(
        run, [sys.executable, "-m", "ci_steps", "models", *words], cwd=folder
    )
    theirs: Callable[[], object] = partial(run, [sys.executable, "-c", CLICK], cwd=folder)
    seen = interleaved({"ours": partial(timed, ours), CLICK: partial(timed, theirs)}, rounds)
    return Row(f"`models {' '.join(words)}`, the command", seen["ours"], f"`{CLICK}`", seen[CLICK], None)


def _bucket_rows(rounds: int) -> list[Row]:
    place = a_prefix()
    blobs = S3Blobs(place)
    short = _filled(blobs)
    counts = {}
    for what, work in _works(blobs, short).items():
        with requests_of(blobs) as asked:
            work()
        counts[what] = len(asked)
    seen = interleaved(_timed(blobs, short), rounds)
    return [Row(f"{what}, in a bucket", seen[what], f"{counts[what]} requests", None, None) for what in seen]


@contextmanager
def requests_of(blobs: S3Blobs) -> Iterator[list[str]]:
    """Give the methods and addresses that boto3 sends meanwhile."""
    asked: list[str] = []

    def sent(request: object, **_: object) -> None:
        asked.append(f"{getattr(request, 'method', '')} {getattr(request, 'url', '')}")

    events = blobs._bucket.client.meta.events
    events.register("before-send.s3", sent)
    try:
        yield asked
    finally:
        events.unregister("before-send.s3", sent)


def _filled(blobs: StoreBlobs) -> str:
    """Fill a store and return a short SHA from its middle."""
    tell(f"shelf: filling {type(blobs).__name__}")
    many = list(thousands.manifests(VERSIONS))
    others = [next(thousands.manifests(1, name=f"model-{number:04}")) for number in range(MODELS - 1)]
    thousands.store_of(blobs, many + others)
    return many[VERSIONS // 2].sha.hex[:12]


def _works(blobs: StoreBlobs, short: str) -> Mapping[str, Callable[[], object]]:
    store = KitStore(blobs, "the store", Told())
    ref = ModelRef.parse(f"specimen@{short}")

    def shown() -> object:
        manifest, tags = store.shown(ref)
        return claims(manifest, store), tags

    return {
        "resolve a short SHA": lambda: store.manifest(ref),
        "show a version": shown,
        "list the versions of a model": lambda: store.shelves.of("specimen").newest,
        "list the models": store.shelves.models,
    }


def _timed(blobs: StoreBlobs, short: str) -> Mapping[str, Callable[[], float]]:
    return {what: partial(timed, work) for what, work in _works(blobs, short).items()}


def _names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]
