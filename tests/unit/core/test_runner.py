"""Going on, going on again, and not going on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from ci_steps.documents import (
    BuiltImage,
    FetchedModel,
    MetricsReport,
    Plan,
    ScanReport,
    Stopped,
)
from ci_steps.errors import ExitCode, InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.settings import ScanSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.pipeline import Ran, Runner, Step, exit_code
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen


@dataclass
class Told:
    """A step that answers as it is told."""

    verdict: Verdict = Verdict.PASSED
    error: Exception | None = None
    done: int = 0
    beside: Digest | None = None


def finding(step: str, verdict: Verdict) -> Finding:
    return Finding(check=f"{step}.x", verdict=verdict, observed="seen", rule="the rule")


@dataclass(frozen=True, slots=True)
class Scan(Step):
    name = "scan-model"
    needs = (Plan, FetchedModel)
    makes = ScanReport
    reads = ("scan",)
    told: Told

    def beside(self, run: RunDir) -> dict[str, Digest]:
        return {"world": self.told.beside} if self.told.beside else {}

    def run(self, run: RunDir) -> ScanReport:
        self.told.done += 1
        if self.told.error:
            raise self.told.error
        return ScanReport(findings=(finding(self.name, self.told.verdict),))


@dataclass(frozen=True, slots=True)
class Metrics(Step):
    name = "check-metrics"
    needs = (Plan, FetchedModel)
    makes = MetricsReport
    reads = ("metrics",)
    told: Told

    def run(self, run: RunDir) -> MetricsReport:
        self.told.done += 1
        return MetricsReport(findings=(finding(self.name, self.told.verdict),))


@dataclass(frozen=True, slots=True)
class Build(Step):
    name = "build-image"
    needs = (Plan, FetchedModel, ScanReport, MetricsReport)
    makes = BuiltImage
    reads = ("image",)
    told: Told

    def run(self, run: RunDir) -> BuiltImage:
        self.told.done += 1
        return BuiltImage(image=Digest("3" * 64), layers=(), labels={})


KINDS: dict[str, type[Step]] = {"scan-model": Scan, "check-metrics": Metrics, "build-image": Build}
NAMES = tuple(KINDS)


@dataclass
class Watched:
    ran: list[Ran] = field(default_factory=list)

    def began(self, step: str) -> None: ...

    def ended(self, ran: Ran) -> None:
        self.ran.append(ran)


@dataclass
class Bench:
    run: RunDir
    told: dict[str, Told] = field(default_factory=lambda: {name: Told() for name in NAMES})

    @property
    def runner(self) -> Runner:
        make: Callable[[str], Step] = lambda name: KINDS[name](self.told[name])  # type: ignore[call-arg]  # noqa: E731
        return Runner(self.run, KINDS, make, Watched(), by="someone", version="0")

    def replan(self, **changes: object) -> None:
        self.run.write(msgspec.structs.replace(self.run.read(Plan), **changes))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Specimen().laid_out(tmp_path / "run"))


def test_a_second_try_does_nothing_again(bench: Bench) -> None:
    bench.runner.all(NAMES)

    ran = bench.runner.all(NAMES)

    assert all(r.kept for r in ran)
    assert [bench.told[name].done for name in NAMES] == [1, 1, 1]


def test_only_the_step_whose_section_changed_and_those_after_it_are_done_again(bench: Bench) -> None:
    bench.runner.all(NAMES)
    bench.replan(scan=ScanSettings(allow=("numpy.ndarray",)))

    ran = bench.runner.all(NAMES)

    assert {r.step: r.kept for r in ran} == {"scan-model": False, "check-metrics": True, "build-image": False}


def test_every_gate_has_its_say_and_nothing_after_a_refusal_starts(bench: Bench) -> None:
    bench.told["scan-model"].verdict = Verdict.REFUSED
    bench.told["check-metrics"].verdict = Verdict.INCONCLUSIVE

    ran = bench.runner.all(NAMES)

    assert [bench.told[name].done for name in NAMES] == [1, 1, 0]
    assert ran[-1].blocked
    assert exit_code(ran) is ExitCode.REFUSED


def test_a_refused_gate_is_asked_again_and_its_old_image_is_not_used(bench: Bench) -> None:
    bench.runner.all(NAMES)
    bench.replan(scan=ScanSettings(allow=("numpy.ndarray",)))
    bench.told["scan-model"].verdict = Verdict.REFUSED

    bench.runner.all(NAMES)
    bench.runner.all(NAMES)

    assert bench.told["scan-model"].done == 3
    assert not bench.run.has(BuiltImage)


def test_a_step_by_itself_does_not_start_past_a_refusal(bench: Bench) -> None:
    bench.told["scan-model"].verdict = Verdict.REFUSED
    bench.runner.alone("scan-model")
    bench.runner.alone("check-metrics")

    ran = bench.runner.alone("build-image")

    assert ran.blocked
    assert ran.exit_code is ExitCode.REFUSED
    assert bench.told["build-image"].done == 0


def test_a_step_that_is_started_too_early_names_what_is_missing(bench: Bench) -> None:
    with pytest.raises(InputError, match=r"scan-model\.json is missing") as error:
        bench.runner.alone("build-image")

    assert "scan-model" in error.value.hint


def test_a_document_edited_by_hand_is_bad_input(bench: Bench) -> None:
    bench.told["scan-model"].verdict = Verdict.REFUSED
    bench.runner.alone("scan-model")
    path = bench.run.path(ScanReport)
    path.write_text(path.read_text().replace("refused", "passed"))

    with pytest.raises(InputError, match="was edited"):
        bench.runner.alone("build-image")
    with pytest.raises(InputError, match="was edited"):
        bench.runner.all(NAMES)


def test_a_document_changed_after_a_later_step_used_it_is_bad_input(bench: Bench) -> None:
    bench.runner.alone("scan-model")
    bench.runner.alone("check-metrics")
    fetched = bench.run.read(FetchedModel)
    bench.run.write(msgspec.structs.replace(fetched, files=fetched.files[1:]))

    with pytest.raises(InputError, match=r"fetch-model\.json was changed after scan-model used it"):
        bench.runner.alone("build-image")


def test_a_step_that_could_not_tell_leaves_why_and_not_the_answer_of_the_try_before(bench: Bench) -> None:
    bench.runner.alone("scan-model")
    bench.told["scan-model"].error = OutsideError("it is away", hint="wait")

    with pytest.raises(OutsideError):
        bench.runner.alone("scan-model")

    assert not bench.run.has(ScanReport)
    assert bench.run.read(Stopped).message == "it is away"


def test_why_it_stopped_is_gone_when_a_step_starts_again(bench: Bench) -> None:
    bench.told["scan-model"].error = OutsideError("it is away")
    with pytest.raises(OutsideError):
        bench.runner.alone("scan-model")
    bench.told["scan-model"].error = None

    bench.runner.alone("scan-model")

    assert not bench.run.has(Stopped)


def test_who_and_when_are_noted(bench: Bench) -> None:
    bench.runner.alone("scan-model")

    made = bench.run.read(ScanReport).made
    assert made is not None
    assert (made.by, made.run) == ("someone", "specimen")


def test_a_step_by_itself_is_done_again_unless_it_may_keep_what_holds(bench: Bench) -> None:
    bench.runner.all(NAMES)

    kept = bench.runner.alone("check-metrics", keep=True)
    done = bench.runner.alone("check-metrics")

    assert (kept.kept, done.kept) == (True, False)
    assert bench.told["check-metrics"].done == 2


def test_what_no_longer_holds_is_not_kept(bench: Bench) -> None:
    bench.runner.all(NAMES)
    bench.replan(scan=ScanSettings(allow=("numpy.ndarray",)))

    assert not bench.runner.alone("scan-model", keep=True).kept


def test_a_refusal_is_never_kept(bench: Bench) -> None:
    bench.told["check-metrics"].verdict = Verdict.REFUSED
    bench.runner.all(NAMES)

    again = bench.runner.alone("check-metrics", keep=True)

    assert (again.kept, again.verdict) == (False, Verdict.REFUSED)


def test_a_step_that_cannot_be_made_says_so_in_the_run_directory(bench: Bench) -> None:
    def nothing(name: str) -> Step:
        raise InputError(f"no tools for {name}")

    with pytest.raises(InputError):
        Runner(bench.run, KINDS, nothing, Watched(), by="someone", version="0").alone("scan-model")

    assert bench.run.read(Stopped).message == "no tools for scan-model"


def test_what_another_version_of_the_kit_left_is_not_kept(bench: Bench) -> None:
    bench.runner.all(NAMES)

    ran = msgspec.structs.replace(bench.runner, version="1").all(NAMES)

    assert not any(r.kept for r in ran)


def test_what_lies_beside_the_documents_counts_as_a_source(bench: Bench) -> None:
    bench.runner.all(NAMES)
    bench.told["scan-model"].beside = Digest("5" * 64)

    first, second = bench.runner.alone("scan-model", keep=True), bench.runner.alone("scan-model", keep=True)

    assert (first.kept, second.kept) == (False, True)
