"""Throw-away containers by testcontainers, on whatever Docker engine DOCKER_HOST names."""

import fcntl
import json
import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci_steps.adapters.container_program import finished
from ci_steps.adapters.http_registry import given_login
from ci_steps.adapters.uncut import uncut
from ci_steps.errors import OutsideError
from ci_steps.ports.containers import Finished, Isolation

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container
    from testcontainers.core.container import DockerContainer

RUN_LABEL = "ci_steps.run"
TEST_LABEL = "ci_steps.test"
_PORT = "8080/tcp"
_ENGINE_SECONDS = 60
_TMPFS = "rw,noexec,nosuid,nodev,size=64m"
_LOG_LINES = 200
_LOOK = """\
import json, os
status = dict(line.split(":", 1) for line in open("/proc/1/status"))
print(json.dumps({
    "uid": min(map(int, status["Uid"].split())),
    "read_only": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
    "capabilities": [status[n].strip() for n in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
    "no_new_privileges": status["NoNewPrivs"].strip() == "1",
}))
"""


@dataclass(frozen=True, slots=True)
class TestcontainersEngine:
    """Containers that end with their block, or, where this process is killed, at the start of the next run.

    While containers of a run may exist, its lock file is held. One whose file is there and free belongs to a
    killed run of this ``state`` and is swept; one without a file here is somebody else's and stays.
    """

    __test__ = False  # not a class of tests, whatever pytest makes of its name

    run: str
    state: Path
    environ: Mapping[str, str]

    @contextmanager
    def started(
        self, reference: str, *, env: dict[str, str], memory_mb: int | None
    ) -> Iterator["RunningContainer"]:
        """Run ``reference`` as its own user, read-only and without capabilities, until the block ends."""
        with self._pulled(reference) as (engine, name):
            try:
                with _told("start a container"):
                    box = self._locked_in(reference, name, env, memory_mb)
                with closing(box.get_docker_client().client):
                    with _told("start a container"):
                        running = RunningContainer.of(uncut(box.start))
                    yield running
            finally:
                with _told("remove a container"):
                    _remove(engine, name)

    def ran(
        self, reference: str, program: str, *, given: bytes, memory_mb: int | None, seconds: float
    ) -> Finished:
        """Run ``program`` by the image's python3 in a container of its own, which has no network at all."""
        with self._pulled(reference) as (engine, name):
            limits = _limits(memory_mb)
            host = {**limits, "network_mode": "none", "tmpfs": {"/tmp": _TMPFS}}  # noqa: S108 - in the container
            created = {
                "image": reference,
                "name": name,
                "labels": self._labels,
                "host_config": engine.api.create_host_config(**host),
            }
            try:
                with _told("run a program in a container"):
                    return finished(engine, created, program, given, seconds)
            finally:
                with _told("remove a container"):
                    _remove(engine, name)

    @contextmanager
    def _pulled(self, reference: str) -> Iterator[tuple["DockerClient", str]]:
        """Give the engine, with the image there and this run's lock held, and a name for one container."""
        with self._engine() as engine, self._held(engine):
            with _told("pull an image"):
                _pull(engine, reference, self.environ)
            yield engine, f"ci-steps-test-{self.run}-{secrets.token_hex(4)}"

    @property
    def _labels(self) -> dict[str, str]:
        return {RUN_LABEL: self.run, TEST_LABEL: "1"}

    def _locked_in(
        self, reference: str, name: str, env: dict[str, str], memory_mb: int | None
    ) -> "DockerContainer":
        from testcontainers.core.config import testcontainers_config
        from testcontainers.core.container import DockerContainer

        logging.getLogger("testcontainers").setLevel(logging.ERROR)
        # Its reaper is one more image to pull; what a killed run leaves is swept by us, at the next start.
        testcontainers_config.ryuk_disabled = True
        # It would log in by DOCKER_AUTH_CONFIG, and crash where that names none; we have pulled already.
        testcontainers_config._docker_auth_config = None  # noqa: SLF001  (its own setter warns)
        box = DockerContainer(reference, env=dict(env), docker_client_kw=self._client_settings)
        box.image = reference  # TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX must not make another image of it
        # Docker's own form: testcontainers' with_exposed_ports would publish it on every interface.
        box.ports[_PORT] = ("127.0.0.1", None)  # type: ignore[assignment]  # they pass it on as it is
        return (
            box.with_name(name)
            .with_tmpfs_mount("/tmp", _TMPFS)  # noqa: S108 - in the container
            .with_kwargs(
                labels=self._labels,
                network="bridge",  # otherwise testcontainers looks for one, and may take another
                **_limits(memory_mb),
            )
        )

    @contextmanager
    def _engine(self) -> Iterator["DockerClient"]:
        import docker

        try:
            engine = docker.from_env(**self._client_settings)
        except docker.errors.DockerException as error:
            host = self.environ.get("DOCKER_HOST", "") or "unix:///var/run/docker.sock"
            raise OutsideError(
                f"no Docker engine answers at {host}",
                hint="start Docker, or set DOCKER_HOST to an engine that runs",
            ) from error
        with closing(engine):
            yield engine

    @property
    def _client_settings(self) -> dict[str, Any]:
        return {"environment": self.environ, "timeout": _ENGINE_SECONDS}

    @contextmanager
    def _held(self, engine: "DockerClient") -> Iterator[None]:
        """Sweep what killed runs left, then hold this run's lock; other steps of the run may hold it too."""
        folder = self.state / "runs"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / f"{self.run}.lock").open("a")
        except OSError as error:
            raise OutsideError(f"{folder} cannot hold a lock: {error.strerror}") from error
        with lock:
            with _told("sweep what killed runs left"):
                _sweep(engine, folder)
            fcntl.flock(lock, fcntl.LOCK_SH)
            yield


