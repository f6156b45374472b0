"""Which step comes when, and which adapter stands behind each port; only here is the environment read."""

import getpass
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path

from ci_steps import __version__, kit
from ci_steps.adapters.blob_ledger import BlobLedger
from ci_steps.adapters.docker_inspector import DockerInspector
from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.model_folder import ModelFolder
from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.documents import Plan
from ci_steps.errors import InputError
from ci_steps.model.settings import EnvironmentSettings, Settings
from ci_steps.pipeline import Runner, Step, Watcher
from ci_steps.ports import Containers, Environments, Programs, Progress, Registry, Target
from ci_steps.rundir import RunDir
from ci_steps.trace.tracer import Tracer

STEPS: Mapping[str, str] = {
    "plan": "ci_steps.steps.plan:MakePlan",
    "unit-tests": "ci_steps.steps.unit_tests:UnitTests",
    "fetch-model": "ci_steps.steps.fetch_model:FetchModel",
    "scan-model": "ci_steps.steps.scan_model:ScanModel",
    "check-metrics": "ci_steps.steps.check_metrics:CheckMetrics",
    "check-interface": "ci_steps.steps.check_interface:CheckInterface",
    "build-image": "ci_steps.steps.build_image:BuildImage",
    "push-image": "ci_steps.steps.push_image:PushImage",
    "integration-test": "ci_steps.steps.integration_test:IntegrationTest",
    "load-test": "ci_steps.steps.load_test:LoadTest",
    "rollout": "ci_steps.steps.rollout:RollOut",
    "rollback": "ci_steps.steps.rollout:RollBack",
}
"""Every step, in the order of a release; `rollback` is the way back and stands by itself."""

RELEASE = tuple(name for name in STEPS if name != "rollback")
GATES = ("scan-model", "check-metrics", "check-interface")


def kind(name: str) -> type[Step]:
    """Return the class of a step; importing it is put off until somebody asks."""
    module, _, attribute = STEPS[name].partition(":")
    found: type[Step] = getattr(import_module(module), attribute)
    return found


class _Kinds(Mapping[str, type[Step]]):
    """The classes of all steps, each imported when it is looked at."""

    def __getitem__(self, name: str) -> type[Step]:
        return kind(name)

    def __iter__(self) -> Iterator[str]:
        return iter(STEPS)

    def __len__(self) -> int:
        return len(STEPS)


