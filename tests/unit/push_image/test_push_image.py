import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_steps.documents import BuiltImage, Plan, Promoted, PushedImage
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.verdict import Verdict
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen
from ci_steps.steps.build_image import BuildImage
from ci_steps.steps.push_image import PushImage
from tests.fakes.base_image import put_base
from tests.fakes.environments import PaperEnvironments
from tests.fakes.progress import Told
from tests.fakes.registry import MemoryRegistry

LOCK = b"fastapi==1.0 --hash=sha256:" + b"0" * 64
SPECIMEN = "127.0.0.1:5000/specimen"


@dataclass
class Bench:
    """A built image in a run directory, and the registry that its base is in."""

    folder: Path
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    progress: Told = field(default_factory=Told)

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def built(self, **plan: Any) -> RunDir:
        serving = self.folder / "serving"
        serving.mkdir(exist_ok=True)
        (serving / "__main__.py").touch()
        (serving / "requirements.lock").write_bytes(LOCK)
        put_base(self.registry)
        run = Specimen(plan=plan).laid_out(self.folder / "run")
        run.write(self.build_step().run(run))
        return run

    def build_step(self) -> BuildImage:
        serving = self.folder / "serving"
        environments = PaperEnvironments(self.folder)
        return BuildImage(self.registry, environments, self.progress, self.cache, serving, "0.1.0")

    def push(self, run: RunDir) -> PushedImage:
        return PushImage(self.registry, self.progress, self.cache).run(run)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def own_size(run: RunDir) -> int:
    return sum(layer.size for layer in run.read(BuiltImage).layers if layer.path)


def test_an_image_lies_in_the_registry_under_its_digest_and_its_tag(bench: Bench) -> None:
    run = bench.built()
    pushed = bench.push(run)

    image, sha = run.read(BuiltImage).image, run.read(Plan).sha
    content = (run.root / "image" / "manifest.json").read_bytes()
    assert pushed.verdict is Verdict.PASSED
    assert (pushed.image, pushed.repository) == (image, SPECIMEN)
    assert bench.registry.manifest(f"{SPECIMEN}@{image}")[0] == content
    assert bench.registry.manifest(f"{SPECIMEN}:model-{sha.short}")[0] == content
    assert len(pushed.findings) == 3


def test_the_layers_of_the_base_are_mounted_and_not_sent(bench: Bench) -> None:
    run = bench.built()
    base = run.read(BuiltImage).layers[0]
    pushed = bench.push(run)

    assert bench.registry.mounted == [(base.digest, "127.0.0.1:5000/base/python")]
    assert base.digest not in bench.registry.sent
    assert pushed.sent_bytes == own_size(run)


def test_the_layers_of_a_base_in_another_registry_count_as_sent(bench: Bench) -> None:
    run = bench.built(registry="registry.example.org/specimen")

    assert bench.push(run).sent_bytes == own_size(run) + run.read(BuiltImage).layers[0].size


def test_what_the_registry_holds_is_not_sent_again(bench: Bench) -> None:
    run = bench.built()
    first = bench.push(run)
    bench.registry.sent.clear()
    second = bench.push(run)

    assert bench.registry.sent == []
    assert (first.image, second.sent_bytes) == (second.image, 0)


def test_a_layer_that_the_registry_holds_need_not_be_in_the_cache(bench: Bench) -> None:
    run = bench.built()
    bench.push(run)
    for blob in (bench.cache / "blobs").iterdir():
        blob.unlink()

    assert bench.push(run).verdict is Verdict.PASSED


def test_a_layer_that_is_nowhere_is_bad_input_that_says_what_to_do(bench: Bench) -> None:
    run = bench.built()
    (bench.cache / str(run.read(BuiltImage).layers[3].path)).unlink()

    with pytest.raises(
        InputError, match=r"the model layer sha256:.* is neither in the registry nor"
    ) as caught:
        bench.push(run)
    assert "build again" in caught.value.hint


