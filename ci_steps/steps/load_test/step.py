import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from ci_steps.documents import Document, FetchedModel, LoadReport, Plan, PushedImage
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.settings import LoadSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import decoded
from ci_steps.pipeline import Step
from ci_steps.ports import Container, Containers, Programs, Progress
from ci_steps.rundir import RunDir
from ci_steps.steps.load_test.judgement import Request, histogram, judged, lag_p99, quantiles

_LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_START_SECONDS = 60.0
_STALL_SECONDS = 60.0
_GOLDEN = "golden.jsonl"


@dataclass(frozen=True, slots=True)
class LoadTest(Step):
    """Send planned requests to the pushed image and count latency from their planned moments.

    Locust runs as a child process. It sends requests of the golden rows at a constant rate, an open loop:
    a service that stands still is measured standing still. Every latency is kept; quantiles come from the
    sorted list, never from a summary. The generator watches itself: where it was late, a limit refuses only
    what misses it also without that lateness.
    """

    name: ClassVar[str] = "load-test"
    needs: ClassVar[tuple[type[Document], ...]] = (Plan, FetchedModel, PushedImage)
    opens: ClassVar[tuple[type[Document], ...]] = (FetchedModel,)
    makes: ClassVar[type[Document]] = LoadReport
    reads: ClassVar[tuple[str, ...]] = ("load", "integration", "sha")

    containers: Containers
    programs: Programs
    progress: Progress

    def run(self, run: RunDir) -> LoadReport:
        plan, pushed = run.read(Plan), run.read(PushedImage)
        folder = run.fresh_folder(self.name)
        planned = plan.load.planned
        bodies = self._bodies(run)
        if not bodies:
            return LoadReport(findings=(_no_payload(plan.load),), planned=planned)
        order = {
            "rate": plan.load.plan[0].rate,
            "planned": planned,
            "warm_up": round(plan.load.plan[0].rate * plan.load.warmup_seconds),
            "bodies": bodies,
            "out": str((folder / "latencies.jsonl").resolve()),
        }
        (folder / "order.json").write_bytes(msgspec.json.encode(order))
        reference = f"{pushed.repository}@{pushed.image}"
        with self.containers.started(reference, env={}, memory_mb=plan.integration.memory_mb) as container:
            try:
                if late := self._not_ready(container, plan):
                    return LoadReport(findings=(late,), planned=planned)
                requests = self._sent(container, folder, plan.load)
            finally:
                (folder / "container.log").write_text(container.logs(), encoding="utf-8")
        return LoadReport(
            findings=judged(requests, planned, plan.load),
            not_checked=_unlimited(plan.load),
            planned=planned,
            sent=len(requests),
            failed=sum(bool(r.failure) for r in requests),
            quantiles_ms=quantiles(requests),
            lag_p99_ms=lag_p99(requests),
            histogram=histogram(requests),
            latencies=f"{self.name}/latencies.jsonl",
            locust=f"{self.name}/locust.html",
        )

    def _bodies(self, run: RunDir) -> list[str]:
        """Return the golden requests as the bodies to send."""
        fetched = run.read(FetchedModel)
        file = next((file for file in fetched.files if file.path == _GOLDEN), None)
        if file is None:
            return []
        lines = run.verified(fetched.folder, file).read_bytes().splitlines()
        rows = [decoded(line, dict[str, Any], where=_GOLDEN) for line in lines if line.strip()]
        return [msgspec.json.encode(row["request"]).decode() for row in rows if "request" in row]

    def _not_ready(self, container: Container, plan: Plan) -> Finding | None:
        import requests

        deadline = time.monotonic() + plan.integration.ready_seconds
        self.progress.say("waiting for the container to be ready")
        while time.monotonic() < deadline and container.exited() is None:
            try:
                if requests.get(f"{container.address}/health/ready", timeout=2).status_code == 200:
                    return None
            except requests.RequestException:
                pass
            time.sleep(0.05)
        code = container.exited()
        return Finding(
            check="load-test.ready",
            subject="the container",
            verdict=Verdict.REFUSED,
            observed="not ready" if code is None else f"ended with exit code {code}",
            rule=f"ready within {plan.integration.ready_seconds:g} s",
            where=plan.integration.where,
            next=f"read {self.name}/container.log",
        )

    def _sent(self, container: Container, folder: Path, load: LoadSettings) -> list[Request]:
        """Run the generator and return what it recorded; its exit code says nothing, its records do."""
        seconds = load.plan[0].seconds + load.warmup_seconds
        self.progress.say(
            f"Locust plans {load.plan[0].rate:g} requests a second for {load.plan[0].seconds:g} s"
        )
        ended = self.programs.run(
            [
                *(sys.executable, "-m", "locust", "--locustfile", str(_LOCUSTFILE)),
                *("--headless", "--users", "1", "--spawn-rate", "1", "--only-summary"),
                *("--host", container.address, "--html", str((folder / "locust.html").resolve())),
                *("--run-time", f"{int(seconds + _STALL_SECONDS)}s", "--stop-timeout", "1"),
            ],
            cwd=folder,
            env={"CI_STEPS_LOAD_ORDER": str((folder / "order.json").resolve()), "PYTHONUNBUFFERED": "1"},
            timeout=seconds + _STALL_SECONDS + _START_SECONDS,
            on_line=self._told,
        )
        (folder / "locust.log").write_text(ended.output, encoding="utf-8")
        try:
            lines = (folder / "latencies.jsonl").read_bytes().splitlines()
        except FileNotFoundError as error:
            why = (
                "it was stopped after its time"
                if ended.timed_out
                else f"it ended with exit code {ended.code}"
            )
            raise OutsideError(
                f"Locust recorded nothing: {why}", hint=f"read {folder / 'locust.log'}"
            ) from error
        try:
            return [decoded(line, Request, where="latencies.jsonl") for line in lines]
        except InputError as error:
            raise OutsideError(f"Locust's records cannot be read: {error}") from error

    def _told(self, line: str) -> None:
        word, *numbers = line.split()[:3] or [""]
        if word == "sent" and len(numbers) == 2:
            self.progress.advance(int(numbers[0]), int(numbers[1]), "requests")


def _no_payload(load: LoadSettings) -> Finding:
    return Finding(
        check="load-test.payload",
        subject="requests to send",
        verdict=Verdict.INCONCLUSIVE,
        observed=f"no request in {_GOLDEN}",
        rule="requests are those of the golden rows",
        where=load.where,
        next="publish the model with golden rows",
    )


def _unlimited(load: LoadSettings) -> tuple[str, ...]:
    limits = {"p50": load.p50_ms, "p95": load.p95_ms, "p99": load.p99_ms}
    return tuple(f"{name}: release.yaml sets no limit" for name, limit in limits.items() if limit is None)
