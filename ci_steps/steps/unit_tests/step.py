import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from ci_steps.documents import Document, Plan, UnitTestsReport
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Environment
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.pipeline import Step
from ci_steps.ports import Ended, Environments, ModelStore, Programs, Progress
from ci_steps.rundir import RunDir
from ci_steps.steps.unit_tests.advice import advice
from ci_steps.steps.unit_tests.checkout import Checkout
from ci_steps.steps.unit_tests.junit import Outcome, TestResult, parsed

_SHOWN = 20
_XML = "unit-tests.xml"
_SEE, _BY_HAND = "see unit-tests.xml", "run pytest there by hand"
_RULE = "every test of the model's repository passes"


@dataclass(frozen=True, slots=True)
class UnitTests(Step):
    """Run the tests of the model's repository, in an environment made from the model's own lock.

    The environment is the one that will serve, plus pytest where the lock does not name it; it is never the
    kit's own. The tests say something about this model only at the commit that trained it: on another one,
    or with changes that no commit has, the report is inconclusive.
    """

    name: ClassVar[str] = "unit-tests"
    needs: ClassVar[tuple[type[Document], ...]] = (Plan,)
    makes: ClassVar[type[Document]] = UnitTestsReport
    reads: ClassVar[tuple[str, ...]] = ("unit_tests", "manifest", "config", "pointer", "evidence")

    programs: Programs
    environments: Environments
    store: ModelStore
    progress: Progress
    project: Path
    """The folder of release.yaml."""
    pytest_lock: bytes
    """A hashed lock of pytest."""

    def beside(self, run: RunDir) -> dict[str, Digest]:
        """Return the state of the checkout: tests that changed since are run again."""
        return {"checkout": Checkout(self.programs, self.project).state(run.read(Plan))}

    def run(self, run: RunDir) -> UnitTestsReport:
        plan = run.read(Plan)
        (run.root / _XML).unlink(missing_ok=True)
        where, path = plan.unit_tests.where, plan.unit_tests.path
        commit = Checkout(self.programs, self.project).finding(plan)
        target = self._inside(path, where)
        if not target.exists():
            nothing = _none(f"{path} does not exist", where)
            return UnitTestsReport(findings=(nothing, commit))
        version = plan.manifest.environment.python
        python = self.environments.python(self._lock(plan), version=version, extra=self.pytest_lock)
        with tempfile.TemporaryDirectory() as folder:
            xml = Path(folder, "junit.xml")
            ended = self._pytest(python, target, xml, plan.unit_tests.timeout_seconds)
            content = xml.read_bytes() if xml.is_file() and not xml.is_symlink() else b""
        results = parsed(content)
        if results is not None:
            run.write_bytes(_XML, content)
        then = partial(advice, project=self.project)
        seen = _findings(ended, results, plan.unit_tests.timeout_seconds, where, then)
        count = [result.outcome for result in results or ()]
        return UnitTestsReport(
            findings=(*seen, commit),
            passed=count.count(Outcome.PASSED),
            failed=count.count(Outcome.FAILED),
            skipped=count.count(Outcome.SKIPPED),
            junit=_XML if results is not None else None,
        )

    def _lock(self, plan: Plan) -> bytes:
        if not plan.unit_tests.lock:
            return self._model_lock(plan.manifest.environment)
        path = self._inside(plan.unit_tests.lock, plan.unit_tests.where)
        try:
            return path.read_bytes()
        except OSError as error:
            raise InputError(
                f"{plan.unit_tests.where}: unit_tests.lock {plan.unit_tests.lock!r} cannot be read: "
                f"{error.strerror}",
                hint="name a lock file beside release.yaml, or leave it out to take the model's",
            ) from error

    def _model_lock(self, environment: Environment) -> bytes:
        """Return the model's lock: the checkout's where it is the same, else the store's.

        So a CI need not give a key to the store to this step, which runs the repository's own code.
        """
        digest = Digest(environment.lock_sha256)
        with suppress(OSError):
            content = (self.project / environment.lock).read_bytes()
            if Digest.of(content) == digest:
                return content
        return self.store.content(digest)

    def _inside(self, path: str, where: str) -> Path:
        """Return a path of the model's repository; one that leads outside is bad input."""
        found = self.project / path
        if not found.resolve().is_relative_to(self.project.resolve()):
            raise InputError(f"{where}: {path!r} leads out of {self.project}", hint="name a path inside")
        return found

    def _pytest(self, python: Path, target: Path, xml: Path, timeout: float) -> Ended:
        # no cache and no bytecode: the checkout stays as it was
        options = ("-p", "no:cacheprovider", "--color=no", "-o", "junit_family=xunit2", f"--junitxml={xml}")
        relative = f"./{target.relative_to(self.project).as_posix()}"
        return self.programs.run(
            [str(python), "-m", "pytest", *options, relative],
            cwd=self.project,
            env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
            timeout=timeout,
            on_line=self.progress.say,
        )


def _findings(
    ended: Ended,
    results: tuple[TestResult, ...] | None,
    timeout: float,
    where: str,
    then: Callable[[str], str],
) -> tuple[Finding, ...]:
    results = results or ()
    failed = [result for result in results if result.outcome is Outcome.FAILED]
    passed = sum(result.outcome is Outcome.PASSED for result in results)
    skipped = sum(result.outcome is Outcome.SKIPPED for result in results)
    if ended.timed_out:
        observed = f"stopped after {timeout:g} s{_last_words(ended)}"
        return (_refused("unit-tests.timeout", "", observed, where, "make them faster, or give them longer"),)
    findings = [
        _refused("unit-tests.failed", one.name, one.message or "failed", where, then(one.message) or _SEE)
        for one in failed[:_SHOWN]
    ]
    if len(failed) > _SHOWN:
        observed = f"{len(failed) - _SHOWN} more tests failed"
        findings.append(_refused("unit-tests.failed", "", observed, where, _SEE))
    if not findings and ended.code not in {0, 5}:  # 5: pytest found no test
        observed = f"pytest ended with exit code {ended.code}{_last_words(ended)}"
        findings.append(_refused("unit-tests.failed", "", observed, where, then(ended.output) or _BY_HAND))
    if findings:
        return tuple(findings)
    if not passed:
        return (_none(f"no test ran, {skipped} skipped", where),)
    return (
        Finding(
            check="unit-tests.failed",
            verdict=Verdict.PASSED,
            observed=f"{passed} tests passed, {skipped} skipped",
            rule=_RULE,
            where=where,
        ),
    )


def _refused(check: str, subject: str, observed: str, where: str, next_: str) -> Finding:
    return Finding(
        check=check,
        subject=subject,
        verdict=Verdict.REFUSED,
        observed=observed,
        rule=_RULE,
        where=where,
        next=next_,
    )


def _none(observed: str, where: str) -> Finding:
    return Finding(
        check="unit-tests.none",
        verdict=Verdict.INCONCLUSIVE,
        observed=observed,
        rule="at least one test runs",
        where=where,
        next="name the folder of the tests as unit_tests.path in release.yaml",
    )


def _last_words(ended: Ended) -> str:
    lines = [line.strip() for line in ended.output.splitlines() if line.strip()]
    return f": {lines[-1][:200]}" if lines else ""
