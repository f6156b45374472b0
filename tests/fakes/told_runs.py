"""Runs in which much happened: what a page must tell of every gate."""

import json
from pathlib import Path

import msgspec

from ci_steps.documents import IntegrationReport, Plan, Rollout
from ci_steps.model.sent import Made, Sent
from ci_steps.model.settings import LoadSettings, Stage
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import pretty
from ci_steps.rundir import RunDir
from ci_steps.selftest.specimen import INTERFACE, Specimen, manifest_of
from tests.fakes.load_reports import freeze, load_report
from tests.fakes.runs import (
    BY_LENGTH,
    FLOOR,
    LOSS,
    MADE,
    VERSUS,
    files_of,
    finding,
    finished,
    gated,
    put,
    rollout,
)

OLDER = files_of(180)
NAMED = f"specimen@{manifest_of(OLDER).sha.hex[:7]}"
BETTER = msgspec.structs.replace(
    VERSUS, versus=NAMED, worse_by_at_most=None, better_by_at_least=0.02, where="release.yaml:22"
)
GUARDED = msgspec.structs.replace(BY_LENGTH, guard=True, worse_by_at_most=0.001, where="release.yaml:23")
STAGES = LoadSettings(
    stages=(Stage(rate=50, seconds=20), Stage(rate=100, seconds=20)),
    p50_ms=10,
    p95_ms=50,
    p99_ms=100,
    versus="baseline",
    slower_by_at_most_ms=2,
    where="release.yaml:30",
)
PARITY = Finding(
    check="rollout.parity",
    subject="through 127.0.0.1:18081",
    verdict=Verdict.REFUSED,
    observed='3 of 120 rows differ; t17: /label: "negative", not "positive"; 0 rows were not asked any more',
    rule="the answers in golden.jsonl, by type, from this release; fractions within 1e-06 of each other",
    where="release.yaml:28",
    next="see what is otherwise there than where integration-test ran it: environment, proxy, memory",
)


def refused(root: Path) -> RunDir:
    """Leave a run in which every gate has something to tell, and that may not serve."""
    narrow = json.loads(json.dumps(INTERFACE))
    narrow["input"]["properties"]["text"]["maxLength"] = 20
    files = files_of(110, wrong_long=95) | {"interface.json": json.dumps(narrow).encode()}
    rules = (FLOOR, VERSUS, BY_LENGTH, LOSS, BETTER, GUARDED)
    specimen = Specimen(
        files=files,
        baseline=files_of(100),
        references={NAMED: OLDER},
        plan={"metrics": rules, "load": STAGES, "made": MADE},
    )
    run = specimen.laid_out(root)
    gated(run)
    put(run, replayed(run), after=12, seconds=3)
    put(run, load_report(STAGES, slow=2, live=1, slower=freeze(8, 14, stage=1), failed_at=(4, 5)), after=15)
    return run


def replayed(run: RunDir) -> IntegrationReport:
    """Return what integration-test says of a witness that the live image answers and this one does not."""
    name = "witnesses/1-request.json"
    value = json.loads((run.root / name).read_bytes())["value"]
    met = Sent(
        witness=name,
        request=value,
        live=Made(status=200, answer={"label": "negative", "score": 0.1}),
        candidate=Made(status=422, why="status 422: text is too long", broken="status 422: text is too long"),
    )
    run.write_bytes("integration-test/1-request.json", pretty(met))
    seen = finding("integration-test.witness", Verdict.REFUSED, subject=name)
    seen = msgspec.structs.replace(seen, witness="integration-test/1-request.json")
    return IntegrationReport(findings=(finding("integration-test.golden"), seen), rows=120)


def taken_back(root: Path) -> RunDir:
    """Leave a run whose release answered otherwise at the live address, and was taken back."""
    run = finished(root)
    deed = rollout(run.read(Plan), result="rolled-back", reason="3 of 120 rows differ", findings=(PARITY,))
    put(run, msgspec.structs.replace(deed, observed=_before(deed)), after=34, seconds=5.2)
    return run


def _before(deed: Rollout) -> object:
    assert deed.observed is not None
    assert deed.before is not None
    replicas = tuple(
        msgspec.structs.replace(replica, release=deed.before.id) for replica in deed.observed.replicas
    )
    return msgspec.structs.replace(deed.observed, replicas=replicas, answering=deed.before.id)
