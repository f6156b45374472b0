"""Model repositories whose tests must be refused, decide nothing, or pass; git and pytest really run."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.programs import ChildPrograms
from ci_steps.documents import Report
from ci_steps.errors import OutsideError
from ci_steps.model.manifest import Manifest
from ci_steps.model.settings import UnitTestSettings
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.silent import Silent
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files
from ci_steps.steps.unit_tests import UnitTests

PASSES = "def test_it():\n    assert True\n"
FAILS = "def test_it():\n    assert False\n"
BREAKS = "import no_such_module_anywhere\n"
SKIPS = "import pytest\n\n\n@pytest.mark.skip\ndef test_it():\n    assert False\n"
WAITS = "import threading\n\n\ndef test_it():\n    threading.Event().wait()\n"
STOPS = "import os\n\n\ndef test_it():\n    os._exit(0)\n"
ENDS_BADLY = f"import atexit\nimport os\n\natexit.register(os._exit, 7)\n\n\n{PASSES}"
NONE = "def helps():\n    pass\n"
_TESTS, _MISSING = "checks", "no-checks"


@dataclass(frozen=True, slots=True)
class OwnPython:
    """The interpreter that runs the kit, which has pytest, in place of one made from a lock."""

    def python(self, lock: bytes, *, version: str, extra: bytes = b"") -> Path:
        del lock, version, extra
        return Path(sys.executable)

    def layout(self, locks: Mapping[str, bytes], *, version: str, platform: str, into: Path) -> None:
        del locks, version, platform, into
        raise OutsideError("the selftest lays nothing out")

    def compiler(self, *, version: str) -> str:
        del version
        return ""

    def compile(self, folder: Path, *, version: str, prefix: str) -> str:
        del folder, version, prefix
        return ""


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository with one file of tests, and how it stands to the commit that trained the model."""

    tests: str = PASSES
    trained_at: str = ""
    """Empty: at the commit that is checked out."""
    edited: str = ""
    """What the file was changed to after its commit."""
    later: str = ""
    """A file that a commit after the training brought."""
    trained_dirty: bool = False
    trained_somewhere: bool = False
    """Nobody said at which commit."""
    without_git: bool = False

    def laid_out(self, project: Path) -> Manifest:
        """Make the repository, and return the manifest of the model that was trained in it."""
        (project / _TESTS).mkdir(parents=True)
        # pytest must not look for its settings in the folders above, and Locust's plug-in takes a second.
        (project / "pytest.ini").write_text("[pytest]\naddopts = --disable-plugin-autoload\n")
        (project / "requirements.lock").write_bytes(b"")
        (project / _TESTS / "test_it.py").write_text(self.tests)
        head = "" if self.without_git else _committed(project)
        if self.later:
            (project / self.later).write_text("a: change\n")
            _committed(project)
        if self.edited:
            (project / _TESTS / "test_it.py").write_text(self.edited)
        manifest = manifest_of(model_files())
        commit = "" if self.trained_somewhere else self.trained_at or head
        code = msgspec.structs.replace(manifest.code, commit=commit, dirty=self.trained_dirty)
        return msgspec.structs.replace(manifest, code=code)


def _committed(project: Path) -> str:
    settings = {"user.name": "selftest", "user.email": "selftest@example.org", "commit.gpgsign": "false"}
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "tests")):
        _git(project, *options, *arguments)
    return _git(project, "rev-parse", "HEAD").strip()


def _git(project: Path, *arguments: str) -> str:
    command = ["git", "-c", f"core.hooksPath={os.devnull}", *arguments]
    ended = ChildPrograms(os.environ).run(command, cwd=project, env={"LC_ALL": "C"}, timeout=60)
    if ended.code:
        raise OutsideError(f"git cannot make a repository in {project}: {ended.output.strip()}")
    return ended.output


