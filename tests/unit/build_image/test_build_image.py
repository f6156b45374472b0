import json
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ci_steps.documents import BuiltImage
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.settings import ImageSettings
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen, model_files
from ci_steps.steps.build_image import BuildImage
from tests.fakes.base_image import DOCKER, REFERENCE, put_base, put_index
from tests.fakes.environments import PaperEnvironments
from tests.fakes.progress import Told
from tests.fakes.registry import MemoryRegistry

LOCK = b"numpy==2.4.6 --hash=sha256:" + b"0" * 64 + b"\n"


@dataclass
class Bench:
    """Everything that an image is built from, in a folder of its own."""

    folder: Path
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    progress: Told = field(default_factory=Told)
    version: str = "0.1.0"

    def __post_init__(self) -> None:
        self.environments = PaperEnvironments(self.folder)
        self.base = put_base(self.registry)
        self.cache = self.folder / "cache"
        self.serving = self.folder / "serving"
        (self.serving / "predictors").mkdir(parents=True)
        (self.serving / "__main__.py").write_text("print('serving')\n")
        (self.serving / "predictors" / "__init__.py").write_text("")
        (self.serving / "requirements.lock").write_bytes(LOCK.replace(b"numpy", b"fastapi"))

    def planned(self, *, files: Mapping[str, bytes] | None = None, **plan: Any) -> RunDir:
        files = model_files(**{"requirements.lock": LOCK}) if files is None else files
        specimen = Specimen(files=files, plan={"image": ImageSettings(base=REFERENCE)} | plan)
        return specimen.laid_out(self.folder / "run")

    def build(self, run: RunDir | None = None) -> BuiltImage:
        step = BuildImage(
            self.registry, self.environments, self.progress, self.cache, self.serving, self.version
        )
        return step.run(run or self.planned())

    def members(self, built: BuiltImage, purpose: str) -> dict[str, tarfile.TarInfo]:
        layer = next(layer for layer in built.layers if layer.purpose == purpose)
        with tarfile.open(self.cache / str(layer.path)) as tar:
            return {member.name: member for member in tar}

    @property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "run" / "image" / "config.json").read_bytes())
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_same_release_in_another_folder_at_another_time_is_the_same_image(tmp_path: Path) -> None:
    here, there = Bench(tmp_path / "here"), Bench(tmp_path / "there" / "deep")
    os.utime(there.serving / "__main__.py", (1, 1))
    (there.serving / "__main__.py").chmod(0o700)

    assert here.build().image == there.build().image


def test_an_emptied_cache_changes_nothing(bench: Bench) -> None:
    first = bench.build()
    bench.cache = bench.folder / "another-cache"

    assert bench.build() == first


def test_a_new_model_costs_one_layer(bench: Bench) -> None:
    first = bench.build()
    changed = model_files(**{"requirements.lock": LOCK, "model/weights.bin": b"other"})
    second = bench.build(bench.planned(files=changed))

    new = set(second.layers) - set(first.layers)
    assert [layer.purpose for layer in new] == ["model"]
    assert bench.environments.laid_out == 1


@pytest.mark.parametrize(
    ("what", "changed"),
    [("server", {"serving"}), ("lock", {"dependencies", "model"}), ("compiler", {"dependencies", "serving"})],
)
def test_each_ingredient_changes_its_own_layers(bench: Bench, what: str, changed: set[str]) -> None:
    first = bench.build()
    run = None
    if what == "server":
        (bench.serving / "__main__.py").write_text("print('another')\n")
    elif what == "lock":
        run = bench.planned(files=model_files(**{"requirements.lock": LOCK.replace(b"2.4.6", b"2.4.7")}))
    else:
        bench.environments.compiled_with = ""
    second = bench.build(run)

    assert {layer.purpose for layer in set(second.layers) - set(first.layers)} == changed
    assert second.image != first.image


def test_the_kit_s_version_is_part_of_the_image(bench: Bench) -> None:
    first = bench.build()
    bench.version = "0.2.0"
    second = bench.build()

    assert second.image != first.image
    assert second.labels["ci_steps.kit"] == "0.2.0"


