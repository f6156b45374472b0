"""Platforms to try a target on: one in memory, one on the real engine, told the same things."""

import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import requests
from docker.models.containers import Container

from ci_steps.adapters.docker_target import DockerTarget
from ci_steps.model.digest import Digest
from ci_steps.model.release import Release
from ci_steps.model.settings import EnvironmentSettings
from ci_steps.ports import Target
from tests.fakes.progress import Told
from tests.fakes.serving_image import PROXY, REPOSITORY, engine, pushed
from tests.fakes.target import FakeTarget

BROKEN = ("never-ready", "exits", "hungry")


class Platform(Protocol):
    """A target, and releases that behave on it as they are told."""

    @property
    def target(self) -> Target: ...

    def release(self, number: int, behaviour: str, *, replicas: int = 1) -> Release: ...


@dataclass(frozen=True, slots=True)
class InMemory:
    target: FakeTarget = field(
        default_factory=lambda: FakeTarget(refuses={_named(b): f"copy-1 {b}" for b in BROKEN})
    )

    def release(self, number: int, behaviour: str, *, replicas: int = 1) -> Release:
        return _release(number, behaviour, _named(behaviour), replicas)


@dataclass(frozen=True, slots=True)
class OnEngine:
    """One service of its own on the engine, gone with its containers afterwards."""

    folder: Path
    service: str = field(default_factory=lambda: f"test-{secrets.token_hex(4)}")
    address: str = field(default_factory=lambda: f"127.0.0.1:{free_port()}")
    told: Told = field(default_factory=Told)
    ready_seconds: float = 20

    @property
    def target(self) -> DockerTarget:
        return DockerTarget(
            service=self.service,
            environment="staging",
            settings=EnvironmentSettings(
                target="docker", address=self.address, ready_seconds=self.ready_seconds, drain_seconds=10
            ),
            state=self.folder / "state",
            proxy_image=PROXY,
            run="test",
            progress=self.told,
        )

    def release(self, number: int, behaviour: str, *, replicas: int = 1) -> Release:
        return _release(number, behaviour, pushed(behaviour), replicas, hungry=behaviour == "hungry")

    def containers(self) -> dict[str, Container]:
        """Return every container of the service by the end of its name: blue-1, proxy."""
        found = engine().containers.list(all=True, filters={"label": f"ci_steps.service={self.service}"})
        return {str(c.name).removeprefix(f"{self.service}-staging-"): c for c in found}

    def running(self) -> set[str]:
        return {name for name, container in self.containers().items() if container.status == "running"}

    def cleared(self) -> None:
        for container in self.containers().values():
            container.remove(force=True, v=True)
        for network in engine().networks.list(filters={"label": f"ci_steps.service={self.service}"}):
            network.remove()

    @contextmanager
    def under_requests(self, clients: int = 4) -> Iterator[Counter[str]]:
        """Ask without a pause over kept-open connections; count the releases that answered, and failures."""
        counts: Counter[str] = Counter()
        lock, ended = threading.Lock(), threading.Event()

        def ask(path: str) -> None:
            with requests.Session() as session:
                session.trust_env = False
                while not ended.is_set():
                    try:
                        answer = session.request(
                            "GET" if path == "slow" else "POST",
                            f"http://{self.address}/{path}",
                            json=None if path == "slow" else {"text": "good"},
                            timeout=10,
                        )
                        said = answer.headers["x-release"] if answer.ok else f"failed: {answer.status_code}"
                    except requests.RequestException as error:
                        said = f"failed: {type(error).__name__}"
                    with lock:
                        counts[said] += 1

        threads = [threading.Thread(target=ask, args=("predict",)) for _ in range(clients)]
        threads += [threading.Thread(target=ask, args=("slow",)) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield counts
        finally:
            ended.set()
            for thread in threads:
                thread.join()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for the condition; one that does not come is a failure."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _named(behaviour: str) -> Digest:
    return Digest.of(behaviour.encode())


def _release(number: int, behaviour: str, image: Digest, replicas: int, *, hungry: bool = False) -> Release:
    return Release(
        id=f"staging-{number}",
        model="behaviour",
        sha=_named(behaviour),
        repository=REPOSITORY,
        image=image,
        replicas=replicas,
        memory_mb=32 if hungry else None,
    )
