"""The Docker engine, as far as every part of the target needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ci_steps.adapters.http_registry import given_login
from ci_steps.errors import OutsideError
from ci_steps.ports import Progress

if TYPE_CHECKING:  # importing docker takes 0.3 s; a step that never gets here shall not pay for it
    from docker import DockerClient
    from docker.models.images import Image

_TIMEOUT_SECONDS = 60


@contextmanager
def connected() -> Iterator[DockerClient]:
    """Talk to the engine that DOCKER_HOST names; what it fails with is an outside error."""
    import docker
    import requests

    where = os.environ.get("DOCKER_HOST", "its usual socket")
    try:
        client = docker.from_env(timeout=_TIMEOUT_SECONDS)
        try:
            yield client
        finally:
            client.close()
    except docker.errors.APIError as error:
        said = " ".join(str(error.explanation or error).split())
        raise OutsideError(f"the Docker engine refused: {said}") from error
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise OutsideError(
            f"the Docker engine at {where} does not answer",
            hint="start it, or set DOCKER_HOST to one that runs",
        ) from error


def pulled(client: DockerClient, reference: str, progress: Progress) -> Image:
    """Return the image, from its registry where the engine does not hold it yet."""
    import docker

    try:
        return client.images.get(reference)
    except docker.errors.ImageNotFound:
        pass
    progress.say(f"pulling {reference}")
    repository, _, version = reference.rpartition("@" if "@" in reference else ":")
    layers: dict[str, tuple[int, int]] = {}
    # The SDK's images.pull() reports a broken image as unknown; the stream says what was wrong.
    login = given_login(reference, os.environ)
    for line in client.api.pull(repository, tag=version, stream=True, decode=True, auth_config=login):
        if "error" in line:
            raise OutsideError(f"{reference} cannot be pulled: {' '.join(str(line['error']).split())}")
        detail = line.get("progressDetail") or {}
        if detail.get("total"):
            layers[f"{line.get('status')} {line.get('id')}"] = (detail["current"], detail["total"])
            done, total = (sum(column) for column in zip(*layers.values(), strict=True))
            progress.advance(done, total, "bytes")
    return client.images.get(reference)
