"""A registry for a benchmark alone, in a temporary folder: what is pushed to it leaves no trace."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from ci_steps.cli.screen import PlainLines
from ci_steps.model.digest import Digest
from ci_steps.model.images import ImageRef
from ci_steps.wiring.outside import Outside
from tests.registry_servers import registry

_BASE = "base/python"


@dataclass(frozen=True, slots=True)
class Registry:
    """Where both sides push to; it holds the base image as well, as a team's own registry does."""

    host: str
    folder: Path

    @property
    def base(self) -> str:
        return f"{self.host}/{_BASE}:of-the-bench"

    def forget(self, repository: str, *digests: str) -> None:
        """Delete images, and the blobs that no image is left for, so that a disk does not fill."""
        for digest in digests:
            answer = requests.delete(f"http://{self.host}/v2/{repository}/manifests/{digest}", timeout=30)
            answer.raise_for_status()
        command = ["docker-registry", "garbage-collect", "--delete-untagged", "registry.json"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def digest(self, repository: str, tag: str) -> str:
        """Return what a tag stands for."""
        accepted = ("oci.image.manifest.v1", "docker.distribution.manifest.v2", "oci.image.index.v1")
        accept = {"Accept": ", ".join(f"application/vnd.{kind}+json" for kind in accepted)}
        answer = requests.head(
            f"http://{self.host}/v2/{repository}/manifests/{tag}", headers=accept, timeout=30
        )
        answer.raise_for_status()
        return str(answer.headers["Docker-Content-Digest"])


@contextmanager
def throw_away(base_image: str) -> Iterator[Registry]:
    """Run Docker's own registry with a copy of ``base_image``."""
    with tempfile.TemporaryDirectory(prefix="ci-steps-bench-") as name:
        folder = Path(name)
        storage = {"filesystem": {"rootdirectory": str(folder / "registry")}, "delete": {"enabled": True}}
        with registry(folder, storage=storage) as host:
            there = Registry(host, folder)
            _copy(base_image, there.base)
            yield there


def _copy(image: str, to: str) -> None:
    both = Outside(PlainLines()).registry(())
    source, target = ImageRef.parse(image).repository, ImageRef.parse(to)
    content, media_type = both.manifest(image)
    manifest = json.loads(content)
    for blob in (manifest["config"], *manifest["layers"]):
        both.mount(target.repository, Digest.parse(blob["digest"]), source=source)
    both.put_manifest(target.repository, str(target.tag), content, media_type)
