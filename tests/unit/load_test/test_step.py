"""The step around Locust: what is started, what is told, and what becomes of records that are not whole."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from ci_steps.documents import LoadReport, PushedImage
from ci_steps.errors import OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.model.verdict import Verdict
from ci_steps.ports import Ended
from ci_steps.selftest.loads import Recorder
from ci_steps.selftest.loopback import LoopbackContainer, LoopbackService
from ci_steps.selftest.specimen import INTERFACE, Specimen, model_files
from ci_steps.steps.load_test import LoadTest
from tests.fakes.progress import Told

LOAD = LoadSettings(rate=100, seconds=10, p95_ms=50)
VERSUS = msgspec.structs.replace(LOAD, versus="baseline", slower_by_at_most_ms=5.0)
SECOND = Specimen(baseline=model_files())


@dataclass(frozen=True)
class Counting(LoopbackService):
    """Notes which images are started."""

    images: list[str] = field(default_factory=list)

    @contextmanager
    def started(
        self, reference: str, *, env: dict[str, str], memory_mb: int | None
    ) -> Iterator[LoopbackContainer]:
        self.images.append(reference)
        with super().started(reference, env=env, memory_mb=memory_mb) as container:
            yield container


@dataclass(frozen=True)
class Wrong:
    """A generator that ends in a way of its own, after it recorded everything or nothing."""

    then: Callable[[Path], Ended]
    recorded: bool = True

    def run(self, command: Sequence[str], *, cwd: Path, **asked: Any) -> Ended:
        if self.recorded:
            Recorder().run(command, cwd=cwd, **asked)
        return self.then(cwd)


def report_of(
    folder: Path,
    load: LoadSettings = LOAD,
    *,
    sent: Any = None,
    specimen: Specimen | None = None,
    containers: Any = None,
    progress: Told | None = None,
    image: str = "2",
) -> LoadReport:
    run = replace(specimen or Specimen(), plan={"load": load}).laid_out(folder)
    run.write(PushedImage(repository="127.0.0.1:5000/specimen", image=Digest(image * 64), findings=()))
    return LoadTest(containers or LoopbackService(), sent or Recorder(), progress or Told()).run(run)


def cut(folder: Path) -> Ended:
    path = folder / "latencies.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    return Ended(-1, "", timed_out=True)


def spoilt(folder: Path) -> Ended:
    (folder / "latencies.jsonl").write_bytes(b'{"planned_s": "soon"}\n')
    return Ended(0, "")


def test_a_record_that_was_cut_off_is_none_and_the_rest_counts(tmp_path: Path) -> None:
    report = report_of(tmp_path, sent=Wrong(cut))

    assert report.sent == 999
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [finding.observed for finding in report.blocking] == [
        "999 of 1,000 planned requests were recorded"
    ]


@pytest.mark.parametrize(
    ("ended", "why"),
    [(Ended(1, "no module"), "it ended with exit code 1"), (Ended(-1, "", timed_out=True), "after its time")],
)
def test_a_generator_that_recorded_nothing_is_no_verdict(tmp_path: Path, ended: Ended, why: str) -> None:
    with pytest.raises(OutsideError, match=f"Locust recorded nothing: .*{why}"):
        report_of(tmp_path, sent=Wrong(lambda _: ended, recorded=False))


def test_records_that_cannot_be_read_are_no_verdict(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="Locust's records cannot be read"):
        report_of(tmp_path, sent=Wrong(spoilt))


def test_how_far_it_is_is_told_with_its_rate_and_the_time_left(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Telling(Recorder):
        def run(self, command: Sequence[str], *, on_line: Any = None, **asked: Any) -> Ended:
            on_line("sent 300 1000 7 100/s")
            on_line("a word of Locust's own")
            return super().run(command, **asked)

    progress = Told()

    report_of(tmp_path, sent=Telling(), progress=progress)

    assert progress.counts == [(300, 1000, "requests (100/s, 7 s left)")]
    assert "Locust plans 100 requests a second for 10 s" in progress.said


def test_every_stage_is_judged_by_itself(tmp_path: Path) -> None:
    load = LoadSettings(stages=(Stage(rate=50, seconds=10), Stage(rate=100, seconds=10)), p95_ms=50)
    slow_later = Recorder(latency=lambda _, moment: 5.0 if moment < 9 else 60.0)

    report = report_of(tmp_path, load, sent=slow_later)

    assert {f.subject for f in report.findings if f.check == "load-test.p95"} == {
        "50/s for 10 s",
        "100/s for 10 s",
    }
    assert [stage.planned for stage in report.stages] == [500, 1000]
    assert (report.planned, report.sent) == (1500, 1500)


def test_the_same_model_and_settings_plan_the_same_moments_everywhere(tmp_path: Path) -> None:
    load = msgspec.structs.replace(LOAD, arrivals="poisson")

    one, again = (report_of(tmp_path / name, load) for name in ("one", "again"))
    other = report_of(tmp_path / "other", load, specimen=Specimen(model_files(x=b"x")))

    assert one.arrivals == again.arrivals != other.arrivals


def test_the_live_release_is_started_beside_and_its_log_kept(tmp_path: Path) -> None:
    containers = Counting(log="served")

    report = report_of(tmp_path, VERSUS, specimen=SECOND, containers=containers)

    assert [image[-3:] for image in containers.images] == ["222", "111"]
    assert (tmp_path / "load-test/live.log").read_text() == "served"
    assert {warm.side for warm in report.warm_ups} == {"pushed", "live"}
    assert report.stages[0].live


def test_an_image_that_is_live_already_is_not_started_twice(tmp_path: Path) -> None:
    containers = Counting()

    report = report_of(tmp_path, VERSUS, specimen=SECOND, containers=containers, image="1")

    assert len(containers.images) == 1
    versus = next(finding for finding in report.findings if finding.check == "load-test.versus")
    assert versus.observed == "the live release is this image, by its digest"


def test_a_first_release_is_held_to_its_limits_all_the_same(tmp_path: Path) -> None:
    report = report_of(tmp_path, VERSUS)

    verdicts = {finding.check: finding.verdict for finding in report.findings}
    assert verdicts["load-test.baseline"] is Verdict.INCONCLUSIVE
    assert verdicts["load-test.p95"] is Verdict.PASSED
    assert report.stages[0].live is None


def test_what_is_generated_is_what_the_interface_allows(tmp_path: Path) -> None:
    report_of(tmp_path, msgspec.structs.replace(LOAD, payloads="interface"))

    bodies = json.loads((tmp_path / "load-test/order.json").read_bytes())["bodies"]

    assert len(set(bodies)) == 200
    validator = jsonschema.Draft202012Validator(INTERFACE["input"])
    assert all(validator.is_valid(json.loads(body)) for body in bodies)


def test_what_was_not_looked_at_is_said(tmp_path: Path) -> None:
    load = msgspec.structs.replace(LOAD, warmup_seconds=0, warmup_at_most_seconds=0)

    assert report_of(tmp_path, load).not_checked == (
        "p50: release.yaml sets no limit",
        "p99: release.yaml sets no limit",
        "whether the service was warm: load.warmup_seconds is 0",
        "the live release's latency: load.versus is not set",
    )
