from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_steps.documents import Evidence, Plan, UnitTestsReport
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, ModelFile, Origin
from ci_steps.model.refs import ModelRef
from ci_steps.model.settings import UnitTestSettings
from ci_steps.model.verdict import Verdict
from ci_steps.ports import Ended
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen
from ci_steps.steps.unit_tests import UnitTests
from tests.fakes.environments import PaperEnvironments
from tests.fakes.programs import Asked, ScriptedPrograms
from tests.fakes.progress import Told

HEAD = "0" * 40  # the commit that the specimen was trained at
PASSED = '<testcase classname="tests.test_it" name="test_{}"/>'
FAILED = (
    '<testcase classname="tests.test_it" name="test_bad{}">'
    '<failure message="AssertionError: 1 is not 2&#10;more lines">text</failure></testcase>'
)
SKIPPED = '<testcase classname="tests.test_it" name="test_later{}"><skipped message="later"/></testcase>'
COLLECTION = (
    '<testcase classname="" name="tests.test_it"><error message="collection failure">'
    "tests/test_it.py:1: in &lt;module&gt;\n"
    "E   ModuleNotFoundError: No module named 'nothing'</error></testcase>"
)
TEARDOWN = '<testcase classname="tests.test_it" name="test_0"><error message="boom">text</error></testcase>'


def junit(*cases: str) -> str:
    return (
        f'<?xml version="1.0"?><testsuites><testsuite name="pytest">{"".join(cases)}</testsuite></testsuites>'
    )


class OneLock:
    """A store that holds one lock and nothing else."""

    content_of = b"numpy==2.4.6 --hash=sha256:" + b"0" * 64

    def manifest(self, ref: ModelRef) -> Manifest:
        raise InputError(f"there is no model {ref}")

    def fetch(self, files: tuple[ModelFile, ...], into: Path) -> tuple[Path, ...]:
        raise InputError("there are no files")

    def content(self, digest: Digest) -> bytes:
        return self.content_of


class NoKey(OneLock):
    """A store that a pipeline gave no key to."""

    def content(self, digest: Digest) -> bytes:
        raise InputError(f"no key to the store of {digest}")


