"""Containers and images that a Docker engine knows."""

import re
from dataclasses import dataclass

from ci_steps.errors import OutsideError
from ci_steps.model.digest import Digest
from ci_steps.ports import Inspected


@dataclass(frozen=True, slots=True)
class DockerInspector:
    """The engine that DOCKER_HOST names."""

    timeout_seconds: int = 20

    def inspect(self, what: str) -> Inspected | None:
        import docker
        from docker.errors import DockerException, ImageNotFound, NotFound

        try:
            client = docker.from_env(timeout=self.timeout_seconds)
            try:
                container = client.containers.get(what)
                labels = dict(container.image.labels if container.image else {}) | dict(container.labels)
                return Inspected(_digest(container.image), labels, container=container.name or "")
            except NotFound:
                pass
            try:
                named = [client.images.get(what)]
            except (ImageNotFound, NotFound):
                # A digest alone names no image to the engine.
                named = [i for i in client.images.list() if _digest(i) in _digests(what)]
            return Inspected(_digest(named[0]), dict(named[0].labels)) if named else None
        except (DockerException, OSError) as error:
            raise OutsideError(
                f"the Docker engine does not answer: {_one_line(error)}", hint="start it, or set DOCKER_HOST"
            ) from error


def _digest(image: object) -> Digest | None:
    digests = getattr(image, "attrs", {}).get("RepoDigests") or ()
    found = next((re.search(r"sha256:[0-9a-f]{64}$", text) for text in digests), None)
    return Digest.parse(found[0]) if found else None


def _digests(text: str) -> tuple[Digest, ...]:
    found = re.fullmatch(r"(?:sha256:)?([0-9a-f]{64})", text)
    return (Digest(found[1]),) if found else ()


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
