import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar

import msgspec

from ci_steps.documents import DOCUMENTS, Baseline, Document, Plan, Rollout
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.guess import did_you_mean
from ci_steps.model.ledger import Ending, History
from ci_steps.model.metrics import refuse_bad_rules
from ci_steps.model.release import Release
from ci_steps.model.settings import Settings
from ci_steps.model.wire import plain
from ci_steps.pipeline import Step
from ci_steps.ports import Ledger, ModelStore, Sources
from ci_steps.rundir import RunDir
from ci_steps.steps.plan.others import evidence, references
from ci_steps.steps.plan.promotion import Carried
from ci_steps.steps.plan.reference import asked_for, pointer_in, refuse_taken_back
from ci_steps.steps.plan.waivers import refuse_long_waivers


@dataclass(frozen=True, slots=True)
class MakePlan(Step):
    """Decide everything before anything is done: which model, where to, beside which live release.

    It reads `release.yaml`, the arguments, the model's manifest and the ledger, once; later steps read only
    plan.json. Models that metric rules compare with are there by their whole SHA, and evaluations that lie
    beside release.yaml by their digest. With `--promote` the model is the one that another run put live, and
    no other; what goes live must be the same image. `--model @NAME.model` takes the model that the first line
    of that file names. A model that lives elsewhere (`s3:`, `mlflow:`, …) is resolved and brought once; from
    then on its SHA counts.

    A plan that says the same as the one in the run directory goes on with that run; another one
    starts a fresh run.
    """

    name: ClassVar[str] = "plan"
    makes: ClassVar[type[Document]] = Plan
    settles: ClassVar[bool] = True

    settings: Settings
    model: str
    environment: str
    dry_run: bool
    project: str
    config: str
    store: ModelStore
    sources: Sources
    ledger: Callable[[str], Ledger]
    today: Callable[[], date] = lambda: datetime.now(UTC).date()
    promoted: RunDir | None = None
    """The run whose release is carried on to another environment; it names the model."""

    def run(self, run: RunDir) -> Plan:
        environment = self._environment()
        refuse_bad_rules(self.settings.metrics)
        refuse_long_waivers(self.settings.waivers, self.today())
        carried = self._carried(environment, run)
        project = (run.root / self.project).resolve()
        ref = carried.ref if carried else asked_for(self.model, self.settings.model, project)
        manifest = self.sources.manifest(ref) if isinstance(ref, Address) else self.store.manifest(ref)
        history = self.ledger(environment).history()
        if ref.pin is None if isinstance(ref, Address) else ref.tag:
            refuse_taken_back(ref, manifest, history)
        live = history.live
        plan = Plan(
            run=secrets.token_hex(8),
            project=self.project,
            config=self.config,
            pointer="" if carried else pointer_in(self.model, self.settings.model),
            service=self.settings.service,
            environment=environment,
            dry_run=self.dry_run,
            model=manifest.name,
            sha=manifest.sha,
            manifest=manifest,
            asked=ref.unpinned if isinstance(ref, Address) else "",
            baseline=_baseline(live) if live else None,
            promoted=carried.promoted if carried else None,
            references=references(self.settings.metrics, self.store.manifest),
            evidence=evidence(self.settings.evidence, self.store.manifest, project),
            ledger_length=len(history.entries),
            ledger_head=history.head,
            store=self.settings.store,
            registry=self.settings.registry,
            plain_http=self.settings.plain_http,
            image=self.settings.image,
            unit_tests=self.settings.unit_tests,
            scan=self.settings.scan,
            metrics=self.settings.metrics,
            interface=self.settings.interface,
            integration=self.settings.integration,
            load=self.settings.load,
            target=self.settings.environments[environment],
            waivers=tuple(w for w in self.settings.waivers if w.is_for(environment)),
        )
        earlier = _readable_plan(run)
        if earlier and _continues(earlier, plan, history):
            return msgspec.structs.replace(earlier, made=None, seal=None)
        if earlier and _whose(earlier) != _whose(plan):
            run.drop(*(kind for kind in DOCUMENTS if kind is not Plan))
        run.drop(Rollout)
        return plan

    def _carried(self, environment: str, run: RunDir) -> Carried | None:
        if self.promoted is None:
            return None
        if self.model:
            raise InputError("--promote names the model, and --model another", hint="give one of them")
        if self.promoted.root.resolve() == run.root.resolve():
            raise InputError(f"--promote and --run-dir are both {run.root}", hint="give another --run-dir")
        carried = Carried.of(self.promoted, dry_run=self.dry_run)
        carried.refuse_elsewhere(self.settings.service, environment)
        carried.refuse_gone(self.ledger)
        return carried

    def _environment(self) -> str:
        known = self.settings.environments
        if not self.environment and len(known) == 1:
            return next(iter(known))
        if self.environment not in known:
            asked = (
                f"{self.environment!r} is not an environment"
                if self.environment
                else "no environment is named"
            )
            guess = did_you_mean(self.environment, known)
            raise InputError(asked, hint=f"{guess} give --environment one of: {', '.join(known)}".strip())
        return self.environment


def _baseline(live: Release) -> Baseline:
    return Baseline(
        release=live.id, model=live.model, sha=live.sha, repository=live.repository, image=live.image
    )


def _whose(plan: Plan) -> tuple[object, ...]:
    return plan.service, plan.environment, plan.sha


def _readable_plan(run: RunDir) -> Plan | None:
    """Return the plan of an earlier try; one that nobody can read is none."""
    try:
        return run.read(Plan)
    except InputError:
        return None


def _continues(earlier: Plan, new: Plan, history: History) -> bool:
    """Whether ``new`` is what ``earlier`` was, whose run moved nothing or is the last that did."""
    outside = {"run", "baseline", "ledger_length", "ledger_head", "made", "made_from", "seal"}
    old, now = plain(earlier), plain(new)
    if any(old[key] != now[key] for key in now.keys() - outside):
        return False
    if earlier.ledger_head == new.ledger_head:
        return True
    last = history.entries[-1] if history.entries else None
    return last is not None and last.run == earlier.run and last.ending in (None, Ending.LIVE)
