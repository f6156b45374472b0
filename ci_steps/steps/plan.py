import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import msgspec

from ci_steps.documents import DOCUMENTS, Baseline, Document, Plan, Promoted, Rollout
from ci_steps.errors import InputError
from ci_steps.model.ledger import Ending, History
from ci_steps.model.metrics import refuse_bad_rules
from ci_steps.model.refs import ModelRef
from ci_steps.model.release import Release
from ci_steps.model.settings import Settings
from ci_steps.model.wire import plain
from ci_steps.pipeline import Step
from ci_steps.ports import Ledger, ModelStore
from ci_steps.rundir import RunDir


@dataclass(frozen=True, slots=True)
class MakePlan(Step):
    """Decide everything before anything is done: which model, where to, beside which live release.

    It reads `release.yaml`, the arguments, the model's manifest and the ledger, once; later steps read only
    plan.json. With `--promote` the model is the one that another run put live, and no other; what goes live
    must be the same image. `--model @FILE` takes the model that the first line of FILE names.

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
    ledger: Callable[[str], Ledger]
    promoted: RunDir | None = None
    """The run whose release is carried on to another environment; it names the model."""

    def run(self, run: RunDir) -> Plan:
        environment = self._environment()
        refuse_bad_rules(self.settings.metrics)
        carried = self._carried(environment)
        manifest = self.store.manifest(
            ModelRef.exact(carried.model, carried.sha) if carried else self._ref(run)
        )
        history = self.ledger(environment).history()
        live = history.live
        plan = Plan(
            run=secrets.token_hex(8),
            project=self.project,
            config=self.config,
            service=self.settings.service,
            environment=environment,
            dry_run=self.dry_run,
            model=manifest.name,
            sha=manifest.sha,
            manifest=manifest,
            baseline=Baseline(release=live.id, model=live.model, sha=live.sha, image=live.image)
            if live
            else None,
            promoted=self._named(carried),
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
            waivers=self.settings.waivers,
        )
        earlier = _readable_plan(run)
        if earlier and _continues(earlier, plan, history):
            return msgspec.structs.replace(earlier, made=None, seal=None)
        if earlier and _whose(earlier) != _whose(plan):
            run.drop(*(kind for kind in DOCUMENTS if kind is not Plan))
        run.drop(Rollout)
        return plan

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
            raise InputError(asked, hint=f"give --environment one of: {', '.join(known)}")
        return self.environment

    def _carried(self, environment: str) -> Release | None:
        """Return the release that the other run put live, as its ledger still tells it."""
        if self.promoted is None:
            return None
        other, done = self.promoted.read(Plan), self.promoted.read(Rollout)
        where, hint = self.promoted.root, "release there first, or name the model with --model"
        if self.model:
            raise InputError("--promote names the model, and --model another", hint="give one of them")
        if (other.service, other.environment) == (self.settings.service, environment):
            raise InputError(
                f"{where} is a release to {environment} itself", hint="give another --environment"
            )
        if other.service != self.settings.service:
            raise InputError(f"{where} is a release of {other.service}, not of {self.settings.service}")
        if done.release is None or done.result not in {"live", "already-live", "dry-run"}:
            raise InputError(f"{where} ended {done.result}: nothing went live there", hint=hint)
        if done.result == "dry-run":
            if not self.dry_run:
                raise InputError(f"{where} was a dry run: nothing went live there", hint=hint)
            return done.release
        if not self.ledger(other.environment).history().stands(done.release):
            raise InputError(
                f"{done.release.id} of {where} is not in the ledger, or was rolled back from", hint=hint
            )
        return done.release

    def _named(self, carried: Release | None) -> Promoted | None:
        if carried is None or self.promoted is None:
            return None
        where = self.promoted.read(Plan).environment
        return Promoted(environment=where, release=carried.id, image=carried.image)

    def _ref(self, run: RunDir) -> ModelRef:
        text = self.model or self.settings.model
        if not text:
            raise InputError("no model is named", hint="give --model, or `model:` in release.yaml")
        if text.startswith("@"):
            text = _pointed((run.root / self.project).resolve() / text[1:])
        if _is_sha(text) and self.settings.model:
            text = f"{ModelRef.parse(self.settings.model).name}@{text}"
        return ModelRef.parse(text)


def _pointed(path: Path) -> str:
    """Return the model that a pointer file names in its first line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n", 1)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InputError(
            f"the model's pointer {path} cannot be read: {why}",
            hint="name a file beside release.yaml whose first line is a model, as tweets@9f2c41d",
        ) from error
    if not lines[0].strip():
        raise InputError(f"the first line of {path} is empty", hint="write a model there, as tweets@9f2c41d")
    return lines[0].strip()


def _is_sha(text: str) -> bool:
    """Return whether ``text`` is a SHA without a name, as a Jenkins parameter may be."""
    return 7 <= len(text) <= 64 and all(c in "0123456789abcdef" for c in text)


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
