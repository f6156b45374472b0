from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ci_steps.documents import (
    Document,
    FetchedModel,
    IntegrationReport,
    InterfaceReport,
    Plan,
    PushedImage,
)
from ci_steps.errors import InputError
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.witness import Witness
from ci_steps.pipeline import Step
from ci_steps.ports import Container, Containers, Progress
from ci_steps.rundir import RunDir
from ci_steps.steps.golden.differences import Alike
from ci_steps.steps.golden.raw import Raw, raw_answers
from ci_steps.steps.golden.replay import as_lists, one_by_one
from ci_steps.steps.golden.rows import GoldenRow, chosen, golden_rows, predictions
from ci_steps.steps.golden.service import NoAnswer, Outcome, Service, calling
from ci_steps.steps.integration_test import answers, witnesses
from ci_steps.steps.integration_test.asking import asked_live, body_of
from ci_steps.steps.integration_test.bad_requests import bad_requests, refusals
from ci_steps.steps.integration_test.blame import Blame, raw_is_golden
from ci_steps.steps.integration_test.generated import Generated, broken_by, generated
from ci_steps.steps.integration_test.hints import has_failed
from ci_steps.steps.integration_test.identity import identity
from ci_steps.steps.integration_test.interface import Interface
from ci_steps.steps.integration_test.isolation import isolated
from ci_steps.steps.integration_test.metrics_page import counting
from ci_steps.steps.integration_test.promised import judged
from ci_steps.steps.integration_test.readiness import LOG, last_exception, readiness, still_ready


@dataclass(frozen=True, slots=True)
class IntegrationTest(Step):
    """Run the pushed image, by its digest and locked in as in production, and hold it to the raw model.

    Golden rows are chosen by the model's SHA. The raw model answers them in the image by its own library,
    without the server; then the container answers them, one by one and as a list, and requests that its
    interface does not allow. Its identity, isolation, metrics page and health are looked at as well. Requests
    that check-interface says would break are sent to it and to the live image, and so are requests made from
    the input schema that callers go by: all of them must be answered.
    """

    name: ClassVar[str] = "integration-test"
    needs: ClassVar[tuple[type[Document], ...]] = (Plan, FetchedModel, InterfaceReport, PushedImage)
    opens: ClassVar[tuple[type[Document], ...]] = (FetchedModel,)
    makes: ClassVar[type[Document]] = IntegrationReport
    reads: ClassVar[tuple[str, ...]] = ("integration", "manifest", "sha")

    containers: Containers
    progress: Progress

    def run(self, run: RunDir) -> IntegrationReport:
        test = _Test.of(run, self.containers, self.progress)
        run.fresh_folder("integration-test").rmdir()
        pushed = run.read(PushedImage)
        reference = f"{pushed.repository}@{pushed.image}"
        raw = test.raw(reference)
        lives = test.live_outcomes()
        self.progress.say(f"starting {reference}")
        # What an exception says may hold what was sent. Here that is the model owner's own rows.
        env = {"IMAGE_DIGEST": str(pushed.image), "LOG_MESSAGES": "1"}
        memory = test.plan.integration.memory_mb
        with (
            self.containers.started(reference, env=env, memory_mb=memory) as container,
            calling(container.address) as service,
        ):
            findings = test.looked_at(container, service, raw, lives)
            if any(finding.witness == LOG for finding in findings):
                test.keep_log(container)
        return IntegrationReport(
            findings=tuple(findings), not_checked=test.not_checked(findings), rows=len(test.rows)
        )