def test_layers_hold_only_what_belongs_there_owned_by_root_from_1970(bench: Bench) -> None:
    built = bench.build()

    assert [layer.purpose for layer in built.layers] == ["base", "dependencies", "serving", "model"]
    for purpose in ("dependencies", "serving", "model"):
        members = bench.members(built, purpose)
        assert list(members) == sorted(members)
        assert all(name.startswith(("opt/app", "opt/model")) for name in members)
        assert {(m.uid, m.gid, m.mtime, m.uname, m.gname) for m in members.values()} == {(0, 0, 0, "", "")}
        assert {m.mode for m in members.values()} <= {0o755, 0o644}
        assert all(str(Path(name).parent) in {*members, "opt"} for name in members)


def test_the_model_s_layer_has_no_evaluations_no_golden_rows_and_no_lock(bench: Bench) -> None:
    files = [m.name for m in bench.members(bench.build(), "model").values() if m.isfile()]

    assert files == ["opt/model/interface.json", "opt/model/manifest.json", "opt/model/model/predictor.py"]


def test_dependencies_and_server_are_compiled_for_where_they_will_lie(bench: Bench) -> None:
    built = bench.build()

    assert "opt/app/deps/__pycache__/numpy.cpython-311.pyc" in bench.members(built, "dependencies")
    assert "opt/app/deps/fastapi.py" in bench.members(built, "dependencies")
    assert "opt/app/serving/__pycache__/__main__.cpython-311.pyc" in bench.members(built, "serving")
    assert built.compiled_with == built.labels["ci_steps.compiled-with"] == "3.11.7"


def test_blobs_are_named_by_what_is_in_them(bench: Bench) -> None:
    for layer in bench.build().layers[1:]:
        blob = bench.cache / str(layer.path)

        assert Digest.of_file(blob) == layer.digest
        assert blob.stat().st_size == layer.size


def test_manifest_and_configuration_agree_with_the_layers(bench: Bench) -> None:
    built = bench.build()
    content = (bench.folder / "run" / "image" / "manifest.json").read_bytes()
    manifest = json.loads(content)

    assert built.image == Digest.of(content)
    config = (bench.folder / "run" / "image" / "config.json").read_bytes()
    assert manifest["config"]["digest"] == str(Digest.of(config))
    assert [layer["digest"] for layer in manifest["layers"]] == [str(layer.digest) for layer in built.layers]
    assert manifest["layers"][0]["mediaType"] == "application/vnd.oci.image.layer.v1.tar+gzip"
    diffs = bench.config["rootfs"]["diff_ids"]
    assert diffs == [str(Digest.of(b"a base")), *(str(layer.digest) for layer in built.layers[1:])]
    assert sum(not line.get("empty_layer", False) for line in bench.config["history"]) == len(diffs)


def test_the_container_runs_the_server_as_nobody_in_particular(bench: Bench) -> None:
    built = bench.build()

    assert bench.config["config"] == {
        "Env": [
            "PATH=/usr/bin",
            "PYTHON_VERSION=3.11.2",
            "PYTHONPATH=/opt/app:/opt/app/deps",
            f"KIT_VERSION={built.labels['ci_steps.kit']}",
        ],
        "User": "10001:10001",
        "WorkingDir": "/opt/app",
        "Cmd": ["python3", "-m", "serving"],
        "ExposedPorts": {"8080/tcp": {}},
        "Labels": built.labels,
    }


def test_labels_lead_from_the_image_to_its_ingredients(bench: Bench) -> None:
    run = bench.planned()
    built = bench.build(run)

    assert built.labels["ci_steps.model"] == "specimen"
    assert built.labels["ci_steps.lock"] == Digest.of(LOCK).hex
    assert built.labels["ci_steps.python"] == "3.11.2"
    assert built.labels["org.opencontainers.image.revision"] == "0" * 40
    assert built.labels["org.opencontainers.image.base.name"] == REFERENCE
    assert built.labels["org.opencontainers.image.base.digest"] == str(bench.base)
    assert len(built.labels["ci_steps.sha"]) == 64


def test_of_an_index_the_wanted_platform_is_taken(bench: Bench) -> None:
    plain = bench.build().image
    arm = put_base(bench.registry, architecture="arm64")
    index = put_index(bench.registry, {"linux/arm64": arm, "linux/amd64": bench.base})

    assert bench.build(bench.planned(image=ImageSettings(base=f"{REFERENCE}@{index}"))).image == plain

    only_arm = put_index(bench.registry, {"linux/arm64": arm})
    with pytest.raises(InputError, match="not made for linux/amd64, only for linux/arm64"):
        bench.build(bench.planned(image=ImageSettings(base=f"{REFERENCE}@{only_arm}")))


