"""Which adapter stands behind each port; only here is the environment read."""

import getpass
import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import field

from ci_steps.model.value import Value

# An adapter is imported where it is made: most commands make one or none, and each takes its time to import.
if TYPE_CHECKING:
    from ci_steps.adapters.blob_ledger import BlobLedger
    from ci_steps.adapters.kit_store import KitStore
    from ci_steps.adapters.model_folder import ModelFolder
    from ci_steps.adapters.s3_blobs import S3Blobs
    from ci_steps.adapters.sourcing import SourcedModels
    from ci_steps.adapters.transfer import ContentCache, Transfer
    from ci_steps.model.manifest import Manifest
    from ci_steps.model.settings import EnvironmentSettings
    from ci_steps.ports import (
        Blobs,
        Containers,
        Environments,
        Inspector,
        Programs,
        Progress,
        Registry,
        Source,
        StoreBlobs,
        Target,
    )


class Outside(Value, frozen=True):
    """The adapters of one call, each made when it is asked for."""

    progress: "Progress"
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def who(self) -> str:
        """Who releases: the person a CI names, else the account on this machine."""
        for name in ("CI_STEPS_BY", "BUILD_USER_ID", "GO_TRIGGER_USER"):
            if self.variables.get(name):
                return self.variables[name]
        return f"{getpass.getuser()}@{os.uname().nodename}"

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

    def store(self, project: Path, place: str) -> "KitStore":
        """Return the model store at ``place``, as release.yaml in ``project`` names it."""
        from ci_steps.adapters.kit_store import Beyond, KitStore

        beyond = Beyond(cache(self.transfers), partial(self.source, project))
        return KitStore(self._blobs(project, place), place, self.progress, beyond)

    def transfers(self) -> "Transfer":
        """Return the way of other systems' bytes into the cache of this machine."""
        from ci_steps.adapters.transfer import Limits, Transfer

        contents = _contents(self.cache / "models", self.variables.get("CI_STEPS_CACHE_GB", ""))
        return Transfer(contents, self.progress, Limits.of(self.variables), self.variables)

    def source(self, project: Path, scheme: str) -> "Source":
        """Return the source that stands behind the scheme of an address."""
        from ci_steps.wiring.sources import source

        return source(scheme, project, self.variables, self.programs(), self.cache)

    def sourced(self, project: Path, place: str) -> "SourcedModels":
        """Return the models of other systems, kept in the store at ``place``."""
        from ci_steps.adapters.sourcing import SourcedModels
        from ci_steps.wiring.sources import shapes

        return SourcedModels(
            store=self.store(project, place),
            source=partial(self.source, project),
            shapes=shapes(self.programs(), self.variables),
            transfers=self.transfers(),
            scratch=self.cache / "models" / "scratch",
            programs=self.programs(),
            progress=self.progress,
        )

    def files(self, folder: Path) -> "Blobs":
        """Return a folder whose files are named bytes."""
        from ci_steps.adapters.folder_blobs import FolderBlobs

        return FolderBlobs(folder)

    def ledger(self, project: Path, place: str, service: str, environment: str) -> "BlobLedger":
        """Return one chain of the ledger beside the store."""
        from ci_steps.adapters.blob_ledger import BlobLedger

        if _remote(place):
            from ci_steps.adapters.lease import Lease

            lock = self.state / "ledger" / service / f"{environment}.lock"
            # A renewal that is not answered soon had better be tried again.
            quick = self._bucket(place, seconds=5)
            lease = Lease(quick, f"ledger/{service}/{environment}.lease", say=self.progress.say)
            return BlobLedger(self._bucket(place), service, environment, lock, lease)
        lock = (project / place).resolve() / "ledger" / service / f"{environment}.lock"
        return BlobLedger(self._blobs(project, place), service, environment, lock)

    def model_folder(
        self, folder: Path, *, checkout: Path, config: Path, module: "Callable[[str], Manifest]"
    ) -> "ModelFolder":
        from ci_steps.adapters.model_folder import ModelFolder

        return ModelFolder(folder, checkout, config, self.programs(), module)

    def inspector(self) -> "Inspector":
        from ci_steps.adapters.docker_inspector import DockerInspector

        return DockerInspector()

    @property
    def load_secret(self) -> str:
        """What load-test and the workers on other machines know each other by."""
        return self.variables.get("CI_STEPS_LOAD_SECRET", "")

    def programs(self) -> "Programs":
        from ci_steps.adapters.programs import ChildPrograms

        return ChildPrograms(self.variables)

    def environments(self) -> "Environments":
        from ci_steps.adapters.uv_environments import UvEnvironments

        return UvEnvironments(self.programs(), self.cache, self.variables, self.progress)

    def registry(self, plain_http: tuple[str, ...]) -> "Registry":
        from ci_steps.adapters.http_registry import DockerLogins, HttpRegistry

        folder = Path(self.variables.get("DOCKER_CONFIG") or Path.home() / ".docker")
        return HttpRegistry(DockerLogins(self.programs(), folder, self.variables), plain_http)

    def containers(self, run: str) -> "Containers":
        from ci_steps.adapters.testcontainers_engine import TestcontainersEngine

        return TestcontainersEngine(run, self.state, self.variables)

    def target(self, service: str, environment: str, settings: "EnvironmentSettings", run: str) -> "Target":
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

    def _blobs(self, project: Path, place: str) -> "StoreBlobs":
        from ci_steps.adapters.folder_blobs import FolderBlobs

        if _remote(place):
            return self._bucket(place)
        return FolderBlobs((project / place).resolve(), ignored=True)

    def _bucket(self, place: str, *, seconds: float = 30) -> "S3Blobs":
        # boto3 reads all other AWS_* itself; of all of Amazon's tools it alone does not know this one.
        return _bucket(place, self.variables.get("AWS_REGION") or None, seconds)


def _remote(place: str) -> bool:
    return "://" in place


@cache
def _contents(root: Path, gigabytes: str) -> "ContentCache":
    """Return the cache of models, which remembers what this process hashed itself."""
    from ci_steps.adapters.transfer import ContentCache

    return ContentCache.of(root, gigabytes)


@cache
def _bucket(place: str, region: str | None, seconds: float) -> "S3Blobs":
    """Return the bucket at ``place``, with one client for all steps of a run."""
    from ci_steps.adapters.s3_blobs import S3Blobs
    from ci_steps.adapters.s3_place import S3Place

    return S3Blobs(S3Place.parse(place), region, seconds)