def _report(repository: Repository, settings: UnitTestSettings, folder: Path) -> Report:
    manifest = repository.laid_out(folder / "project")
    run = Specimen(plan={"unit_tests": settings, "manifest": manifest}).laid_out(folder / "run")
    step = UnitTests(
        programs=ChildPrograms(os.environ),
        environments=OwnPython(),
        store=KitStore(FolderBlobs(folder / "store"), "store", Silent()),
        progress=Silent(),
        project=folder / "project",
        pytest_lock=b"",
    )
    return step.run(run)


_SETTINGS = UnitTestSettings(
    path=_TESTS, lock="requirements.lock", timeout_seconds=60, where="release.yaml:7"
)
_HASTY = msgspec.structs.replace(_SETTINGS, timeout_seconds=0.5)
_NO_TESTS = msgspec.structs.replace(_SETTINGS, path=_MISSING)


@cache
def _seen(repository: Repository, settings: UnitTestSettings) -> Report:
    """Run the tests once of what several cases are about; every check of the gate has its say there."""
    with TemporaryDirectory(prefix="selftest-") as folder:
        return _report(repository, settings, Path(folder))


def _case(
    check: str, wanted: Verdict, title: str, report: Callable[[Path], Report], *, rule: str = ""
) -> Case:
    return Case("unit-tests", f"unit-tests.{check}", wanted, title, report, rule)


def _tests(check: str, wanted: Verdict, title: str, tests: str, *, rule: str = "") -> Case:
    return _case(check, wanted, title, lambda _: _seen(Repository(tests), _SETTINGS), rule=rule)


def _commit(title: str, repository: Repository, wanted: Verdict = Verdict.INCONCLUSIVE) -> Case:
    """Make a case of the checkout alone: where there are no tests, pytest is not started."""
    return _case("commit", wanted, title, partial(_report, repository, _NO_TESTS))


CASES: tuple[Case, ...] = (
    _tests("failed", Verdict.PASSED, "a test that passes", PASSES),
    _tests("failed", Verdict.REFUSED, "a test that fails", FAILS),
    _tests("failed", Verdict.REFUSED, "a test that cannot be imported", BREAKS),
    _tests("failed", Verdict.REFUSED, "tests that pass in a run that ends badly", ENDS_BADLY),
    _tests("none", Verdict.INCONCLUSIVE, "a test that ends pytest itself", STOPS, rule="failed"),
    _tests("failed", Verdict.PASSED, "one test", PASSES, rule="none"),
    _tests("failed", Verdict.REFUSED, "one test, which fails", FAILS, rule="none"),
    _tests("none", Verdict.INCONCLUSIVE, "a file without tests", NONE),
    _tests("none", Verdict.INCONCLUSIVE, "nothing but a skipped test", SKIPS),
    _case("none", Verdict.INCONCLUSIVE, "no folder of tests", partial(_report, Repository(), _NO_TESTS)),
    _tests("failed", Verdict.PASSED, "a test that ends in time", PASSES, rule="timeout"),
    _tests("none", Verdict.INCONCLUSIVE, "an end in time, and no result", STOPS, rule="timeout"),
    _case("timeout", Verdict.REFUSED, "a test that never ends", partial(_report, Repository(WAITS), _HASTY)),
    _tests("commit", Verdict.PASSED, "the commit that trained the model", PASSES),
    _case(
        "failed",
        Verdict.REFUSED,
        "a test that fails since it was changed after its commit",
        partial(_report, Repository(edited=FAILS), _SETTINGS),
        rule="commit",
    ),
    _commit("the tests of another commit", Repository(trained_at="0" * 40)),
    _commit("a test that was changed after its commit", Repository(edited=FAILS)),
    _commit("a model trained with changes that no commit has", Repository(trained_dirty=True)),
    _commit("a model of which nobody said what trained it", Repository(trained_somewhere=True)),
    _commit("a later commit of other code", Repository(later="helper.py")),
    _commit("a later commit of release.yaml alone", Repository(later="release.yaml"), Verdict.PASSED),
    _commit("a folder that git does not know", Repository(trained_at="0" * 40, without_git=True)),
    Case(
        "unit-tests",
        "unit-tests",
        Verdict.PASSED,
        "a sound repository",
        lambda _: _seen(Repository(), _SETTINGS),
    ),
)