@pytest.mark.parametrize(
    ("spoilt", "message"),
    [
        ({"env": ("PATH=/usr/bin",)}, "does not name its Python"),
        ({"env": ("PYTHON_VERSION=3.12.1",)}, "has Python 3.12.1, the model wants 3.11"),
        ({"env": ("PYTHON_VERSION=3.110",)}, "has Python 3.110, the model wants 3.11"),
        ({"architecture": "arm64"}, "is for linux/arm64, wanted is linux/amd64"),
        ({"diff_ids": 2}, "has 1 layers but names 2"),
        ({"layer_type": f"{DOCKER}.image.rootfs.foreign.diff.tar.gzip"}, "unknown form"),
    ],
)
def test_a_base_that_cannot_carry_the_model_is_bad_input(
    bench: Bench, spoilt: dict[str, Any], message: str
) -> None:
    bench.base = put_base(bench.registry, **spoilt)

    with pytest.raises(InputError, match=message):
        bench.build()


def test_a_base_that_is_not_in_its_registry_is_bad_input(bench: Bench) -> None:
    run = bench.planned(image=ImageSettings(base="127.0.0.1:5000/base/other:1"))

    with pytest.raises(InputError, match="there is no image"):
        bench.build(run)


@pytest.mark.parametrize("content", [b"print('changed')", b""])
def test_a_model_file_that_changed_after_it_was_fetched_is_bad_input(bench: Bench, content: bytes) -> None:
    run = bench.planned()
    (run.root / "model" / "model" / "predictor.py").write_bytes(content)

    with pytest.raises(InputError, match=r"predictor\.py is not what was fetched"):
        bench.build(run)
    assert not list((bench.cache / "layers").glob("*/"))


def test_a_model_file_that_became_a_link_is_bad_input(bench: Bench) -> None:
    run = bench.planned()
    path = run.root / "model" / "model" / "predictor.py"
    path.rename(bench.folder / "predictor.py")
    path.symlink_to(bench.folder / "predictor.py")

    with pytest.raises(InputError, match="cannot be read"):
        bench.build(run)


@pytest.mark.parametrize(
    ("brought", "message"),
    [
        ("json/__init__.py", "would replace Python's own 'json'"),
        ("dataclasses.py", "would replace Python's own 'dataclasses'"),
        ("_json.cpython-311-x86_64-linux-gnu.so", "would replace Python's own '_json'"),
        ("package/.wh.passwd", "would delete a file of the base image"),
    ],
)
def test_a_dependency_that_would_change_what_is_below_it_is_bad_input(
    bench: Bench, brought: str, message: str
) -> None:
    bench.environments.also = {brought: b""}

    with pytest.raises(InputError, match=message):
        bench.build()


@pytest.mark.parametrize("brought", ["typing_extensions.py", "json-1.0.dist-info/METADATA", "jsonschema.py"])
def test_a_dependency_that_only_sounds_like_a_part_of_python_is_taken(bench: Bench, brought: str) -> None:
    bench.environments.also = {brought: b""}

    assert f"opt/app/deps/{brought}" in bench.members(bench.build(), "dependencies")


def test_locks_that_disagree_are_bad_input(bench: Bench) -> None:
    (bench.serving / "requirements.lock").write_bytes(LOCK.replace(b"2.4.6", b"2.0.0"))

    with pytest.raises(InputError, match=r"numpy==2\.4\.6"):
        bench.build()


def test_what_a_killed_build_left_half_done_is_done_again(bench: Bench) -> None:
    first = bench.build()
    blob = bench.cache / str(first.layers[3].path)
    blob.write_bytes(blob.read_bytes()[:-512])
    note = next(path for path in (bench.cache / "layers").glob("*.json") if blob.name in path.read_text())
    half = note.with_suffix("")
    half.mkdir()
    (half / "layer.tar").write_bytes(b"half")

    assert bench.build() == first
    assert Digest.of_file(blob) == first.layers[3].digest
    assert not half.exists()


def test_a_note_that_cannot_be_read_is_no_note(bench: Bench) -> None:
    first = bench.build()
    for note in (bench.cache / "layers").glob("*.json"):
        note.write_text("{")

    assert bench.build() == first


def test_a_cache_that_cannot_be_written_is_an_outside_error(bench: Bench) -> None:
    bench.cache.write_text("a file, not a folder")

    with pytest.raises(OutsideError, match="cannot be used"):
        bench.build()
