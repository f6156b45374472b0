from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import msgspec

from ci_steps.documents import Document, FetchedModel, LoadReport, LoadStage, Plan, PushedImage
from ci_steps.model.digest import Digest
from ci_steps.model.settings import LoadSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.pipeline import Step
from ci_steps.ports import Container, Containers, Programs, Progress
from ci_steps.rundir import RunDir
from ci_steps.steps.load_test import versus, warmup
from ci_steps.steps.load_test.arrivals import Round, planned
from ci_steps.steps.load_test.generator import Generator
from ci_steps.steps.load_test.judgement import judged, lag_p99, limited
from ci_steps.steps.load_test.payloads import payloads
from ci_steps.steps.load_test.readiness import readiness
from ci_steps.steps.load_test.records import GeneratorSeen, Request
from ci_steps.steps.load_test.seen import stage_seen, turns_seen
from ci_steps.steps.load_test.summary import quantiles, stage_of


@dataclass(frozen=True, slots=True)
class LoadTest(Step):
    """Send planned requests to the pushed image and count latency from their planned moments.

    Locust runs as a child process and sends at moments that were all planned before, an open loop: a service
    that stands still is measured standing still. Every latency is kept; quantiles and their confidence bounds
    come from the sorted list, never from a summary. The generator watches itself: where it was late, a limit
    refuses only what misses it also without that lateness. With `versus: baseline` the live release's image
    is loaded in turns with the pushed one.
    """

    name: ClassVar[str] = "load-test"
    needs: ClassVar[tuple[type[Document], ...]] = (Plan, FetchedModel, PushedImage)
    opens: ClassVar[tuple[type[Document], ...]] = (FetchedModel,)
    makes: ClassVar[type[Document]] = LoadReport
    reads: ClassVar[tuple[str, ...]] = ("load", "integration", "sha", "baseline")

    containers: Containers
    programs: Programs
    progress: Progress

    def run(self, run: RunDir) -> LoadReport:
        plan, pushed = run.read(Plan), run.read(PushedImage)
        folder = run.fresh_folder(self.name)
        bodies, payload = payloads(run, plan)
        if payload.verdict is not Verdict.PASSED:
            return _nothing_sent(payload, plan=plan)
        findings, targets = [payload], []
        with ExitStack() as stack:
            image = f"{pushed.repository}@{pushed.image}"
            self.progress.say("starting the container")
            candidate = self._started(stack, image, plan, folder / "container.log")
            self.progress.say("waiting for the container to be ready")
            findings.append(readiness(candidate, plan.integration, "container.log"))
            if findings[-1].verdict is not Verdict.PASSED:
                return _nothing_sent(*findings, plan=plan)
            targets.append(candidate.address)
            if plan.load.versus:
                found, live = self._beside(stack, plan, pushed, folder)
                findings += found
                targets += [live] if live else []
            rounds = planned(plan.load, plan.sha.hex, compared=len(targets) > 1)
            generator = Generator(self.programs, self.progress, folder, plan.load, rounds)
            seen, requests = generator.sent(targets, bodies)
        report = _judged(plan, rounds, seen, requests)
        arrivals = Digest.of((folder / "arrivals.json").read_bytes())
        return msgspec.structs.replace(report, findings=(*findings, *report.findings), arrivals=arrivals)

    def _started(self, stack: ExitStack, image: str, plan: Plan, log: Path) -> Container:
        """Start a container for as long as the stack stands; its log is kept before it goes."""
        started = self.containers.started(image, env={}, memory_mb=plan.integration.memory_mb)
        container = stack.enter_context(started)
        stack.callback(lambda: log.write_text(container.logs(), encoding="utf-8"))
        return container

    def _beside(
        self, stack: ExitStack, plan: Plan, pushed: PushedImage, folder: Path
    ) -> tuple[list[Finding], str]:
        """Return where the live release's image answers, or the findings that say why nowhere."""
        if plan.baseline is None:
            return [versus.without_baseline(plan.load)], ""
        if plan.baseline.image == pushed.image:
            return list(versus.identical(plan.load)), ""
        self.progress.say("starting the live release's container")
        live = self._started(stack, plan.baseline.reference, plan, folder / "live.log")
        self.progress.say("waiting for the live release's container to be ready")
        ready = readiness(live, plan.integration, "live.log")
        if ready.verdict is not Verdict.PASSED:
            return [versus.not_ready(ready, plan.load)], ""
        return [], live.address


def _judged(
    plan: Plan, rounds: Sequence[Round], seen: GeneratorSeen, requests: Sequence[Request]
) -> LoadReport:
    load = plan.load
    alone = [r for r in requests if not rounds[r.round].in_turns]
    return LoadReport(
        findings=(
            *(warmup.finding(warm, number, load) for number, warm in enumerate(seen.warm_ups)),
            *_findings(plan, rounds, seen, requests),
        ),
        not_checked=tuple(_not_checked(load)),
        planned=load.planned,
        sent=len(alone),
        failed=sum(bool(r.failure) for r in alone),
        quantiles_ms=quantiles(alone),
        lag_p99_ms=lag_p99(alone),
        workers=seen.workers,
        stages=tuple(_stages(load, rounds, seen, requests)),
        warm_ups=tuple(warmup.told(warm, number) for number, warm in enumerate(seen.warm_ups)),
        latencies="load-test/latencies.jsonl",
        locust="load-test/locust.html",
    )


def _findings(
    plan: Plan, rounds: Sequence[Round], seen: GeneratorSeen, requests: Sequence[Request]
) -> Iterator[Finding]:
    for number in range(len(plan.load.plan)):
        yield from judged(stage_seen(number, plan.load, rounds, seen, requests), plan.load)
        if turns := turns_seen(number, plan.load, rounds, seen, requests):
            yield from versus.compared(turns, plan.load, f"{plan.sha.hex}/{number}")


def _stages(
    load: LoadSettings, rounds: Sequence[Round], seen: GeneratorSeen, requests: Sequence[Request]
) -> Iterator[LoadStage]:
    for number in range(len(load.plan)):
        stage = stage_seen(number, load, rounds, seen, requests)
        if stage.requests:
            yield stage_of(stage, turns_seen(number, load, rounds, seen, requests), load)


def _nothing_sent(*findings: Finding, plan: Plan) -> LoadReport:
    nothing = "latency, errors and the achieved rate: nothing was sent"
    return LoadReport(findings=findings, not_checked=(nothing,), planned=plan.load.planned)


def _not_checked(load: LoadSettings) -> Iterator[str]:
    for name in ("p50", "p95", "p99"):
        if name not in limited(load):
            yield f"{name}: release.yaml sets no limit"
    if not load.warmup_seconds:
        yield "whether the service was warm: load.warmup_seconds is 0"
    if not load.versus:
        yield "the live release's latency: load.versus is not set"
