"""A model that stands on others: their SHAs are in its own, and their files come with it."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.model_folder import ModelFolder
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, Module
from ci_steps.model.wire import canonical
from ci_steps.selftest.specimen import manifest_of, model_files
from ci_steps.steps.fetch_model.modules import files_of
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.progress import Told
from tests.unit.store.test_model_folder import folder_of

BARE = manifest_of(model_files())
WORDS = msgspec.structs.replace(BARE, name="words")
LINES = "modules: [{}]"


def standing_on(root: Path, named: dict[str, Manifest]) -> ModelFolder:
    """Return a model folder whose model.yaml names these modules."""
    return replace(folder_of(root, code=LINES.format(", ".join(named))), module=lambda text: named[text])


def test_the_sha_of_a_model_changes_with_that_of_a_module(tmp_path: Path) -> None:
    other = msgspec.structs.replace(WORDS, predictor=msgspec.structs.replace(BARE.predictor, entry="a:B"))

    one = standing_on(tmp_path / "one", {"words:new": WORDS}).manifest()
    two = standing_on(tmp_path / "two", {"words:new": other}).manifest()

    assert one.modules == (Module(name="words", sha=WORDS.sha),)
    assert one.files == two.files
    assert one.sha != two.sha


def test_a_model_without_modules_has_the_sha_that_it_always_had() -> None:
    assert b"modules" not in canonical(BARE)
    assert b"origin" not in canonical(BARE)


def test_modules_do_not_nest(tmp_path: Path) -> None:
    nested = msgspec.structs.replace(WORDS, modules=(Module(name="deep", sha=Digest("0" * 64)),))

    with pytest.raises(InputError, match="has modules itself"):
        standing_on(tmp_path, {"words:new": nested}).manifest()


def test_a_module_of_another_python_is_refused(tmp_path: Path) -> None:
    old = msgspec.structs.replace(BARE.environment, python="3.9")
    words = msgspec.structs.replace(WORDS, environment=old)

    with pytest.raises(InputError, match=r"is of Python 3.9, the model of 3.11"):
        standing_on(tmp_path, {"words:new": words}).manifest()


def test_two_modules_of_one_name_and_one_with_the_model_s_own_are_refused(tmp_path: Path) -> None:
    twice = {"words:new": WORDS, "words:old": msgspec.structs.replace(WORDS, data=())}
    same = {"tweets:old": msgspec.structs.replace(WORDS, name="tweets")}

    for number, named in enumerate((twice, same)):
        with pytest.raises(InputError, match="two modules have one name, or its own"):
            standing_on(tmp_path / str(number), named).manifest()


def test_what_is_loaded_of_a_module_comes_below_its_name_and_is_known_by_digest(tmp_path: Path) -> None:
    store = KitStore(MemoryBlobs(), "the store", Told())
    for path, content in model_files().items():
        (tmp_path / "words" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "words" / path).write_bytes(content)
    store.publish(WORDS, tmp_path / "words")
    whole = msgspec.structs.replace(BARE, modules=(Module(name="words", sha=WORDS.sha),))
    store.publish(whole, tmp_path / "words")

    files = files_of(whole.modules, store)

    assert store.fetch(files, tmp_path / "here") == ()
    below = tmp_path / "here" / "modules" / "words"
    assert (below / "manifest.json").read_bytes() == canonical(WORDS)
    assert (below / "model" / "predictor.py").read_bytes() == model_files()["model/predictor.py"]
    assert not (below / "golden.jsonl").exists()


def test_a_module_that_the_store_has_not_got_is_named() -> None:
    whole = msgspec.structs.replace(BARE, modules=(Module(name="words", sha=WORDS.sha),))

    with pytest.raises(InputError, match=f"has no model words@{WORDS.sha.hex}"):
        files_of(whole.modules, KitStore(MemoryBlobs(), "the store", Told()))
