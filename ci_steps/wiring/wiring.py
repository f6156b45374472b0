"""What each step is made of, for one call."""

import os
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import field

from ci_steps import __version__, kit
from ci_steps.documents import Plan
from ci_steps.errors import InputError
from ci_steps.model.guess import did_you_mean
from ci_steps.model.value import Value
from ci_steps.pipeline import Runner, Step, Watcher
from ci_steps.rundir import RunDir
from ci_steps.wiring.outside import Outside
from ci_steps.wiring.sources import Late
from ci_steps.wiring.table import Kinds, kind

# What not every command makes is imported where it is made.
if TYPE_CHECKING:
    from ci_steps.adapters.blob_ledger import BlobLedger
    from ci_steps.adapters.kit_store import KitStore
    from ci_steps.adapters.model_folder import ModelFolder
    from ci_steps.adapters.release_yaml import ReleaseYaml
    from ci_steps.adapters.sourcing import SourcedModels
    from ci_steps.archive import Archives
    from ci_steps.model.manifest import Manifest
    from ci_steps.model.settings import Settings
    from ci_steps.ports import Progress
    from ci_steps.steps.load_test.remote.worker import LoadWorker
    from ci_steps.trace.checkout import Checkout
    from ci_steps.trace.tracer import Tracer


class Wiring(Value, frozen=True, dict=True):
    """Everything of one call: where it works, what it was asked, and what its steps are made of."""

    run: RunDir
    config: Path
    progress: "Progress"
    model: str = ""
    environment: str = ""
    dry_run: bool = False
    promote: Path | None = None
    reason: str = ""
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def runner(self, watcher: Watcher) -> Runner:
        return Runner(
            run=self.run, kinds=Kinds(), make=self.step, watcher=watcher, by=self.who, version=__version__
        )

    def step(self, name: str) -> Step:
        """Return a step with its tools; those of later steps come from the plan, never from arguments."""
        makers: dict[str, Callable[[], Step]] = {
            "plan": self._plan,
            "unit-tests": self._unit_tests,
            "fetch-model": self._fetch_model,
            "build-image": self._build_image,
            "push-image": self._push_image,
            "integration-test": self._integration_test,
            "load-test": self._load_test,
            "rollout": self._rollout,
            "rollback": self._rollback,
        }
        return makers[name]() if name in makers else kind(name)()

    @property
    def release_yaml(self) -> "ReleaseYaml":
        from ci_steps.adapters.release_yaml import ReleaseYaml

        return ReleaseYaml(self.config)

    @cached_property
    def settings(self) -> "Settings":
        return self.release_yaml.settings()

    @property
    def who(self) -> str:
        return self._outside.who

    def store(self) -> "KitStore":
        """Return the model store that release.yaml names."""
        return self._outside.store(self.config.parent, self.settings.store)

    def ledger(self, service: str, environment: str) -> "BlobLedger":
        """Return one chain of the ledger beside the store that release.yaml names."""
        return self._outside.ledger(self.config.parent, self.settings.store, service, environment)

    def sourced(self) -> "SourcedModels":
        """Return the models of other systems, kept in that store."""
        return self._outside.sourced(self.config.parent, self.settings.store)

    def model_folder(self, folder: Path, *, checkout: Path) -> "ModelFolder":
        def module(text: str) -> "Manifest":
            return self.sourced().named(text)

        return self._outside.model_folder(folder, checkout=checkout, config=self.config, module=module)

    def checkout(self, folder: Path) -> "Checkout":
        """Return what git knows in a checkout."""
        from ci_steps.trace.checkout import Checkout

        return Checkout(folder, self._outside.programs())

    def tracer(self) -> "Tracer":
        from ci_steps.trace.tracer import Tracer

        service = self.settings.service
        return Tracer(
            service=service,
            environments=tuple(self.settings.environments),
            inspector=self._outside.inspector(),
            ledger=partial(self.ledger, service),
            store=self.store(),
        )

    def archives(self) -> "Archives":
        from ci_steps.archive import Archives

        settings, store = self.settings, self.store()
        return Archives(
            store=store,
            blobs=store.blobs,
            place=store.place,
            files=self._outside.files,
            environments=tuple(settings.environments),
            ledger=partial(self.ledger, settings.service),
            registry=self._outside.registry(settings.plain_http),
            progress=self.progress,
        )

    def _plan(self) -> Step:
        from ci_steps.steps.plan import MakePlan

        self.run.root.mkdir(parents=True, exist_ok=True)
        return MakePlan(
            settings=self.settings,
            model=self.model,
            environment=self.environment,
            dry_run=self.dry_run,
            project=os.path.relpath(self.config.resolve().parent, self.run.root.resolve()),
            config=self.config.name,
            store=self.store(),
            sources=Late(self.sourced),
            ledger=partial(self.ledger, self.settings.service),
            promoted=RunDir(self.promote) if self.promote else None,
        )

    def _unit_tests(self) -> Step:
        from ci_steps.steps.unit_tests import UnitTests

        return UnitTests(
            project=self._project,
            store=self._outside.store(self._project, self._planned.store),
            environments=self._outside.environments(),
            programs=self._outside.programs(),
            pytest_lock=kit.pytest_lock().read_bytes(),
            progress=self.progress,
        )

    def _fetch_model(self) -> Step:
        from ci_steps.steps.fetch_model import FetchModel

        return FetchModel(
            store=self._outside.store(self._project, self._planned.store), project=self._project
        )

    def _build_image(self) -> Step:
        from ci_steps.steps.build_image import BuildImage

        return BuildImage(
            registry=self._outside.registry(self._planned.plain_http),
            environments=self._outside.environments(),
            serving=kit.serving(),
            cache=self._outside.cache,
            version=__version__,
            progress=self.progress,
        )

    def _push_image(self) -> Step:
        from ci_steps.steps.push_image import PushImage

        return PushImage(
            registry=self._outside.registry(self._planned.plain_http),
            cache=self._outside.cache,
            progress=self.progress,
        )

    def _integration_test(self) -> Step:
        from ci_steps.steps.integration_test import IntegrationTest

        return IntegrationTest(containers=self._outside.containers(self._planned.run), progress=self.progress)

    def _load_test(self) -> Step:
        from ci_steps.steps.load_test import LoadTest

        return LoadTest(
            containers=self._outside.containers(self._planned.run),
            programs=self._outside.programs(),
            progress=self.progress,
            secret=self._outside.load_secret,
        )

    def load_worker(self, conductor: str, wait_seconds: float) -> "LoadWorker":
        """Return a process that sends requests for a load test on another machine."""
        from ci_steps.steps.load_test.remote.keys import checked
        from ci_steps.steps.load_test.remote.worker import LoadWorker

        return LoadWorker(
            conductor=conductor,
            secret=checked(self._outside.load_secret),
            programs=self._outside.programs(),
            say=self.progress.say,
            wait_seconds=wait_seconds,
        )

    def _rollout(self) -> Step:
        from ci_steps.steps.rollout import RollOut

        plan = self._planned
        return RollOut(
            target=self._outside.target(plan.service, plan.environment, plan.target, plan.run),
            ledger=self._outside.ledger(self._project, plan.store, plan.service, plan.environment),
            progress=self.progress,
            clock=_now,
            promoted=self._outside.ledger(self._project, plan.store, plan.service, plan.promoted.environment)
            if plan.promoted
            else None,
            # Who asked: in a CI it may be another process that carries it out, started by nobody in person.
            who=lambda: plan.made.by if plan.made else self.who,
            today=lambda: _now().date(),
        )

    def _rollback(self) -> Step:
        from ci_steps.steps.rollout import RollBack

        known = self.settings.environments
        environment = self.environment or (next(iter(known)) if len(known) == 1 else "")
        if environment not in known:
            asked = f"{environment!r} is not an environment" if environment else "no environment is named"
            guess = did_you_mean(environment, known)
            raise InputError(asked, hint=f"{guess} give --environment one of: {', '.join(known)}".strip())
        run_id = secrets.token_hex(8)
        return RollBack(
            service=self.settings.service,
            environment=environment,
            run_id=run_id,
            reason=self.reason,
            target=self._outside.target(self.settings.service, environment, known[environment], run_id),
            ledger=self.ledger(self.settings.service, environment),
            progress=self.progress,
            clock=_now,
            who=lambda: self.who,
        )

    @cached_property
    def _outside(self) -> Outside:
        return Outside(self.progress, self.variables)

    @cached_property
    def _planned(self) -> Plan:
        return self.run.read(Plan)

    @property
    def _project(self) -> Path:
        return (self.run.root / self._planned.project).resolve()


def _now() -> datetime:
    return datetime.now(UTC)
