"""A model repository of its own, ready to release from, and what a test can do and see with it."""

import datetime as dt
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import docker
import requests
import yaml
from docker.models.containers import Container

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "contrib" / "examples" / "tweets"
QUICK_TEST = "tests/test_labels.py"


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine, registry and base images that every project uses."""

    registry: str
    python_image: str
    haproxy_image: str

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        names = ("DOCKER_HOST", "CI_STEPS_REGISTRY", "CI_STEPS_PYTHON_IMAGE", "CI_STEPS_HAPROXY_IMAGE")
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise LookupError(
                f'{", ".join(missing)} not set: run `make test`, or eval "$(contrib/engine/up)"'
            )
        return cls(*(environ[name] for name in names[1:]))


@dataclass(frozen=True, slots=True)
class Completed:
    """What one command came to."""

    code: int
    output: str
    errors: str

    @property
    def said(self) -> str:
        """Everything it said, to show where an assertion fails."""
        return f"exit {self.code}\n{self.output}{self.errors}"

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The lines of ``--json``."""
        return [json.loads(line) for line in self.output.splitlines()]


@dataclass(frozen=True, slots=True)
class Project:
    """A copy with a service, an address, a state folder and a ledger that no other test has."""

    folder: Path
    engine: Engine
    python: Path
    shas: Mapping[str, str]
    service: str
    port: int
    state: Path
    kit: Path = Path(sys.executable)
    """The interpreter that has the kit."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def run_dir(self) -> Path:
        return self.folder / ".release"

    def configure(self, name: str = "release.yaml", **sections: object) -> Path:
        """Write a release.yaml: the example's, small enough for a test, with ``sections`` in place."""
        settings = yaml.safe_load((EXAMPLE / "release.yaml").read_text(encoding="utf-8"))
        settings |= {
            "service": self.service,
            # One repository for all: what is there is not sent again, and equal models are equal images.
            "registry": f"{self.engine.registry}/ci-steps-e2e/tweets",
            "image": {"base": self.engine.python_image},
            "unit_tests": {"path": QUICK_TEST},
            # Limits that a busy machine keeps, and a model that sleeps for 200 ms does not.
            "load": {
                # The server takes four at a time: one that sleeps for 200 ms falls behind 40 a second.
                "rate": 40,
                "seconds": 2,
                "warmup_seconds": 1,
                "p50_ms": 600,
                "errors": 0,
                "achieved": 0.8,
            },
            "environments": {"production": {"target": "docker", "address": self.address}},
        }
        # On a busy machine the generator is late, which is inconclusive, and nobody's fault.
        late = {"check": "load-test.generator", "reason": "tests share this machine", "by": "the tests"}
        until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=90)
        settings["waivers"] = [{**waiver, "until": until} for waiver in (*settings["waivers"], late)]
        path = self.folder / name
        path.write_text(yaml.safe_dump(settings | sections, sort_keys=False), encoding="utf-8")
        return path

    def settings(self, name: str = "release.yaml") -> dict[str, Any]:
        """Read a release.yaml, to change a part of it."""
        return dict(yaml.safe_load((self.folder / name).read_text(encoding="utf-8")))

    def environ(self, **changes: str) -> dict[str, str]:
        """Return what commands run with; an empty value takes a variable away."""
        given = {**os.environ, "CI_STEPS_STATE": str(self.state)} | changes
        return {name: value for name, value in given.items() if value}

    @property
    def commit(self) -> str:
        """The checkout's."""
        asked = ["git", "-C", str(self.folder), "rev-parse", "HEAD"]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()

    def started(
        self, *arguments: str, cwd: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start `python -m ci_steps …` as the leader of a process group."""
        return subprocess.Popen(
            [self.kit, "-m", "ci_steps", *arguments],
            cwd=cwd or self.folder,
            env=dict(environ or self.environ()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ci_steps(
        self,
        *arguments: str,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        timeout: float = 240,
    ) -> Completed:
        """Run `python -m ci_steps …` to its end."""
        return ended(self.started(*arguments, cwd=cwd, environ=environ), timeout)

    def release(self, variant: str, *options: str, timeout: float = 240) -> Completed:
        """Release a variant to production."""
        asked = ("--model", f"tweets:{variant}", "--environment", "production")
        return self.ci_steps("release", *asked, *options, timeout=timeout)

    def get(self, path: str) -> Any:
        """Ask the live address."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"http://{self.address}{path}", timeout=10)
        answer.raise_for_status()
        return answer.json()

    def live_sha(self) -> str:
        """Ask the live address which model it is."""
        return str(self.get("/info")["model"]["sha256"])

    def document(self, name: str) -> dict[str, Any]:
        """Read a document of the run directory."""
        return dict(json.loads((self.run_dir / f"{name}.json").read_bytes()))

    def ledger(self, environment: str = "production") -> list[dict[str, Any]]:
        """Read every entry, as the files say it."""
        folder = self.folder / "store" / "ledger" / self.service / environment
        return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]

    def outcomes(self) -> list[str]:
        """How every rollout and rollback ended, in their order."""
        return [entry["ending"] for entry in self.ledger() if entry["kind"] == "outcome"]

    def test_containers(self) -> list[str]:
        """Names of the throw-away containers of this project's runs that are there, running or not."""
        with closing(docker.from_env()) as client:
            return sorted(str(container.name) for container in self._throw_away(client))

    @contextmanager
    def client(self, rate: int = 100, least: int = 0) -> Iterator[dict[str, Any]]:
        """Ask the live address in an open loop meanwhile; the counts are there when the block has ended.

        It goes on until at least ``least`` requests were sent.
        """
        counts: dict[str, Any] = {}
        options = ["--rate", str(rate), "--least", str(least)]
        command = [str(self.python), "client.py", f"http://{self.address}", *options]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=self.folder, stdout=pipe, stderr=pipe, text=True) as child:
            assert child.stderr
            assert "asking" in child.stderr.readline()
            try:
                yield counts
            finally:
                child.send_signal(signal.SIGTERM)
                output, _ = child.communicate(timeout=120)
        counts |= json.loads(output)

    def cleared(self) -> None:
        """Remove the containers and networks of this service, and the folders; nothing else."""
        with closing(docker.from_env()) as client:
            label = f"ci_steps.service={self.service}"
            serving = client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
            for container in {*serving, *self._throw_away(client)}:
                container.remove(force=True, v=True)
            # By name: one that a killed run was only trying out has no label.
            for network in client.networks.list(filters={"name": f"{self.service}-"}):
                network.remove()
        shutil.rmtree(self.state)
        shutil.rmtree(self.folder)

    def _throw_away(self, client: docker.DockerClient) -> list[Container]:
        runs = {lock.stem for lock in (self.state / "runs").glob("*.lock")}
        found = client.containers.list(all=True, filters={"label": "ci_steps.test"}, ignore_removed=True)
        return [container for container in found if container.labels["ci_steps.run"] in runs]


def ended(program: subprocess.Popen[str], timeout: float) -> Completed:
    """Wait for a command; one that takes too long is ended with its whole process group."""
    with program:
        try:
            output, errors = program.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            output, errors = program.communicate()
            raise AssertionError(f"not ended after {timeout:g} s\n{output}{errors}") from None
    return Completed(program.returncode, output, errors)


def free_port() -> int:
    """Find a port of loopback that nobody listens on, below those that the engine gives away."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise LookupError("no port is free between 20000 and 30000")
