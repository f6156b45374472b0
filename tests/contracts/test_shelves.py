"""Lists of a store in a bucket: how many requests they take, and that publishers at once lose nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.s3_blobs import S3Blobs
from ci_steps.model.refs import ModelRef
from ci_steps.trace.difference import claims
from tests import thousands
from tests.bench.shelf import requests_of
from tests.fakes.progress import Told
from tests.s3_servers import a_prefix

MOST = 3
VERSIONS = list(thousands.manifests(1100))
"""More than a listing brings at once."""
OTHERS = [next(thousands.manifests(1, name=f"model-{number}")) for number in range(20)]


@pytest.fixture(scope="module")
def blobs() -> S3Blobs:
    blobs = S3Blobs(a_prefix())
    thousands.store_of(blobs, VERSIONS + OTHERS)
    return blobs


@pytest.fixture
def store(blobs: S3Blobs) -> KitStore:
    return KitStore(blobs, "the store", Told())


def test_a_short_sha_is_resolved_with_few_requests(store: KitStore, blobs: S3Blobs) -> None:
    with requests_of(blobs) as asked:
        manifest = store.manifest(ModelRef.parse(f"specimen@{VERSIONS[500].sha.hex[:12]}"))

    assert manifest == VERSIONS[500]
    assert len(asked) <= MOST, asked


def test_a_version_is_shown_with_few_requests(store: KitStore, blobs: S3Blobs) -> None:
    with requests_of(blobs) as asked:
        manifest, _ = store.shown(ModelRef.parse(f"specimen@{VERSIONS[500].sha.hex[:12]}"))
        claimed = claims(manifest, store)

    assert manifest == VERSIONS[500]
    assert claimed == {"accuracy": 0.9}
    assert len(asked) <= MOST, asked


def test_the_versions_of_a_model_are_listed_with_few_requests(store: KitStore, blobs: S3Blobs) -> None:
    with requests_of(blobs) as asked:
        rows = store.shelves.of("specimen").newest

    assert [row.sha for row in rows] == [manifest.sha.hex for manifest in reversed(VERSIONS)]
    assert len(asked) <= MOST, asked


def test_the_models_are_listed_with_few_requests(store: KitStore, blobs: S3Blobs) -> None:
    with requests_of(blobs) as asked:
        models = store.shelves.models()

    assert {one.name: one.versions for one in models} == {"specimen": 1100} | {one.name: 1 for one in OTHERS}
    assert len(asked) <= MOST, asked


def test_publishers_at_once_lose_no_line_of_each_other(tmp_path: Path) -> None:
    for path, content in thousands.FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    place, versions = a_prefix(), list(thousands.manifests(6))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda each: KitStore(S3Blobs(place), "", Told()).publish(each, tmp_path), versions))

    store = KitStore(S3Blobs(place), "", Told())
    noted = store.shelves.noted("specimen")
    assert {row.sha for row in noted.rows} == {manifest.sha.hex for manifest in versions}
    assert store.shelves.of("specimen") == noted
    assert [one.versions for one in store.shelves.models()] == [6]