def test_a_layer_that_was_damaged_in_the_cache_is_bad_input(bench: Bench) -> None:
    run = bench.built()
    blob = bench.cache / str(run.read(BuiltImage).layers[2].path)
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")

    with pytest.raises(InputError, match="other bytes than its digest"):
        bench.push(run)


def test_a_registry_that_rewrites_images_is_refused(bench: Bench) -> None:
    run = bench.built()
    bench.registry.rewrites = True
    pushed = bench.push(run)

    assert pushed.verdict is Verdict.REFUSED
    assert {finding.check for finding in pushed.blocking} == {"push-image.digest"}
    assert all(str(run.read(BuiltImage).image) in finding.observed for finding in pushed.blocking)


@pytest.mark.parametrize("name", ["config.json", "manifest.json"])
def test_a_file_that_changed_after_it_was_built_is_bad_input(bench: Bench, name: str) -> None:
    run = bench.built()
    path = run.root / "image" / name
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(InputError, match="is not what build-image left"):
        bench.push(run)
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        bench.push(run)


def test_a_registry_that_is_down_is_an_outside_error(bench: Bench) -> None:
    run = bench.built()
    bench.registry.down = True

    with pytest.raises(OutsideError, match="does not answer"):
        bench.push(run)


def test_progress_goes_up_to_every_byte(bench: Bench) -> None:
    run = bench.built()
    bench.push(run)

    total = sum(layer.size for layer in run.read(BuiltImage).layers)
    sending = [told for told in bench.progress.counts if told[1] == total]
    assert sending[-1] == (total, total, "bytes")
    assert [done for done, _, _ in sending] == sorted(done for done, _, _ in sending)


def as_promoted(bench: Bench, image: Digest | None = None) -> RunDir:
    run = bench.built()
    proven = image or run.read(BuiltImage).image
    plan = run.read(Plan)
    named = Promoted(environment="staging", release="staging-3", image=proven)
    run.write(msgspec.structs.replace(plan, promoted=named))
    return run


def test_the_image_that_was_proven_in_staging_may_go_on(bench: Bench) -> None:
    pushed = bench.push(as_promoted(bench))

    assert pushed.verdict is Verdict.PASSED
    assert pushed.findings[0].check == "push-image.promoted"


def test_another_image_than_the_one_proven_in_staging_is_refused(bench: Bench) -> None:
    pushed = bench.push(as_promoted(bench, Digest("7" * 64)))

    (finding,) = pushed.blocking
    assert (finding.check, finding.verdict) == ("push-image.promoted", Verdict.REFUSED)
    assert "7" * 64 in finding.observed
    assert "release to staging again" in finding.next


def test_an_image_that_is_whole_here_or_in_the_registry_is_not_lost(bench: Bench) -> None:
    run = bench.built()
    assert not bench.build_step().lost(run)

    bench.push(run)
    shutil.rmtree(bench.cache)
    assert not bench.build_step().lost(run)


@pytest.mark.parametrize("what", ["layers", "files"])
def test_an_image_that_was_built_on_another_machine_is_built_again_the_same(bench: Bench, what: str) -> None:
    run = bench.built()
    noted = run.read(BuiltImage)
    shutil.rmtree(bench.cache if what == "layers" else run.root / "image")

    assert bench.build_step().lost(run)
    bench.build_step().bring_back(run)

    assert not bench.build_step().lost(run)
    assert run.read(BuiltImage) == noted
    assert bench.push(run).image == noted.image


def test_an_image_that_comes_out_otherwise_here_is_bad_input(bench: Bench) -> None:
    run = bench.built()
    shutil.rmtree(bench.cache)
    (bench.folder / "serving" / "__main__.py").write_text("print('another server')\n")

    with pytest.raises(InputError, match=r"built again here, the image is .*, and not .* as noted"):
        bench.build_step().bring_back(run)
