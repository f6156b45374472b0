from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec

from ci_steps.documents import (
    Document,
    FetchedModel,
    LoadReport,
    LoadStage,
    Plan,
    PushedImage,
    RemoteWorker,
)
from ci_steps.model.digest import Digest
from ci_steps.model.settings import LoadSettings, RemoteWorkers
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

if TYPE_CHECKING:  # most load tests are sent from here
    from ci_steps.steps.load_test.remote.crew import Crew


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
    secret: str = ""
    """What workers on other machines are known by."""

    def run(self, run: RunDir) -> LoadReport:
        plan, pushed = run.read(Plan), run.read(PushedImage)
        folder = run.fresh_folder(self.name)
        bodies, payload = payloads(run, plan)
        if payload.verdict is not Verdict.PASSED:
            return _nothing_sent(payload, plan=plan)
        findings, targets = [payload], []
        with ExitStack() as stack:
            remote = plan.load.remote
            crew = self._gathered(stack, remote) if remote else None
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
            if remote and crew and (missing := _awaited(crew, remote, self.progress)):
                return _nothing_sent(*findings, missing, plan=plan)
            rounds = planned(plan.load, plan.sha.hex, compared=len(targets) > 1)
            generator = Generator(self.programs, self.progress, folder, plan.load, rounds, crew)
            seen, requests = generator.sent(targets, bodies)
        report = _judged(plan, rounds, seen, requests, crew.cpu if crew else 0.0)
        arrivals = Digest.of((folder / "arrivals.json").read_bytes())
        return msgspec.structs.replace(report, findings=(*findings, *report.findings), arrivals=arrivals)

    def _gathered(self, stack: ExitStack, remote: RemoteWorkers) -> "Crew":
        from ci_steps.steps.load_test.remote.crew import gathered
        from ci_steps.steps.load_test.remote.keys import checked

        return stack.enter_context(gathered(remote, checked(self.secret)))

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


def _awaited(crew: "Crew", remote: RemoteWorkers, progress: Progress) -> Finding | None:
    from ci_steps.steps.load_test.remote.awaited import awaited

    return awaited(crew, remote, progress)


def _judged(
    plan: Plan, rounds: Sequence[Round], seen: GeneratorSeen, requests: Sequence[Request], way_cpu: float
) -> LoadReport:
    load = plan.load
    alone = [r for r in requests if not rounds[r.round].in_turns]
    return LoadReport(
        findings=(
            *(warmup.finding(warm, number, load) for number, warm in enumerate(seen.warm_ups)),
            *_findings(plan, rounds, seen, requests),
        ),
        not_checked=(*_not_checked(load), *_not_checked_elsewhere(seen, way_cpu)),
        planned=load.planned,
        sent=len(alone),
        failed=sum(bool(r.failure) for r in alone),
        quantiles_ms=quantiles(alone),
        lag_p99_ms=lag_p99(alone),
        workers=seen.workers,
        remote=tuple(
            RemoteWorker(
                name=one.name,
                requests=one.requests,
                cpu=one.cpu,
                lag_p99_ms=one.lag_p99_ms,
                gone=one.gone,
                way_p50_ms=one.way_p50_ms,
                way_p99_ms=one.way_p99_ms,
                clock_ms=one.clock_ms,
            )
            for one in seen.each
        ),
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
    yield "what the answers say: that each is JSON, with status 200, is all that counts here"


def _not_checked_elsewhere(seen: GeneratorSeen, cpu: float) -> Iterator[str]:
    ways = [one for one in seen.each if one.way_p50_ms is not None and one.way_p99_ms is not None]
    if not seen.each:
        return
    p50 = max((one.way_p50_ms or 0.0 for one in ways), default=0.0)
    p99 = max((one.way_p99_ms or 0.0 for one in ways), default=0.0)
    yield (
        f"latency without the workers' way here: it is part of every latency, {p50:.1f} ms (median) and"
        f" {p99:.1f} ms (p99) of the slowest; a limit passes with it, and refuses what misses it without"
    )
    yield f"the containers without the way's end beside them, which used {cpu:.0%} of a core of their machine"
