"""Running contrib/engine/, and reading what it left in the engine and the registry."""

import os
import re
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import docker
import requests

REPOSITORY = Path(__file__).parents[2]
ENGINE = REPOSITORY / "contrib" / "engine"


def up(**environment: str) -> subprocess.CompletedProcess[str]:
    return program(ENGINE / "up", {**os.environ, **environment})


def program(path: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: PLW1510  (failure is what some tests look at)
        [path], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=280
    )


def exports(lines: str) -> dict[str, str]:
    return dict(re.findall(r"^export (\w+)=(.*)$", lines, flags=re.MULTILINE))


def seen(environment: Mapping[str, str]) -> dict[str, object]:
    """Note what would differ had the engine or an image been replaced."""
    engine = docker.DockerClient(environment["DOCKER_HOST"])
    with closing(engine):
        images = {name: engine.images.get_registry_data(name).id for name in image_names(environment)}
        return {"engine": engine.info()["ID"], "images": images}


def image_names(environment: Mapping[str, str]) -> tuple[str, str]:
    return environment["CI_STEPS_PYTHON_IMAGE"], environment["CI_STEPS_HAPROXY_IMAGE"]


def running(*names: str) -> set[tuple[str, str]]:
    """Find PID and start of every process of one of these names."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = re.findall(r"\((.*)\) (.*)", stat.read_text())[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if name in names:
            found.add((stat.parent.name, rest.split()[19]))
    return found


def image_environment(image: str) -> dict[str, str]:
    """Read the ENV of an image from the registry by HTTP as the kit does."""
    registry, _, rest = image.partition("/")
    name, _, tag = rest.partition(":")
    accept = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
    manifest = requests.get(f"http://{registry}/v2/{name}/manifests/{tag}", headers=accept, timeout=10)
    manifest.raise_for_status()
    config = requests.get(
        f"http://{registry}/v2/{name}/blobs/{manifest.json()['config']['digest']}", timeout=10
    )
    return dict(line.split("=", 1) for line in config.json()["config"]["Env"])
