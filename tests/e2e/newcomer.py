"""Someone who begins with nothing but the kit."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import yaml

from tests.e2e.project import Completed, Engine


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Someone in a folder with nothing in it, with a shell that finds the kit."""

    folder: Path
    service: str
    state: Path

    def types(self, line: str) -> Completed:
        names = [f"GIT_{role}_{what}" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
        person = dict.fromkeys(names, "me@example.org")
        environ = os.environ | person | {"CI_STEPS_STATE": str(self.state), "no_proxy": "127.0.0.1"}
        environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        return Completed(done.returncode, done.stdout, done.stderr)

    def named(self, commands: str) -> str:
        """Return commands about the example's service and its models as they are for this one."""
        service = commands.replace("tweets/production", f"{self.service}/production")
        service = service.replace("tweets-production", f"{self.service}-production")
        return service.replace("tweets@9f2c41d", f"{self.service}:candidate")

    def moves_to(self, port: int) -> None:
        """Move production to a port that no other test takes, and let the busy machine be no reason."""
        path = self.folder / "release.yaml"
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        settings["environments"]["production"]["address"] = f"127.0.0.1:{port}"
        late = {"check": "load-test.generator", "reason": "tests share this machine", "by": "the tests"}
        settings["waivers"].append({**late, "until": settings["waivers"][0]["until"]})
        # Limits are a person's own choice; how fast this machine is just now is not what is tested.
        settings["load"] |= {"seconds": 2, "p50_ms": 2000, "achieved": 0.8}
        del settings["load"]["p95_ms"]
        path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


_WHO = ("NAME", "EMAIL")


@contextmanager
def a_newcomer(folder: Path) -> Iterator[Newcomer]:
    """Give one in a folder with nothing in it; at the end nothing of the service is left."""
    Engine.of(os.environ)
    one = Newcomer(folder / "here", f"start{uuid.uuid4().hex[:8]}", folder / "state")
    one.folder.mkdir()
    try:
        yield one
    finally:
        with closing(docker.from_env()) as client:
            label = f"ci_steps.service={one.service}"
            for container in client.containers.list(all=True, filters={"label": label}, ignore_removed=True):
                container.remove(force=True, v=True)
            for network in client.networks.list(filters={"label": label}):
                network.remove()
        shutil.rmtree(one.folder)


def printed(told: Completed) -> list[str]:
    """Return the commands that `init` printed."""
    _, _, after = told.output.partition("line by line:\n")
    return [line.strip() for line in after.splitlines() if line.startswith("  ") and "# " not in line[:4]]