@dataclass(frozen=True, slots=True)
class _Test:
    """What the run directory says that the container must do."""

    plan: Plan
    run: RunDir
    containers: Containers
    progress: Progress
    interface: Interface
    alike: Alike
    golden: tuple[GoldenRow, ...]
    rows: tuple[GoldenRow, ...]
    evaluations: Path | None
    witnesses: tuple[tuple[str, Witness], ...]
    generated: Generated

    @classmethod
    def of(cls, run: RunDir, containers: Containers, progress: Progress) -> "_Test":
        plan = run.read(Plan)
        fetched = run.read(FetchedModel)
        files = {file.path: file for file in fetched.files}

        def verified(name: str) -> Path | None:
            return run.verified(fetched.folder, files[name]) if name in files else None

        interface = verified("interface.json")
        golden = verified("golden.jsonl")
        elsewhere = fetched.evidence_of(plan.sha)
        if interface is None:
            raise InputError(
                f"model {plan.model}@{plan.sha.short} has no interface.json", hint="publish it with that file"
            )
        rows = golden_rows(golden) if golden else ()
        promised = Interface.read(interface)
        chosen_rows = chosen(rows, plan.sha, plan.integration.rows)
        live = _live_interface(run, plan, fetched)
        found = run.read(InterfaceReport).witnesses
        return cls(
            plan=plan,
            run=run,
            containers=containers,
            progress=progress,
            interface=promised,
            alike=Alike(plan.integration.tolerance, plan.integration.absolute, promised.whole),
            golden=rows,
            rows=chosen_rows,
            evaluations=verified("evaluations.jsonl")
            or (run.verified(elsewhere.folder, elsewhere.file) if elsewhere else None),
            witnesses=tuple((name, witnesses.read(run, name)) for name in found),
            generated=generated(live, interface, chosen_rows, plan.sha.hex),
        )

    def raw(self, reference: str) -> Raw:
        """Ask the raw model, in the image and before there is a server that it would share memory with."""
        if not self.rows:
            return Raw()
        settings = self.plan.integration
        self.progress.say(f"asking the raw model {len(self.rows)} rows, one by one and all at once")
        seconds = settings.ready_seconds + settings.replay_seconds
        memory = settings.memory_mb
        return raw_answers(self.containers, reference, self.rows, memory_mb=memory, seconds=seconds)

    def live_outcomes(self) -> Mapping[str, Outcome]:
        """Send the witnesses that can be sent to the image that is live now, if there are any."""
        return self._asked_live(
            {name: body_of(each.value) for name, each in self.witnesses if witnesses.can_be_sent(each)}
        )

    def _asked_live(self, bodies: Mapping[str, bytes]) -> Mapping[str, Outcome]:
        live = self.plan.baseline
        if not bodies or live is None:
            return {}
        self.progress.say(f"sending {len(bodies)} requests to {live.release}, which is live")
        return asked_live(self.containers, live, bodies, self.plan.integration)

    def looked_at(
        self, container: Container, service: Service, raw: Raw, lives: Mapping[str, Outcome]
    ) -> list[Finding]:
        """Look at everything, once it is ready; only the raw model answers without it."""
        settings = self.plan.integration
        first = readiness(container, service, settings, self.progress)
        alone = raw_is_golden(raw, self.alike, settings)
        if first.verdict is not Verdict.PASSED:
            return [first, *alone]
        return [
            first,
            identity(service.page("/info"), self.plan.sha),
            *isolated(container),
            *alone,
            *self._replayed(container, service, Blame(raw, self.alike)),
            *self._witnessed(service, lives),
            *self._generated(container, service),
            *self._spoilt(service),
            still_ready(container, service),
        ]

    def keep_log(self, container: Container) -> str:
        """Add to the kept log what is new in the container's, of which only the end can be read."""
        path = self.run.root / LOG
        kept = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        known = set(kept)
        lines = kept + [line for line in container.logs().splitlines() if line not in known]
        log = "".join(f"{line}\n" for line in lines)
        self.run.write_bytes(LOG, log.encode())
        return log

    def _replayed(self, container: Container, service: Service, blame: Blame) -> Iterator[Finding]:
        settings = self.plan.integration
        before = service.page("/metrics")
        self.progress.say(f"replaying {len(self.rows)} rows, one by one and as a list")
        single = one_by_one(service, self.rows, self.progress)
        listed = as_lists(service, self.rows)
        # Now: what the spoilt requests leave in the log would push this out.
        failed = any(map(has_failed, (single, listed)))
        exception = last_exception(self.keep_log(container)) if failed else ""
        yield answers.enough(self.golden, settings)
        yield answers.as_golden(single, "one by one", settings, blame, exception=exception)
        yield answers.as_golden(listed, "as a list", settings, blame, exception=exception)
        known = predictions(self.evaluations, {r.id for r in self.rows}) if self.evaluations else {}
        yield answers.as_evaluated(single, known, self.interface.prediction, self.alike)
        yield answers.as_promised([*single, *listed], self.interface)
        yield counting(before, lambda: service.page("/metrics"), service.sent)

    def _witnessed(self, service: Service, lives: Mapping[str, Outcome]) -> Iterator[Finding]:
        for name, witness in self.witnesses:
            if witnesses.can_be_sent(witness):
                live = lives.get(name, NoAnswer("nothing is live", status=0))
                yield witnesses.proven(self.run, name, witness, live, service, self.interface)

    def _generated(self, container: Container, service: Service) -> Iterator[Finding]:
        found = self.generated
        found.keep(self.run)
        self.progress.say(f"sending {len(found.requests)} requests made from the input schema")
        broken = list(broken_by(service, found.requests, self.interface))
        lives = self._asked_live({each.line: each.body for each in broken}) if found.of_live else {}
        failed = any(isinstance(each.candidate, NoAnswer) and each.candidate.failed for each in broken)
        exception = last_exception(self.keep_log(container)) if failed else ""
        yield from judged(self.run, found, broken, lives, exception)

    def _spoilt(self, service: Service) -> Iterator[Finding]:
        self.progress.say("sending requests that must be refused")
        sound = self.rows[0].body if self.rows else b"{}"
        yield refusals([(bad, service.predict(bad.body)) for bad in bad_requests(sound, self.interface)])

    def not_checked(self, findings: list[Finding]) -> tuple[str, ...]:
        """Return what was left out, and why."""
        if not any(finding.check == "integration-test.identity" for finding in findings):
            return ("everything but its health and the raw model: it was never ready",)
        if not self.witnesses:
            return ("witnesses: check-interface found no break, so there is none to send",)
        return tuple(
            f"{name}: no request of today's callers, so it is not sent"
            for name, witness in self.witnesses
            if not witnesses.can_be_sent(witness)
        )


def _live_interface(run: RunDir, plan: Plan, fetched: FetchedModel) -> Path | None:
    """Return the interface.json that today's callers go by; none where a policy lets them be left behind."""
    if fetched.baseline_folder is None or plan.interface.policy == "forward":
        return None
    file = next((file for file in fetched.baseline_files if file.path == "interface.json"), None)
    return run.verified(fetched.baseline_folder, file) if file else None