@dataclass(frozen=True)
class Wiring:
    """Everything of one call: where it works, what it was asked, and its adapters, made when needed."""

    run: RunDir
    config: Path
    progress: Progress
    model: str = ""
    environment: str = ""
    dry_run: bool = False
    reason: str = ""
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def runner(self, watcher: Watcher) -> Runner:
        return Runner(
            run=self.run, kinds=_Kinds(), make=self.step, watcher=watcher, by=self.who, version=__version__
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

    # What was asked, and where it is written down

    @cached_property
    def settings(self) -> Settings:
        return ReleaseYaml(self.config).settings()

    @cached_property
    def who(self) -> str:
        """Who releases: the person a CI names, else the account on this machine."""
        for name in ("CI_STEPS_BY", "BUILD_USER_ID", "GO_TRIGGER_USER"):
            if self.variables.get(name):
                return self.variables[name]
        return f"{getpass.getuser()}@{socket.gethostname()}"

    @property
    def cache(self) -> Path:
        """Where layers and environments are kept: made once, found again, safe to delete."""
        base = self.variables.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(self.variables.get("CI_STEPS_CACHE") or Path(base) / "ci-steps")

    @property
    def state(self) -> Path:
        """Where this machine's part of a service lies, as the proxy's configuration: not to be deleted."""
        base = self.variables.get("XDG_STATE_HOME") or Path.home() / ".local/state"
        return Path(self.variables.get("CI_STEPS_STATE") or Path(base) / "ci-steps")

    def store(self) -> KitStore:
        """Return the model store that release.yaml names."""
        return self._store(self.config.parent, self.settings.store)

    def ledger(self, service: str, environment: str) -> BlobLedger:
        """Return one chain of the ledger beside the store that release.yaml names."""
        return self._ledger(self.config.parent, self.settings.store, service, environment)

    def model_folder(self, folder: Path, *, checkout: Path) -> ModelFolder:
        return ModelFolder(folder, checkout, self._programs())

    def tracer(self) -> Tracer:
        service = self.settings.service
        return Tracer(
            service=service,
            environments=tuple(self.settings.environments),
            inspector=DockerInspector(),
            ledger=partial(self.ledger, service),
            store=self.store(),
        )

    # The steps

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
            ledger=partial(self.ledger, self.settings.service),
        )

    def _unit_tests(self) -> Step:
        from ci_steps.steps.unit_tests import UnitTests

        return UnitTests(
            project=self._project,
            store=self._planned_store(),
            environments=self._environments(),
            programs=self._programs(),
            pytest_lock=kit.pytest_lock().read_bytes(),
            progress=self.progress,
        )

    def _fetch_model(self) -> Step:
        from ci_steps.steps.fetch_model import FetchModel

        return FetchModel(store=self._planned_store())

    def _build_image(self) -> Step:
        from ci_steps.steps.build_image import BuildImage

        return BuildImage(
            registry=self._registry(),
            environments=self._environments(),
            serving=kit.serving(),
            cache=self.cache,
            version=__version__,
            progress=self.progress,
        )

    def _push_image(self) -> Step:
        from ci_steps.steps.push_image import PushImage

        return PushImage(registry=self._registry(), cache=self.cache, progress=self.progress)

    def _integration_test(self) -> Step:
        from ci_steps.steps.integration_test import IntegrationTest

        return IntegrationTest(containers=self._containers(), progress=self.progress)

    def _load_test(self) -> Step:
        from ci_steps.steps.load_test import LoadTest

        return LoadTest(containers=self._containers(), programs=self._programs(), progress=self.progress)

    def _rollout(self) -> Step:
        from ci_steps.steps.rollout import RollOut

        plan = self._planned
        return RollOut(
            target=self._target(plan.service, plan.environment, plan.target, plan.run),
            ledger=self._ledger(self._project, plan.store, plan.service, plan.environment),
            progress=self.progress,
            clock=_now,
            who=lambda: self.who,
            today=lambda: _now().date(),
        )

    def _rollback(self) -> Step:
        from ci_steps.steps.rollout import RollBack

        known = self.settings.environments
        environment = self.environment or (next(iter(known)) if len(known) == 1 else "")
        if environment not in known:
            asked = f"{environment!r} is not an environment" if environment else "no environment is named"
            raise InputError(asked, hint=f"give --environment one of: {', '.join(known)}")
        run_id = secrets.token_hex(8)
        return RollBack(
            service=self.settings.service,
            environment=environment,
            run_id=run_id,
            reason=self.reason,
            target=self._target(self.settings.service, environment, known[environment], run_id),
            ledger=self.ledger(self.settings.service, environment),
            progress=self.progress,
            clock=_now,
            who=lambda: self.who,
        )

    # The adapters

    @cached_property
    def _planned(self) -> Plan:
        return self.run.read(Plan)

    @property
    def _project(self) -> Path:
        return (self.run.root / self._planned.project).resolve()

    def _planned_store(self) -> KitStore:
        return self._store(self._project, self._planned.store)

    def _store(self, project: Path, place: str) -> KitStore:
        return KitStore(self._blobs(project, place), place, self.progress)

    def _blobs(self, project: Path, place: str) -> FolderBlobs:
        if "://" in place:
            scheme = place.partition("://")[0]
            raise InputError(f"a store on {scheme} is not known", hint="name a folder in `store:`")
        return FolderBlobs((project / place).resolve())

    def _ledger(self, project: Path, place: str, service: str, environment: str) -> BlobLedger:
        lock = (project / place).resolve() / "ledger" / service / f"{environment}.lock"
        return BlobLedger(self._blobs(project, place), service, environment, lock)

    def _programs(self) -> Programs:
        from ci_steps.adapters.programs import ChildPrograms

        return ChildPrograms(self.variables)

    def _environments(self) -> Environments:
        from ci_steps.adapters.uv_environments import UvEnvironments

        return UvEnvironments(self._programs(), self.cache, self.variables, self.progress)

    def _registry(self) -> Registry:
        from ci_steps.adapters.http_registry import DockerLogins, HttpRegistry

        folder = Path(self.variables.get("DOCKER_CONFIG") or Path.home() / ".docker")
        logins = DockerLogins(self._programs(), folder, self.variables)
        return HttpRegistry(logins, self._planned.plain_http)

    def _containers(self) -> Containers:
        from ci_steps.adapters.testcontainers_engine import TestcontainersEngine

        return TestcontainersEngine(self._planned.run, self.state, self.variables)

    def _target(self, service: str, environment: str, settings: EnvironmentSettings, run: str) -> Target:
        from ci_steps.adapters.docker_target import DockerTarget

        return DockerTarget(
            service=service,
            environment=environment,
            settings=settings,
            state=self.state / "services" / service / environment,
            proxy_image=self.variables.get("CI_STEPS_HAPROXY_IMAGE") or "haproxy:2.6-bookworm",
            run=run,
            progress=self.progress,
        )


def _now() -> datetime:
    return datetime.now(UTC)
