"""From an address to a model known by its SHA; and each way to be another one is told apart."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import Beyond, KitStore
from ci_steps.adapters.programs import ChildPrograms
from ci_steps.adapters.sourcing import SourcedModels
from ci_steps.adapters.transfer import ContentCache, Transfer
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Code, Manifest, Origin
from ci_steps.model.sourced import Found, Known, SourceFile
from ci_steps.model.wire import pretty
from ci_steps.ports import ChangedError, MovedError, Request
from ci_steps.selftest.specimen import manifest_of, model_files
from tests.fakes.progress import Told

CARD = {
    "name": "specimen",
    "predictor": {"python": "predictor:Tweets"},
    "code": {"repository": "https://example.org/specimen.git", "commit": "0" * 40},
    "data": [{"uri": "https://example.org/specimen.txt", "sha256": "0" * 64}],
    "config": {"seed": 1},
    "python": "3.11",
}
TAGGED = Address.parse("mlflow:models/specimen@best")


def files_of(card: Mapping[str, object] | None = None, /, **changes: bytes | None) -> dict[str, bytes]:
    return model_files(**changes) | {"model.yaml": json.dumps(card or CARD).encode()}


@dataclass
class Registry:
    """A system with versions of a model in folders, and a tag that moves."""

    folder: Path
    best: int = 1
    known: Known = field(default_factory=Known)
    asked: list[str] = field(default_factory=list)
    short: int = 0
    """So many bytes more are promised than there are."""

    def put(self, version: int, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            place = self.folder / str(version) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def resolve(self, address: Address) -> Found:
        version = self.best if address.rest.endswith("@best") else int(address.rest.rpartition("/")[2])
        top = self.folder / str(version)
        files = tuple(
            SourceFile(
                path=path.relative_to(top).as_posix(),
                size=path.stat().st_size + self.short,
                locator=str(path),
                mark=Digest.of_file(path).hex,
            )
            for path in sorted(top.rglob("*"))
            if path.is_file()
        )
        origin = Origin(address=f"mlflow:models/specimen/{version}", facts={"version": str(version)})
        return Found(origin=origin, files=files, known=self.known)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        self.asked.append(file.path)
        return Request(Path(file.locator).as_uri())


@dataclass
class Desk:
    """All that stands between a registry and a store."""

    folder: Path
    registry: Registry
    told: Told = field(default_factory=Told)

    @property
    def store(self) -> KitStore:
        beyond = Beyond(lambda: self.transfer, lambda _: self.registry)
        return KitStore(FolderBlobs(self.folder / "store"), "the store", self.told, beyond)

    @property
    def transfer(self) -> Transfer:
        return Transfer(ContentCache(self.folder / "cache"), self.told)

    @property
    def models(self) -> SourcedModels:
        return SourcedModels(
            self.store,
            lambda _: self.registry,
            (),
            self.transfer,
            self.folder / "cache/scratch",
            ChildPrograms(os.environ),
            self.told,
        )

    def pinned(self, manifest: Manifest, text: str = TAGGED.unpinned) -> Address:
        return Address.parse(f"{text}#sha256={manifest.sha.hex}")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    registry = Registry(tmp_path / "registry")
    registry.put(1, files_of())
    return Desk(tmp_path, registry)


def test_the_manifest_is_that_of_the_files_and_says_where_they_were_found(desk: Desk) -> None:
    manifest = desk.models.manifest(TAGGED)

    assert {file.path: file.sha256 for file in manifest.files} == {
        path: Digest.of(content).hex for path, content in files_of().items()
    }
    assert manifest.origin == Origin(address="mlflow:models/specimen/1", facts={"version": "1"})
    assert desk.told.said == [
        f"mlflow:models/specimen@best is mlflow:models/specimen/1, which is specimen@{manifest.sha.hex}",
        f"to pin it: mlflow:models/specimen@best#sha256={manifest.sha.hex}",
    ]


def test_a_second_plan_fetches_nothing_also_with_an_empty_cache(desk: Desk) -> None:
    first = desk.models.manifest(TAGGED)
    desk.registry.asked.clear()

    assert desk.models.manifest(TAGGED) == first
    (desk.folder / "cache").rename(desk.folder / "lost")
    assert desk.models.manifest(TAGGED) == first
    assert desk.registry.asked == []


def test_the_pinned_model_is_the_model(desk: Desk) -> None:
    manifest = desk.models.manifest(TAGGED)

    assert desk.models.manifest(desk.pinned(manifest)) == manifest


# Three ways to be another one


def test_a_tag_that_moved_is_told_with_where_it_was_and_is(desk: Desk) -> None:
    pinned = desk.models.manifest(TAGGED)
    desk.registry.put(2, files_of(**{"golden.jsonl": b""}))
    desk.registry.best = 2

    with pytest.raises(MovedError) as error:
        desk.models.manifest(desk.pinned(pinned))

    assert "it was mlflow:models/specimen/1" in str(error.value)
    assert "is now mlflow:models/specimen/2" in str(error.value)
    assert "name mlflow:models/specimen/1 to release what was pinned" in error.value.hint
    assert desk.models.manifest(desk.pinned(pinned, "mlflow:models/specimen/1")) == pinned


def test_a_file_that_changed_is_named(desk: Desk) -> None:
    pinned = desk.models.manifest(TAGGED)
    desk.registry.put(1, files_of(**{"golden.jsonl": b""}))

    with pytest.raises(ChangedError, match=r"not the pinned [0-9a-f]{12}: golden\.jsonl changed"):
        desk.models.manifest(desk.pinned(pinned))


def test_an_ingredient_that_changed_and_no_file_is_named(desk: Desk) -> None:
    pinned = desk.models.manifest(TAGGED)
    desk.registry.put(1, files_of(CARD | {"config": {"seed": 2}}))

    with pytest.raises(ChangedError, match=r"model\.yaml changed"):
        desk.models.manifest(desk.pinned(pinned))


def test_a_pin_that_nobody_knows_is_an_error_of_its_own_kind(desk: Desk) -> None:
    with pytest.raises(ChangedError, match="the store does not know what was pinned"):
        desk.models.manifest(Address.parse(f"{TAGGED.unpinned}#sha256={'0' * 64}"))


def test_a_file_that_is_shorter_than_was_said_is_an_error_and_leaves_no_model(desk: Desk) -> None:
    desk.registry.short = 1

    with pytest.raises(ChangedError, match=r"bytes now and had"):
        desk.models.manifest(TAGGED)

    assert desk.store.names() == ()
    assert not list((desk.folder / "cache/objects").rglob("*.*"))


# What is fetched from where, later


def test_what_the_model_loads_stays_where_it_is_and_is_fetched_from_there(desk: Desk) -> None:
    manifest = desk.models.manifest(TAGGED)
    loaded = manifest.file("model/predictor.py")
    stored = desk.folder / "store/objects"

    assert not (stored / loaded.sha256).exists()
    assert (stored / manifest.file("golden.jsonl").sha256).exists()
    (desk.folder / "cache").rename(desk.folder / "lost")
    assert desk.store.fetch(manifest.files, desk.folder / "into") == ()
    assert Digest.of_file(desk.folder / "into/model/predictor.py").hex == loaded.sha256


def test_what_changed_where_it_stays_is_named_when_it_is_fetched(desk: Desk) -> None:
    manifest = desk.models.manifest(TAGGED)
    (desk.folder / "cache").rename(desk.folder / "lost")
    size = manifest.file("model/predictor.py").size
    desk.registry.put(1, {"model/predictor.py": b"#" * size})

    differing = desk.store.fetch(manifest.files, desk.folder / "into")

    assert [path.name for path in differing] == ["predictor.py"]
    assert not (desk.folder / "into/model/predictor.py").exists()


def test_an_import_after_a_plan_puts_every_file_into_the_store(desk: Desk) -> None:
    planned = desk.models.manifest(TAGGED)

    imported, _ = desk.models.imported(TAGGED)

    assert imported == planned
    for file in imported.files:
        assert (desk.folder / "store/objects" / file.sha256).exists()
    (desk.folder / "cache").rename(desk.folder / "lost")
    (desk.folder / "registry").rename(desk.folder / "gone")
    assert desk.store.fetch(imported.files, desk.folder / "into") == ()


def test_what_lies_elsewhere_and_is_gone_there_is_an_error(desk: Desk) -> None:
    manifest = desk.models.manifest(TAGGED)
    (desk.folder / "cache").rename(desk.folder / "lost")
    (desk.folder / "registry/1/model/predictor.py").unlink()

    differing = desk.store.fetch(manifest.files, desk.folder / "into")

    assert [path.name for path in differing] == ["predictor.py"]
    assert any("predictor.py" in line and "not there any more" in line for line in desk.told.said)


# What lies there


def test_a_manifest_that_was_published_with_the_files_is_the_model_s(desk: Desk) -> None:
    files = model_files()
    published = manifest_of(files)
    desk.registry.put(3, files | {"manifest.json": pretty(published)})

    assert desk.models.manifest(Address.parse("mlflow:models/specimen/3")) == published


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"golden.jsonl": b"{}\n"}, r"golden\.jsonl is not what manifest\.json of .*/3 says"),
        ({"golden.jsonl": None}, r"names golden\.jsonl, which is not there"),
    ],
)
def test_files_that_are_not_those_of_their_manifest_are_named(
    desk: Desk, spoilt: dict[str, bytes | None], said: str
) -> None:
    published = manifest_of(model_files())
    desk.registry.put(3, model_files(**spoilt) | {"manifest.json": pretty(published)})

    with pytest.raises(ChangedError, match=said):
        desk.models.manifest(Address.parse("mlflow:models/specimen/3"))


def test_evidence_that_is_missing_is_told_with_the_step_that_misses_it(desk: Desk) -> None:
    gone: dict[str, bytes | None] = dict.fromkeys(
        ("interface.json", "metrics.json", "golden.jsonl", "evaluations.jsonl")
    )
    desk.registry.put(4, files_of(**gone))

    manifest = desk.models.manifest(Address.parse("mlflow:models/specimen/4"))

    told = "\n".join(desk.told.said)
    for path, step in (
        ("interface.json", "check-interface"),
        ("metrics.json", "check-metrics"),
        ("golden.jsonl", "integration-test"),
        ("evaluations.jsonl", "check-metrics"),
    ):
        assert f"there is no {path}, and {step} will be inconclusive" in told
        assert manifest.has(path) == (path != "evaluations.jsonl")


def test_what_the_source_knows_may_be_left_out_of_model_yaml(desk: Desk) -> None:
    left = {key: CARD[key] for key in ("predictor", "data")}
    code = Code(repository="https://example.org/other.git", commit="a" * 40, dirty=False)
    desk.registry.known = Known(name="known", code=code, config={"C": 1.0}, python="3.11")
    desk.registry.put(5, files_of(left))

    manifest = desk.models.manifest(Address.parse("mlflow:models/specimen/5"))

    assert (manifest.name, manifest.code, manifest.config.values) == ("known", code, {"C": 1.0})


def test_what_contradicts_the_source_is_bad_input(desk: Desk) -> None:
    desk.registry.known = Known(python="3.12")

    with pytest.raises(InputError, match=r"python is '3\.11', and its source says '3\.12'"):
        desk.models.manifest(TAGGED)


def test_files_that_nothing_says_how_to_load_are_bad_input(desk: Desk) -> None:
    desk.registry.put(6, model_files())

    with pytest.raises(InputError, match=r"holds no model\.yaml and no MLmodel"):
        desk.models.manifest(Address.parse("mlflow:models/specimen/6"))
    assert desk.registry.asked == [], "a whole bucket would have been fetched first"


def test_what_is_wrong_with_a_model_is_said_of_its_address_and_not_of_a_folder_that_is_gone(
    desk: Desk,
) -> None:
    desk.registry.put(7, files_of(**{"model/predictor.py": None}))

    with pytest.raises(InputError, match=r"^mlflow:models/specimen/7/model\.yaml: .*model/predictor\.py"):
        desk.models.manifest(Address.parse("mlflow:models/specimen/7"))


def test_a_pinned_model_of_which_a_file_is_gone_is_not_seen_to_be_it(desk: Desk) -> None:
    manifest = desk.models.manifest(TAGGED)
    (desk.registry.folder / "1/model/predictor.py").unlink()

    with pytest.raises(ChangedError) as error:
        desk.models.manifest(desk.pinned(manifest))

    assert f"is not seen to be the pinned {manifest.sha.short}: " in str(error.value)
    assert "model/predictor.py" in str(error.value)


@dataclass
class Odd:
    """A system in which any text is a name."""

    paths: tuple[str, ...]

    def resolve(self, address: Address) -> Found:
        files = tuple(SourceFile(path=path, size=0, locator="/dev/null") for path in self.paths)
        return Found(origin=Origin(address=address.unpinned, facts={}), files=files)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        raise AssertionError("nothing of it may be fetched")


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (("../x",), "points outside"),
        (("/etc/x",), "points outside"),
        (("a/../../x",), "points outside"),
        (("a//x",), "points outside"),
        (("a\nb",), "points outside"),
        (("model", "model/a"), "'model' is a file and also a folder"),
        (("model/a/b/c", "model/a"), "'model/a' is a file and also a folder"),
        (("model/a", "model/a"), "two files 'model/a'"),
    ],
)
def test_names_that_no_folder_can_hold_are_refused_before_anything_is_fetched(
    desk: Desk, paths: tuple[str, ...], said: str
) -> None:
    desk.registry = Odd(paths)  # type: ignore[assignment]  # another system

    with pytest.raises(InputError, match=said):
        desk.models.manifest(TAGGED)
    assert not (desk.folder / "x").exists()
