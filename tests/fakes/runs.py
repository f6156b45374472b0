"""Run directories as releases leave them: gates really run, the rest made up."""

import atexit
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec

from ci_steps.documents import (
    BuiltImage,
    Document,
    IntegrationReport,
    Layer,
    Made,
    MetricsReport,
    Moment,
    Plan,
    PushedImage,
    Rollout,
    UnitTestsReport,
)
from ci_steps.model.digest import Digest
from ci_steps.model.release import Observed, Release, Replica
from ci_steps.model.settings import MetricRule
from ci_steps.model.verdict import Finding, Verdict, Waiver
from ci_steps.report import write_page
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import Specimen, evaluations, golden, jsonl, model_files
from ci_steps.steps.check_interface import CheckInterface
from ci_steps.steps.check_metrics import CheckMetrics
from ci_steps.steps.scan_model import ScanModel
from tests.fakes.load_reports import LOAD, load_report

TODAY = date(2026, 11, 22)
BEGAN = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MADE = Made(by="m.jansen", at=BEGAN.isoformat(), seconds=0.4, run="specimen", kit="0.1.0")

FLOOR = MetricRule(metric="accuracy", direction="higher", floor=0.75, where="release.yaml:18")
VERSUS = MetricRule(
    metric="accuracy",
    direction="higher",
    versus="baseline",
    worse_by_at_most=0.02,
    where="release.yaml:19",
)
BY_LENGTH = msgspec.structs.replace(VERSUS, slices=("length",), where="release.yaml:20")
LOSS = MetricRule(
    metric="log_loss",
    direction="lower",
    versus="baseline",
    worse_by_at_most=0.1,
    where="release.yaml:21",
)
WAIVER = Waiver(
    check="check-metrics.versus",
    reason="the long slice is small until May",
    by="m.jansen",
    until=date(2026, 11, 30),
    where="release.yaml:40",
)


def written(run: RunDir) -> str:
    """Write the page on a fixed day and return what it says."""
    return write_page(run, today=TODAY).read_text(encoding="utf-8")


def files_of(wrong: int = 100, *, wrong_long: int | None = None) -> dict[str, bytes]:
    """Return a sound model's files, with so many wrong answers."""
    rows = evaluations(2000, wrong=wrong, wrong_long=wrong_long)
    claim = {"metric": "accuracy", "value": 1 - wrong / 2000, "direction": "higher", "n": 2000}
    metrics = msgspec.json.encode({"metrics": [claim | {"dataset": "specimen", "slice": None}]})
    return model_files(
        **{
            "evaluations.jsonl": jsonl(rows),
            "golden.jsonl": jsonl(golden(rows)),
            "metrics.json": metrics,
        }
    )


def put(run: RunDir, document: Document, *, after: float = 0, seconds: float = 1) -> None:
    """Write a document as the runner would, made ``after`` seconds after the run began."""
    at = (BEGAN + timedelta(seconds=after)).isoformat(timespec="seconds")
    made = Made(by="m.jansen", at=at, seconds=seconds, run="specimen", kit="0.1.0")
    run.write(msgspec.structs.replace(document, made=made))


def finding(
    check: str,
    verdict: Verdict = Verdict.PASSED,
    *,
    subject: str = "",
    observed: str = "as it should be",
    rule: str = "as promised",
    where: str = "",
) -> Finding:
    return Finding(check=check, verdict=verdict, subject=subject, observed=observed, rule=rule, where=where)


def release(plan: Plan, *, number: int = 7) -> Release:
    return Release(
        id=f"production-{number}",
        model=plan.model,
        sha=plan.sha,
        repository=plan.registry,
        image=Digest("a" * 64),
        replicas=2,
    )


def rollout(plan: Plan, **changes: object) -> Rollout:
    wanted = release(plan)
    replicas = tuple(
        Replica(id=name * 64, release=wanted.id, image=wanted.image, healthy=True, serving=True)
        for name in "ef"
    )
    moments = ("found: nothing serves", "bringing it to serve", "green is ready", "switched", "verified")
    timeline = tuple(
        Moment(at=(BEGAN + timedelta(seconds=34 + 0.7 * n)).isoformat(timespec="milliseconds"), what=what)
        for n, what in enumerate(moments)
    )
    done = Rollout(
        result="live",
        release=wanted,
        before=release(plan, number=5),
        observed=Observed(replicas=replicas, answering=wanted.id),
        timeline=timeline,
    )
    return msgspec.structs.replace(done, **changes)


def planned(root: Path, files: dict[str, bytes] | None = None, **plan: object) -> RunDir:
    """Lay out a planned and fetched release beside a live baseline."""
    settings = {
        "metrics": (FLOOR, VERSUS, BY_LENGTH, LOSS),
        "load": LOAD,
        "made": MADE,
    }
    specimen = Specimen(files=files or files_of(80), baseline=files_of(100), plan=settings | plan)
    return specimen.laid_out(root)


def gated(run: RunDir) -> None:
    """Run the three gates, for real."""
    put(run, ScanModel().run(run), after=6, seconds=0.3)
    put(run, CheckMetrics().run(run), after=7, seconds=0.6)
    put(run, CheckInterface().run(run), after=8, seconds=0.2)


def finished(root: Path, files: dict[str, bytes] | None = None, **plan: object) -> RunDir:
    """Lay out a whole release that went live."""
    if files is None and not plan:
        return RunDir(Path(shutil.copytree(_sound(), root, dirs_exist_ok=True)))
    return _laid_out(root, files, **plan)


@cache
def _sound() -> Path:
    root = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, root)
    return _laid_out(root).root


def _laid_out(root: Path, files: dict[str, bytes] | None = None, **plan: object) -> RunDir:
    run = planned(root, files, **plan)
    wanted = run.read(Plan)
    put(run, UnitTestsReport(findings=(finding("unit-tests.passed"),), passed=14), after=1, seconds=4.2)
    gated(run)
    layers = [("base", 41e6), ("dependencies", 96e6), ("serving", 41e3), ("model", 1.9e6)]
    drawn = tuple(
        Layer(purpose=purpose, digest=Digest(str(n) * 64), size=int(size), media_type="layer")
        for n, (purpose, size) in enumerate(layers)
    )
    labels = {"org.opencontainers.image.revision": "0" * 40}
    put(run, BuiltImage(image=Digest("a" * 64), layers=drawn, labels=labels), after=9, seconds=1.7)
    pushed = PushedImage(
        findings=(finding("push-image.digest"),),
        repository=wanted.registry,
        image=Digest("a" * 64),
        sent_bytes=1_900_000,
    )
    put(run, pushed, after=11, seconds=0.5)
    put(
        run, IntegrationReport(findings=(finding("integration-test.answers"),), rows=120), after=12, seconds=3
    )
    put(run, load_report(), after=15, seconds=18.6)
    put(run, rollout(wanted), after=34, seconds=3.1)
    return run


def by_hand(run: RunDir) -> None:
    """Make a gate's report anew, with another answer, past everything that stands on it."""
    report = run.read(MetricsReport)
    put(run, msgspec.structs.replace(report, not_checked=("something else",)), after=60)
