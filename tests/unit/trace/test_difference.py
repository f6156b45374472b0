"""What differs between two models, ingredient by ingredient."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ci_steps.adapters.kit_store import KitStore
from ci_steps.model.manifest import Code, Config, DataSource, Manifest, Module, Origin
from ci_steps.model.wire import digest_of
from ci_steps.selftest.specimen import manifest_of, model_files
from ci_steps.trace.difference import Difference, compared, is_code_untold
from ci_steps.trace.pins import pinned
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.progress import Told

Published = Callable[..., Manifest]


@pytest.fixture
def store() -> KitStore:
    return KitStore(MemoryBlobs(), "the store", Told())


@pytest.fixture
def published(store: KitStore, tmp_path: Path) -> Published:
    """Publish a model whose manifest has some parts of its own, and some files."""

    def publish(files: dict[str, bytes] | None = None, **parts: object) -> Manifest:
        contents = model_files(**(files or {}))
        manifest = msgspec.structs.replace(manifest_of(contents), **parts)
        folder = tmp_path / manifest.sha.short
        for path, content in contents.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        store.publish(manifest, folder)
        return manifest

    return publish


def config(**values: object) -> Config:
    return Config(values=values, sha256=digest_of(values).hex)


def told(old: Manifest, new: Manifest, store: KitStore) -> dict[tuple[str, str], tuple[str, str]]:
    return {(line.kind, line.what): (line.old, line.new) for line in compared(old, new, store)}


def test_a_model_does_not_differ_from_itself(published: Published, store: KitStore) -> None:
    one = published()

    assert compared(one, one, store) == []


def test_data_is_told_where_it_came_went_or_is_another(published: Published, store: KitStore) -> None:
    stays = DataSource(uri="s3://data/stays", sha256="1" * 64)
    old = published(data=(stays, DataSource(uri="s3://data/went", sha256="2" * 64)))
    new = published(data=(stays, DataSource(uri="s3://data/came", mark="md5:3")))

    assert told(old, new, store) == {
        ("data", "s3://data/went"): ("sha256:" + "2" * 64, "-"),
        ("data", "s3://data/came"): ("-", "md5:3"),
    }


def test_configuration_is_told_by_its_dotted_keys_as_json(published: Published, store: KitStore) -> None:
    old = published(config=config(train={"C": 1, "seed": 7}, words=["a"], same=1.0, text="1"))
    new = published(config=config(train={"C": 2, "seed": 7}, words=["a", "b"], same=1, text=1))

    assert told(old, new, store) == {
        ("config", "train.C"): ("1", "2"),
        ("config", "words"): ('["a"]', '["a","b"]'),
        ("config", "text"): ('"1"', "1"),
    }


def test_packages_are_told_one_by_one(published: Published, store: KitStore) -> None:
    old = published({"requirements.lock": b"numpy==2.0.0 \\\n    --hash=sha256:a\njoblib==1.4.2\n"})
    new = published({"requirements.lock": b"numpy==2.1.0 \\\n    --hash=sha256:b\nSciPy==1.14.0\n"})

    found = told(old, new, store)

    assert {what: sides for (kind, what), sides in found.items() if kind == "package"} == {
        "joblib": ("1.4.2", "-"),
        "numpy": ("2.0.0", "2.1.0"),
        "scipy": ("-", "1.14.0"),
    }
    assert ("environment", "lock") in found


def test_origin_modules_and_what_no_commit_has_are_told(published: Published, store: KitStore) -> None:
    old = published(origin=Origin(address="dvc:repo@a:model", facts={"stage": "train", "author": "Ada"}))
    words = published(name="words")
    new = published(
        origin=Origin(address="dvc:repo@b:model", facts={"stage": "train", "author": "Bob"}),
        modules=(Module(name="words", sha=words.sha),),
        code=Code(repository="https://example.org/specimen.git", commit="0" * 40, dirty=True),
    )

    assert told(old, new, store) == {
        ("code", "changes that no commit has"): ("no", "yes"),
        ("module", "words"): ("-", words.sha.hex),
        ("origin", "address"): ("dvc:repo@a:model", "dvc:repo@b:model"),
        ("origin", "author"): ("Ada", "Bob"),
    }


def test_code_is_untold_where_two_commits_are_known_and_nothing_between_them() -> None:
    commits = Difference(kind="code", what="commit", old="1" * 40, new="2" * 40)
    counts = Difference(kind="code", what="commits of its own", old="0", new="1")

    assert is_code_untold([commits])
    assert not is_code_untold([commits, counts])
    assert not is_code_untold([msgspec.structs.replace(commits, old="-")])
    assert not is_code_untold([])


def test_ingredients_are_told_before_metrics_and_files(published: Published, store: KitStore) -> None:
    claim = b'{"metrics": [{"metric": "accuracy", "value": 0.5}]}'
    old, new = published(), published({"metrics.json": claim}, config=config(seed=2))

    assert [line.kind for line in compared(old, new, store)] == ["config", "metric", "file"]


@pytest.mark.parametrize(
    ("lock", "found"),
    [
        (b"", {}),
        (b"# numpy==1\n-e .\n--index-url https://example.org\n", {}),
        (b"Typing_Extensions[x]==4.1 \\\n    --hash=sha256:ab # why\n", {"typing-extensions": "4.1"}),
        (
            b"numpy==1 ; python_version < '3.12' --hash=sha256:ab\nnumpy==2 ; python_version >= '3.12'\n",
            {"numpy ; python_version < '3.12'": "1", "numpy ; python_version >= '3.12'": "2"},
        ),
        (b"\xff==1\njoblib==1.4.2\r\n", {"joblib": "1.4.2"}),
    ],
)
def test_a_lock_pins_these_packages(lock: bytes, found: dict[str, str]) -> None:
    assert pinned(lock) == found
