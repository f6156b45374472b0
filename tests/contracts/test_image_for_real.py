"""Images as engines see them, and a model repository's tests as pytest runs them: no stand-ins."""

import os
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import docker
import msgspec
import pytest

from ci_steps import kit
from ci_steps.adapters.http_registry import DockerLogins, HttpRegistry
from ci_steps.adapters.programs import ChildPrograms
from ci_steps.adapters.uv_environments import UvEnvironments
from ci_steps.documents import BuiltImage, Plan, PushedImage, UnitTestsReport
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.refs import ModelRef
from ci_steps.model.settings import ImageSettings, UnitTestSettings
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.specimen import Specimen, model_files
from ci_steps.steps.build_image import BuildImage
from ci_steps.steps.push_image import PushImage
from ci_steps.steps.unit_tests import UnitTests
from tests.fakes.progress import Told

HOST = os.environ.get("CI_STEPS_REGISTRY", "127.0.0.1:5000")
BASE = os.environ.get("CI_STEPS_PYTHON_IMAGE", f"{HOST}/base/python:3.11-slim-bookworm")
PROGRAMS = ChildPrograms(os.environ)


@dataclass(frozen=True)
class Machine:
    """A machine with an empty cache, and a copy of the kit's server that nobody edits meanwhile."""

    folder: Path
    repository: str

    @property
    def registry(self) -> HttpRegistry:
        return HttpRegistry(DockerLogins(PROGRAMS, Path.home() / ".docker"))

    @property
    def environments(self) -> UvEnvironments:
        return UvEnvironments(PROGRAMS, self.folder / "cache", os.environ, Told())

    def release(self, serving: Path, extra: bytes = b"") -> tuple[BuiltImage, PushedImage]:
        plan = {
            "image": ImageSettings(base=BASE),
            "registry": self.repository,
        }
        files = model_files(**({"model/extra.bin": extra} if extra else {}))
        run = Specimen(files=files, plan=plan).laid_out(self.folder / "run")
        cache = self.folder / "cache"
        built = BuildImage(self.registry, self.environments, Told(), cache, serving, "0.1.0").run(run)
        run.write(built)
        return built, PushImage(self.registry, Told(), cache).run(run)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("kit") / "serving"
    shutil.copytree(kit.serving(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture
def repository() -> str:
    return f"{HOST}/contract/{uuid.uuid4().hex}"


LOOK = """
import importlib.metadata, os, sys
import starlette, serving, serving.__main__
print(os.getuid(), os.getgid(), os.getcwd())
print(starlette.__cached__ and os.path.exists(starlette.__cached__), serving.__file__)
print(sorted(os.listdir("/opt/model")), importlib.metadata.version("starlette") == starlette.__version__)
print(any(path.startswith("/opt") and path != "/opt/app" for path in os.environ.get("PATH").split(":")))
"""


def test_two_machines_make_the_same_image_which_an_engine_runs(
    tmp_path: Path, repository: str, serving: Path
) -> None:
    one, pushed = Machine(tmp_path / "one", repository).release(serving)
    other, again = Machine(tmp_path / "two" / "deep", repository).release(serving)

    assert (one.image, pushed.verdict) == (other.image, Verdict.PASSED)
    assert pushed.sent_bytes > 0
    assert again.sent_bytes == 0

    engine = docker.from_env()
    try:
        output = engine.containers.run(
            f"{repository}@{one.image}",
            ["python3", "-c", LOOK],
            read_only=True,
            cap_drop=["ALL"],
            network_mode="none",
            remove=True,
        )
        assert output.decode().splitlines() == [
            "10001 10001 /opt/app",
            "True /opt/app/serving/__init__.py",
            "['interface.json', 'manifest.json', 'model'] True",
            "False",
        ]
    finally:
        engine.images.remove(f"{repository}@{one.image}", force=True)
        engine.close()


def test_a_new_model_is_built_and_sent_as_one_small_layer(
    tmp_path: Path, repository: str, serving: Path
) -> None:
    machine = Machine(tmp_path, repository)
    machine.release(serving)
    start = time.monotonic()
    built, pushed = machine.release(serving, extra=b"another model" * 1000)

    model = built.layers[-1]
    assert pushed.sent_bytes == model.size < 100_000
    assert time.monotonic() - start < 10


class ALock:
    """A store that holds one lock."""

    def manifest(self, ref: ModelRef) -> Manifest:
        raise NotImplementedError(ref)

    def fetch(self, files: tuple[ModelFile, ...], into: Path) -> tuple[Path, ...]:
        raise NotImplementedError(files, into)

    def content(self, digest: Digest) -> bytes:
        return (
            b"iniconfig==2.1.0"
            b" --hash=sha256:9deba5723312380e77435581c6bf4935c94cbfab9b1ed33ef8d238ea168eb760\n"
        )


def git(project: Path, *arguments: str) -> str:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    done = subprocess.run(["git", *who, *arguments], cwd=project, check=True, capture_output=True, text=True)
    return done.stdout.strip()


TESTS = """
import os, sys
from importlib.metadata import version

def test_the_environment_is_the_model_s():
    assert version("iniconfig") == "2.1.0"
    assert "ci_steps" not in sys.modules and "SECRET" not in os.environ

def test_arithmetic():
    assert 1 + 1 == {result}
"""


@pytest.mark.parametrize(("result", "verdict"), [(2, Verdict.PASSED), (3, Verdict.REFUSED)])
def test_a_repository_s_own_tests_decide(
    tmp_path: Path, result: int, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hush")
    project = tmp_path / "project"
    (project / "tests").mkdir(parents=True)
    (project / "tests" / "test_it.py").write_text(TESTS.format(result=result))
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "tests")
    report = _tested(tmp_path, project, commit=git(project, "rev-parse", "HEAD"))

    assert report.verdict is verdict, report.findings
    assert (report.passed, report.failed) == ((2, 0) if result == 2 else (1, 1))
    assert git(project, "status", "--porcelain") == ""
    if result == 3:
        assert report.findings[0].subject == "tests.test_it::test_arithmetic"
        assert report.findings[0].observed == "assert (1 + 1) == 3"


def test_tests_that_were_changed_after_the_commit_do_not_decide(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "tests").mkdir(parents=True)
    path = project / "tests" / "test_it.py"
    path.write_text(TESTS.format(result=2))
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "tests")
    path.write_text(TESTS.format(result=2) + "# changed\n")
    report = _tested(tmp_path, project, commit=git(project, "rev-parse", "HEAD"))

    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.findings[-1].observed.endswith("no commit has: tests/test_it.py")


def _tested(tmp_path: Path, project: Path, *, commit: str) -> UnitTestsReport:
    run = Specimen().laid_out(tmp_path / "run")
    plan = run.read(Plan)
    manifest = msgspec.structs.replace(
        plan.manifest, code=msgspec.structs.replace(plan.manifest.code, commit=commit)
    )
    settings = UnitTestSettings(timeout_seconds=60)
    run.write(msgspec.structs.replace(plan, manifest=manifest, unit_tests=settings))
    environments = UvEnvironments(PROGRAMS, tmp_path / "cache", os.environ, Told())
    lock = kit.pytest_lock().read_bytes()
    return UnitTests(PROGRAMS, environments, ALock(), Told(), project, lock).run(run)