@dataclass
class Bench:
    """A model repository whose pytest and git answer what a test says."""

    folder: Path
    xml: str | None = junit(PASSED.format(0), PASSED.format(1), SKIPPED.format(0))
    ended: Ended = field(default=Ended(0, "2 passed\n"))
    head: Ended = field(default=Ended(0, f"{HEAD}\n"))
    status: Ended = field(default=Ended(0, ""))
    diff: Ended = field(default=Ended(0, "train.py\n"))
    settings: UnitTestSettings = field(default_factory=lambda: UnitTestSettings(where="release.yaml:7"))
    plan: dict[str, Any] = field(default_factory=dict)
    store: OneLock = field(default_factory=OneLock)
    progress: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.environments = PaperEnvironments(self.folder)
        self.programs = ScriptedPrograms({"python": self.pytest, "git": self.git})
        self.project = self.folder / "project"
        (self.project / "tests").mkdir(parents=True)

    def pytest(self, asked: Asked) -> Ended:
        path = next(a for a in asked.command if a.startswith("--junitxml=")).removeprefix("--junitxml=")
        if self.xml is not None:
            Path(path).write_text(self.xml)
        return self.ended

    def git(self, asked: Asked) -> Ended:
        return {"rev-parse": self.head, "diff": self.diff, "status": self.status}[asked.command[1]]

    def run(self) -> UnitTestsReport:
        plan = {"unit_tests": self.settings} | self.plan
        self.run_dir: RunDir = Specimen(plan=plan).laid_out(self.folder / "run")
        return self.step.run(self.run_dir)

    @property
    def step(self) -> UnitTests:
        return UnitTests(
            self.programs, self.environments, self.store, self.progress, self.project, b"pytest's lock"
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def verdicts(report: UnitTestsReport, check: str) -> Sequence[Verdict]:
    return [finding.verdict for finding in report.findings if finding.check == check]


def test_tests_that_pass_at_the_model_s_commit_let_it_go_on(bench: Bench) -> None:
    report = bench.run()

    assert report.verdict is Verdict.PASSED
    assert (report.passed, report.failed, report.skipped) == (2, 0, 1)
    assert report.findings[0].observed == "2 tests passed, 1 skipped"
    assert (bench.run_dir.root / str(report.junit)).read_text() == bench.xml
    assert bench.progress.said[-1] == "2 passed"


def test_the_environment_is_the_model_s_lock_and_pytest(bench: Bench) -> None:
    bench.run()

    assert bench.environments.asked == [(OneLock.content_of, "3.11", b"pytest's lock")]


def test_the_model_s_lock_is_taken_from_the_checkout_where_it_is_the_same(bench: Bench) -> None:
    (bench.project / "requirements.lock").write_bytes(b"")  # the specimen's own
    bench.store = NoKey()

    bench.run()

    assert bench.environments.asked == [(b"", "3.11", b"pytest's lock")]


def test_another_lock_in_the_checkout_is_not_the_model_s(bench: Bench) -> None:
    (bench.project / "requirements.lock").write_bytes(b"numpy==1")

    bench.run()

    assert bench.environments.asked[0][0] == OneLock.content_of


def test_a_lock_of_the_tests_own_is_taken_instead(bench: Bench) -> None:
    lock = OneLock.content_of.replace(b"numpy", b"scipy")
    (bench.project / "test.lock").write_bytes(lock)
    bench.settings = UnitTestSettings(lock="test.lock")

    bench.run()

    assert bench.environments.asked[0][0] == lock


def test_a_lock_that_is_not_there_is_bad_input_that_says_where(bench: Bench) -> None:
    bench.settings = UnitTestSettings(lock="test.lock", where="release.yaml:7")

    with pytest.raises(InputError, match=r"release\.yaml:7: unit_tests\.lock 'test\.lock' cannot be read"):
        bench.run()


@pytest.mark.parametrize("path", ["../elsewhere", "/etc"])
def test_tests_outside_the_repository_are_bad_input(bench: Bench, path: str) -> None:
    bench.settings = UnitTestSettings(path=path)

    with pytest.raises(InputError, match="leads out of"):
        bench.run()


def test_each_failing_test_is_a_refusal_with_its_first_line(bench: Bench) -> None:
    bench.xml = junit(PASSED.format(0), *(FAILED.format(n) for n in range(23)))
    bench.ended = Ended(1, "23 failed")
    report = bench.run()

    assert report.verdict is Verdict.REFUSED
    assert (report.passed, report.failed) == (1, 23)
    first = report.findings[0]
    assert (first.check, first.subject) == ("unit-tests.failed", "tests.test_it::test_bad0")
    assert first.observed == "AssertionError: 1 is not 2"
    assert report.findings[20].observed == "3 more tests failed"
    assert len(verdicts(report, "unit-tests.failed")) == 21


def test_a_test_that_passed_and_broke_in_its_teardown_failed(bench: Bench) -> None:
    bench.xml = junit(PASSED.format(0), TEARDOWN)
    bench.ended = Ended(1, "1 error")
    report = bench.run()

    assert (report.passed, report.failed) == (0, 1)


def test_tests_that_cannot_be_collected_are_refused_by_their_own_error(bench: Bench) -> None:
    bench.xml, bench.ended = junit(COLLECTION), Ended(2, "1 error")
    report = bench.run()

    assert verdicts(report, "unit-tests.failed") == [Verdict.REFUSED]
    assert report.findings[0].observed == "collection failure: ModuleNotFoundError: No module named 'nothing'"


@pytest.mark.parametrize("xml", [None, "", "<testsuites>", '<!DOCTYPE a [<!ENTITY b "c">]><testsuites/>'])
def test_a_pytest_that_breaks_is_refused_by_its_last_words(bench: Bench, xml: str | None) -> None:
    bench.xml, bench.ended = xml, Ended(139, "ImportError in conftest\nSegmentation fault\n")
    report = bench.run()

    assert verdicts(report, "unit-tests.failed") == [Verdict.REFUSED]
    assert report.findings[0].observed == "pytest ended with exit code 139: Segmentation fault"
    assert report.junit is None


def test_an_exit_code_that_no_test_explains_is_refused(bench: Bench) -> None:
    bench.ended = Ended(1, "coverage of 70 is below 80")

    assert bench.run().verdict is Verdict.REFUSED


def test_tests_past_their_time_are_refused(bench: Bench) -> None:
    bench.xml, bench.ended = None, Ended(-1, "tests/test_it.py .\n", timed_out=True)
    report = bench.run()

    assert verdicts(report, "unit-tests.timeout") == [Verdict.REFUSED]
    assert report.findings[0].observed == "stopped after 600 s: tests/test_it.py ."


@pytest.mark.parametrize(
    ("xml", "ended"),
    [
        (junit(), Ended(5, "no tests ran")),
        (junit(SKIPPED.format(0)), Ended(0, "1 skipped")),
        (None, Ended(0, "")),
    ],
)
def test_where_no_test_ran_nobody_can_tell(bench: Bench, xml: str | None, ended: Ended) -> None:
    bench.xml, bench.ended = xml, ended
    report = bench.run()

    assert report.verdict is Verdict.INCONCLUSIVE
    assert verdicts(report, "unit-tests.none") == [Verdict.INCONCLUSIVE]


def test_where_there_is_no_folder_of_tests_nobody_can_tell(bench: Bench) -> None:
    (bench.project / "tests").rmdir()
    report = bench.run()

    assert report.verdict is Verdict.INCONCLUSIVE
    assert report.findings[0].observed == "tests does not exist"
    assert report.findings[0].where == "release.yaml:7"


@pytest.mark.parametrize(
    ("head", "status", "observed"),
    [
        (Ended(0, "1" * 40), Ended(0, ""), "the checkout is at 111111111111, the model was trained at 0000"),
        (
            Ended(128, "fatal: not a git repository"),
            Ended(128, ""),
            "is not a git checkout: fatal: not a git",
        ),
        (
            Ended(0, HEAD),
            Ended(0, " M train.py\n M a.py\n M b.py\n M c.py\n"),
            "train.py, a.py, b.py and 1 more",
        ),
        (
            Ended(0, HEAD),
            Ended(0, "?? notes.txt\n?? tests/conftest.py\n"),
            "no commit has: tests/conftest.py",
        ),
        (Ended(0, HEAD), Ended(0, "?? pytest.ini\n"), "no commit has: pytest.ini"),
    ],
)
def test_tests_of_another_checkout_say_nothing_about_this_model(
    bench: Bench, head: Ended, status: Ended, observed: str
) -> None:
    bench.head, bench.status = head, status
    report = bench.run()

    assert report.verdict is Verdict.INCONCLUSIVE
    assert verdicts(report, "unit-tests.commit") == [Verdict.INCONCLUSIVE]
    assert observed in report.findings[-1].observed
    assert report.passed == 2


def test_a_later_commit_may_change_the_pointer_that_named_the_model(bench: Bench) -> None:
    bench.head, bench.diff = Ended(0, "1" * 40), Ended(0, "")
    bench.plan = {"pointer": "live.model"}
    report = bench.run()

    asked = [asked.command for asked in bench.programs.asked if asked.command[1] == "diff"]
    assert ":(exclude,literal)live.model" in asked[0]
    assert "in release.yaml and live.model alone" in report.findings[-1].observed


def test_a_later_commit_may_bring_the_evaluations_that_release_yaml_names(bench: Bench) -> None:
    bench.head, bench.diff = Ended(0, "1" * 40), Ended(0, "")
    made_later = Evidence(
        model="tweets",
        sha=Digest("0" * 64),
        path="held/v1.jsonl",
        size=1,
        sha256="0" * 64,
        where="release.yaml:9",
    )
    bench.plan = {"evidence": (made_later,)}
    report = bench.run()

    asked = [asked.command for asked in bench.programs.asked if asked.command[1] == "diff"]
    assert ":(exclude,literal)held/v1.jsonl" in asked[0]
    assert "in release.yaml and held/v1.jsonl alone" in report.findings[-1].observed


def test_pointers_beside_release_yaml_may_change_and_files_that_only_look_like_one_may_not(
    bench: Bench,
) -> None:
    (bench.project / "live.model").write_text("tweets@0123456\nthe one that serves\n")
    (bench.project / "base.model").write_bytes(b"\xff\x00 weights of a booster")
    bench.run()

    asked = [asked.command for asked in bench.programs.asked if asked.command[1] == "status"]
    excluded = [part for part in asked[0] if "exclude" in part]
    assert excluded == [":(exclude,literal)release.yaml", ":(exclude,literal)live.model"]


def test_a_later_commit_that_changes_release_yaml_alone_tests_the_same_code(bench: Bench) -> None:
    bench.head, bench.diff = Ended(0, "1" * 40), Ended(0, "")
    report = bench.run()

    assert verdicts(report, "unit-tests.commit") == [Verdict.PASSED]
    assert "differs from 000000000000 in release.yaml alone" in report.findings[-1].observed


def test_a_commit_that_git_does_not_know_is_another_one(bench: Bench) -> None:
    bench.head, bench.diff = Ended(0, "1" * 40), Ended(128, "fatal: bad object")

    assert verdicts(bench.run(), "unit-tests.commit") == [Verdict.INCONCLUSIVE]


def test_a_file_beside_the_code_that_no_commit_has_changes_nothing(bench: Bench) -> None:
    bench.status = Ended(0, "?? notes.txt\n?? models/\n")

    assert verdicts(bench.run(), "unit-tests.commit") == [Verdict.PASSED]


def test_a_model_trained_from_uncommitted_changes_is_not_decided(bench: Bench) -> None:
    bench.run()
    manifest = bench.run_dir.read(Plan).manifest
    code = msgspec.structs.replace(manifest.code, dirty=True)
    bench.plan = {"manifest": msgspec.structs.replace(manifest, code=code)}

    assert verdicts(bench.run(), "unit-tests.commit") == [Verdict.INCONCLUSIVE]


def test_a_model_of_which_nobody_said_what_trained_it_is_not_decided(bench: Bench) -> None:
    bench.run()
    manifest = bench.run_dir.read(Plan).manifest
    code = msgspec.structs.replace(manifest.code, commit="")
    origin = Origin(address="mlflow:models/tweets/7", facts={})
    bench.plan = {"manifest": msgspec.structs.replace(manifest, code=code, origin=origin)}

    commit = next(each for each in bench.run().findings if each.check == "unit-tests.commit")

    assert commit.verdict is Verdict.INCONCLUSIVE
    assert commit.observed == "nobody said which commit trained the model (mlflow:models/tweets/7 does not)"


def trained_with_changes(bench: Bench) -> None:
    bench.run()
    manifest = bench.run_dir.read(Plan).manifest
    code = msgspec.structs.replace(manifest.code, dirty=True)
    bench.plan = {"manifest": msgspec.structs.replace(manifest, code=code)}


@pytest.mark.parametrize(
    ("dirty", "head", "status", "then"),
    [
        (False, HEAD, " M a.py\n M b.py\n M c.py\n M d.py\n", "commit or ignore a.py, b.py, c.py and 1 more"),
        (False, "1" * 40, "", f"check out {HEAD}, or train and publish again at 111111111111"),
        (True, HEAD, " M a.py\n", "commit or ignore a.py, then publish again"),
        # No checkout is what trained it: to check out its commit does not help.
        (True, "1" * 40, "", "publish it again"),
        (True, HEAD, "", "publish it again"),
    ],
)
def test_what_is_said_to_do_about_a_checkout_helps(
    bench: Bench, *, dirty: bool, head: str, status: str, then: str
) -> None:
    if dirty:
        trained_with_changes(bench)
    bench.head, bench.status = Ended(0, head), Ended(0, status)

    commit = bench.run().findings[-1]

    assert commit.verdict is Verdict.INCONCLUSIVE
    assert then in commit.next
    assert ("check out" in commit.next) is not dirty or status


@pytest.mark.parametrize(
    ("xml", "output"),
    [
        (junit(COLLECTION), "1 error"),
        (
            None,
            "ImportError while loading conftest\nE   ModuleNotFoundError: No module named 'nothing.at.all'\n",
        ),
    ],
)
def test_a_package_that_no_lock_brings_is_said_with_where_to_lock_it(
    bench: Bench, xml: str | None, output: str
) -> None:
    bench.xml, bench.ended = xml, Ended(4, output)

    finding = bench.run().findings[0]

    assert finding.verdict is Verdict.REFUSED
    assert finding.next.startswith("lock nothing with all else that the tests import")
    assert "name that lock as unit_tests.lock in release.yaml" in finding.next


@pytest.mark.parametrize(("name", "path"), [("nothing.py", "."), ("src/nothing/__init__.py", "src")])
def test_a_module_of_the_repository_that_is_not_found_needs_no_lock(
    bench: Bench, name: str, path: str
) -> None:
    (bench.project / name).parent.mkdir(parents=True, exist_ok=True)
    (bench.project / name).touch()
    bench.xml, bench.ended = junit(COLLECTION), Ended(2, "1 error")

    finding = bench.run().findings[0]

    assert finding.next == f"nothing is the repository's own: write `pythonpath = {path}` into pytest.ini"


def test_a_second_run_does_not_keep_the_results_of_the_first(bench: Bench) -> None:
    bench.run()
    bench.xml, bench.ended = None, Ended(3, "internal error")
    bench.run()

    assert not (bench.run_dir.root / "unit-tests.xml").exists()


def test_the_report_is_made_from_the_checkout_as_it_differs_from_the_model_s_commit(bench: Bench) -> None:
    bench.run()
    before = bench.step.beside(bench.run_dir)

    assert bench.step.beside(bench.run_dir) == before
    bench.diff = Ended(0, "-assert labels\n+assert False\n")
    assert bench.step.beside(bench.run_dir) != before
    bench.diff, bench.status = Ended(0, "train.py\n"), Ended(0, "?? tests/conftest.py\n")
    assert bench.step.beside(bench.run_dir) != before
