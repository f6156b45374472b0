"""Stores of thousands of versions, made in a moment: manifests differ in one value, files not at all."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import msgspec

from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.shelves.notes import Note
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Config, Manifest
from ci_steps.model.shelf import OnShelf, Overview, Overviews, Shelf
from ci_steps.model.wire import canonical, digest_of
from ci_steps.ports import StoreBlobs
from ci_steps.selftest.specimen import manifest_of, model_files

FILES = model_files()


def manifests(count: int, name: str = "specimen") -> Iterator[Manifest]:
    """Give versions that stand on the same files."""
    whole = manifest_of(FILES, name=name)
    for number in range(count):
        values = {"seed": number}
        yield msgspec.structs.replace(whole, config=Config(values=values, sha256=digest_of(values).hex))


def put(blobs: StoreBlobs, versions: list[Manifest]) -> None:
    """Put manifests and what they stand on as they are, and no note of them: a store of an older kit."""
    for content in FILES.values():
        blobs.put_if_absent(f"objects/{Digest.of(content).hex}", BytesIO(content))

    def one(manifest: Manifest) -> None:
        blobs.put(f"models/{manifest.name}/{manifest.sha.hex}.json", BytesIO(canonical(manifest)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, versions))


def note(blobs: StoreBlobs, versions: list[Manifest]) -> None:
    """Note them as publishing them one after the other would have done."""
    size, now = sum(map(len, FILES.values())), time.time()
    marks = {found.key: found.mark for found in blobs.listed("models/")}
    rows: dict[str, list[OnShelf]] = {}
    for number, manifest in enumerate(versions):
        sha = manifest.sha.hex
        mark = marks[f"models/{manifest.name}/{sha}.json"]
        row = OnShelf(sha, mark, now + number, size, "accuracy", 0.9)
        rows.setdefault(manifest.name, []).append(row)

    def one(name: str) -> Overview:
        shelf = Shelf(tuple(rows[name]))
        mark = Note(blobs, f"shelf/{name}.json", Shelf, Shelf()).put(shelf, None)
        return Overview(name, mark or "", len(rows[name]), shelf.newest[0])

    with ThreadPoolExecutor(8) as pool:
        models = tuple(pool.map(one, sorted(rows)))
    Note(blobs, "shelves.json", Overviews, Overviews()).put(Overviews(models), None)


def store_of(blobs: StoreBlobs, versions: list[Manifest]) -> KitStore:
    """Return a store with these versions, noted."""
    from tests.fakes.progress import Told

    put(blobs, versions)
    note(blobs, versions)
    return KitStore(blobs, "the store", Told())