@dataclass(frozen=True, slots=True)
class RunningContainer:
    """A container that testcontainers started, and the loopback address that its port got."""

    address: str
    container: "Container"

    @classmethod
    def of(cls, box: "DockerContainer") -> "RunningContainer":
        container = box.get_wrapped_container()
        container.reload()
        published = container.ports.get(_PORT) or []
        port = published[0]["HostPort"] if published else ""
        return cls(f"http://127.0.0.1:{port}" if port else "", container)

    def logs(self) -> str:
        with _told("read a container's log"):
            return _text(self.container.logs(tail=_LOG_LINES))

    def exited(self) -> int | None:
        with _told("look at a container"):
            self.container.reload()
        if self.container.status not in {"exited", "dead"}:
            return None
        return int(self.container.attrs["State"]["ExitCode"])

    def isolation(self) -> Isolation:
        with _told("look inside a container"):
            code, output = self.container.exec_run(["python3", "-I", "-c", _LOOK])
        if code != 0:
            raise OutsideError(
                f"the container does not show how it is isolated: {_text(output).strip()}",
                hint="the image needs python3, which also runs its server",
            )
        seen = json.loads(_text(output))
        bits = 0
        for mask in seen["capabilities"]:
            bits |= int(mask, 16)
        return Isolation(seen["uid"], seen["read_only"], bits, seen["no_new_privileges"])


def _limits(memory_mb: int | None) -> dict[str, Any]:
    """Return what every container is held to, in the engine's own words."""
    memory = f"{memory_mb}m" if memory_mb else None
    return {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": 256,
        "mem_limit": memory,
        "memswap_limit": memory,
    }


def _text(written: bytes | Iterator[bytes]) -> str:
    """Return what a container wrote; the SDK gives it whole where no stream was asked for."""
    whole = written if isinstance(written, bytes) else b"".join(written)
    return whole.decode(errors="replace")


def _pull(engine: "DockerClient", reference: str, environ: Mapping[str, str]) -> None:
    """Have the image here; what a digest names is never pulled twice."""
    from docker.errors import ImageNotFound

    with suppress(ImageNotFound):
        engine.images.get(reference)
        return
    # Not images.pull, which reports a broken image as one that is not there.
    login = given_login(reference, environ)
    for line in engine.api.pull(reference, stream=True, decode=True, auth_config=login):
        if "error" in line:
            raise OutsideError(
                f"{reference} cannot be pulled: {line['error']}",
                hint="see whether the engine reaches the registry, and push the image again",
            )


def _sweep(engine: "DockerClient", folder: Path) -> None:
    found = engine.containers.list(all=True, filters={"label": [RUN_LABEL, TEST_LABEL]}, ignore_removed=True)
    for container in found:
        lock = folder / f"{Path(container.labels[RUN_LABEL]).name}.lock"
        if not lock.is_file():
            continue
        with lock.open("a") as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(engine, str(container.id))


def _remove(engine: "DockerClient", container: str) -> None:
    """Kill and remove, whatever state it is in; what is gone already, or is going, is fine."""
    from docker.errors import APIError, NotFound

    try:
        engine.api.remove_container(container, v=True, force=True)
    except NotFound:
        return
    except APIError as error:
        if "already in progress" not in str(error):
            raise


@contextmanager
def _told(deed: str) -> Iterator[None]:
    """Turn every failure of the engine into an outside error that says what was tried."""
    import docker.errors
    import requests

    try:
        yield
    except (docker.errors.DockerException, requests.RequestException) as error:
        reason = getattr(error, "explanation", None) or str(error)
        raise OutsideError(f"the Docker engine did not {deed}: {reason}".replace("\n", " ")) from error
