"""Which adapter stands behind each port; only here is the environment read."""

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ci_steps.adapters.blob_ledger import BlobLedger
from ci_steps.adapters.docker_inspector import DockerInspector
from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.model_folder import ModelFolder
from ci_steps.errors import InputError
from ci_steps.model.settings import EnvironmentSettings
from ci_steps.ports import Containers, Environments, Inspector, Programs, Progress, Registry, Target


@dataclass(frozen=True, slots=True)
class Outside:
    """The adapters of one call, each made when it is asked for."""

    progress: Progress
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
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

    def store(self, project: Path, place: str) -> KitStore:
        """Return the model store at ``place``, as release.yaml in ``project`` names it."""
        return KitStore(_blobs(project, place), place, self.progress)

    def ledger(self, project: Path, place: str, service: str, environment: str) -> BlobLedger:
        """Return one chain of the ledger beside the store."""
        lock = (project / place).resolve() / "ledger" / service / f"{environment}.lock"
        return BlobLedger(_blobs(project, place), service, environment, lock)

    def model_folder(self, folder: Path, *, checkout: Path) -> ModelFolder:
        return ModelFolder(folder, checkout, self.programs())

    def inspector(self) -> Inspector:
        return DockerInspector()

    def programs(self) -> Programs:
        from ci_steps.adapters.programs import ChildPrograms

        return ChildPrograms(self.variables)

    def environments(self) -> Environments:
        from ci_steps.adapters.uv_environments import UvEnvironments

        return UvEnvironments(self.programs(), self.cache, self.variables, self.progress)

    def registry(self, plain_http: tuple[str, ...]) -> Registry:
        from ci_steps.adapters.http_registry import DockerLogins, HttpRegistry

        folder = Path(self.variables.get("DOCKER_CONFIG") or Path.home() / ".docker")
        return HttpRegistry(DockerLogins(self.programs(), folder, self.variables), plain_http)

    def containers(self, run: str) -> Containers:
        from ci_steps.adapters.testcontainers_engine import TestcontainersEngine

        return TestcontainersEngine(run, self.state, self.variables)

    def target(self, service: str, environment: str, settings: EnvironmentSettings, run: str) -> Target:
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


def _blobs(project: Path, place: str) -> FolderBlobs:
    if "://" in place:
        scheme = place.partition("://")[0]
        raise InputError(f"a store on {scheme} is not known", hint="name a folder in `store:`")
    return FolderBlobs((project / place).resolve())
