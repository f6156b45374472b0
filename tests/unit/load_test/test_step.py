"""The step around Locust: what is started, what is told, and what becomes of records that are not whole."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from ci_steps.adapters.programs import ChildPrograms
from ci_steps.documents import LoadReport, PushedImage
from ci_steps.errors import OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.model.verdict import Verdict
from ci_steps.ports import Ended
from ci_steps.selftest.loads import Recorder
from ci_steps.selftest.loopback import LoopbackContainer, LoopbackService, Reply
from ci_steps.selftest.specimen import INTERFACE, Specimen, jsonl, model_files
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
    assert [finding.observed for finding in report.blocking] == ["999 of 1,000 planned requests recorded"]


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
            on_line("sent 1000 1000 0 100/s")
            on_line("answered")
            return super().run(command, **asked)

    progress = Told()

    report_of(tmp_path, sent=Telling(), progress=progress)

    assert progress.counts == [(300, 1000, "requests (100/s, 7 s left)")]
    assert progress.said == [
        "starting the container",
        "waiting for the container to be ready",
        "Locust plans 100 requests a second for 10 s",
        "all are sent; waiting for the last answers",
        "all are answered; Locust writes its report",
    ]


def test_a_warm_up_is_counted_in_its_own_seconds(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Telling(Recorder):
        def run(self, command: Sequence[str], *, on_line: Any = None, **asked: Any) -> Ended:
            on_line("warming 3 30 0")
            on_line("warming 4 30 1")
            return super().run(command, **asked)

    progress = Told()

    report_of(tmp_path, sent=Telling(), progress=progress)

    assert progress.counts == [
        (3, 30, "s at most (warming up)"),
        (4, 30, "s at most (warming up the live release)"),
    ]


def equal(*, different: int, n: int = 200) -> Specimen:
    """Return a model of whose golden requests so many are different."""
    rows = [{"id": f"t{at}", "request": {"text": f"good {at % different}"}} for at in range(n)]
    return Specimen(model_files(**{"golden.jsonl": jsonl(rows)}))


@pytest.mark.parametrize(
    ("different", "verdict"), [(20, "passed"), (19, "inconclusive"), (1, "inconclusive")]
)
def test_golden_rows_are_counted_by_their_different_requests(
    tmp_path: Path, different: int, verdict: str
) -> None:
    report = report_of(tmp_path, specimen=equal(different=different))

    [payload] = [finding for finding in report.findings if finding.check == "load-test.payload"]
    assert payload.verdict.value == verdict
    requests = "request" if different == 1 else "requests"
    assert payload.observed == f"{different} different {requests} in golden.jsonl, of 200 requests"


def test_failures_before_it_is_warm_are_warned_of_and_told_in_one_line(tmp_path: Path) -> None:
    report = report_of(tmp_path, sent=Recorder(warm_failed=15))

    [warm] = [finding for finding in report.findings if finding.check == "load-test.warmup"]
    assert (report.verdict, warm.verdict) == (Verdict.WARNED, Verdict.WARNED)
    assert "15 of 100 requests failed, 0 of the last 50" in warm.observed
    assert "15 more while warming up" in report.headline


def test_failures_of_a_warm_service_are_refused(tmp_path: Path) -> None:
    report = report_of(tmp_path, sent=Recorder(warm_failed=15, warm_failed_last=1))

    [warm] = [finding for finding in report.findings if finding.check == "load-test.warmup"]
    assert warm.verdict is Verdict.REFUSED
    assert "15 of 100 requests failed, 1 of the last 50" in warm.observed


def test_a_live_release_that_fails_while_warming_up_is_not_the_pushed_image_s_fault(tmp_path: Path) -> None:
    report = report_of(tmp_path, VERSUS, specimen=SECOND, sent=Recorder(warm_failed=15, warm_failed_last=1))

    verdicts = {f.subject: f.verdict for f in report.findings if f.check == "load-test.warmup"}
    assert verdicts == {
        "the pushed image": Verdict.REFUSED,
        "the live release": Verdict.INCONCLUSIVE,
    }


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
        "what the answers say: that each is JSON, with status 200, is all that counts here",
    )


def test_what_is_told_never_runs_beyond_the_plan_nor_back(tmp_path: Path) -> None:
    load = LoadSettings(rate=20, seconds=1.5, warmup_seconds=1.5, p50_ms=500)
    progress = Told()

    report_of(tmp_path, load, sent=ChildPrograms(os.environ), progress=progress)

    warm = [done for done, total, unit in progress.counts if "warming" in unit and done <= total == 30]
    sent = [done for done, total, unit in progress.counts if "left" in unit and done < total == 30]
    assert warm
    assert sent
    assert (warm, sent) == (sorted(warm), sorted(sent))
    assert len(warm) + len(sent) == len(progress.counts)
    assert progress.said[-2:] == [
        "all are sent; waiting for the last answers",
        "all are answered; Locust writes its report",
    ]


def of_answers(folder: Path, reply: Callable[[bytes], Reply]) -> LoadReport:
    """Return the report on a service that answers so, to Locust itself."""
    load = LoadSettings(rate=50, seconds=2, warmup_seconds=0, warmup_at_most_seconds=0, p50_ms=5000)
    service = LoopbackService(routes={"POST /predict": reply})
    return report_of(folder, load, sent=ChildPrograms(os.environ), containers=service)


def test_a_service_that_drops_connections_does_not_pass_because_it_is_asked_again(tmp_path: Path) -> None:
    asked = count()

    def dropping(_: bytes) -> Reply:
        if next(asked) % 4 == 0:
            raise ConnectionAbortedError
        return Reply.json({"label": "positive", "score": 0.9})

    report = of_answers(tmp_path, dropping)

    (errors,) = (finding for finding in report.findings if finding.check == "load-test.errors")
    assert errors.verdict is Verdict.INCONCLUSIVE
    assert "asked again, as the connection was closed without an answer" in errors.observed


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(200, b""), "not JSON"),
        (Reply(200, b'{"label": "posit'), "not JSON"),
        (Reply(200, b"try again later", "text/plain"), "not JSON"),
        (Reply(302, b"", headers={"location": "/health/ready"}), "status 302"),
    ],
)
def test_an_answer_that_is_cut_off_or_somewhere_else_is_a_failure(
    reply: Reply, kind: str, tmp_path: Path
) -> None:
    report = of_answers(tmp_path, lambda _: reply)

    (errors,) = (finding for finding in report.findings if finding.check == "load-test.errors")
    assert errors.verdict is Verdict.REFUSED
    assert errors.observed == f"100 of 100 failed: 100 {kind}"
