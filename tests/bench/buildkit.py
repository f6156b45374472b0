"""The same image by BuildKit and `docker push`: a Dockerfile whose last layer is the model."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import docker

from ci_steps import kit
from ci_steps.adapters.hashed_locks import joined, written
from tests.bench.model import ModelRepository
from tests.bench.timing import run

DOCKERFILE = """\
ARG BASE
FROM ${BASE}
RUN --mount=type=bind,source=packages,target=/packages --mount=type=cache,target=/unpacked \\
    /packages/uv pip install --quiet --cache-dir /unpacked --link-mode copy --no-index \\
    --find-links /packages \\
    --require-hashes --compile-bytecode --python /usr/bin/python3 --target /opt/app/deps \\
    -r /packages/requirements.lock
COPY serving /opt/app/serving
ENV PYTHONPATH=/opt/app:/opt/app/deps
WORKDIR /opt/app
USER 10001:10001
EXPOSE 8080
CMD ["python3", "-m", "serving"]
COPY model /opt/model
"""


@dataclass(frozen=True, slots=True)
class BuildKit:
    """Builds with the engine's own BuildKit. Wheels and uv lie in the context, so nothing is downloaded."""

    buildx: Sequence[str]
    context: Path
    base: str

    @classmethod
    def laid_out(cls, context: Path, base: str, lock: Path) -> "BuildKit":
        """Write the context without its model."""
        from uv import find_uv_bin

        words = os.environ.get("CI_STEPS_BUILDX")
        if not words:
            raise SystemExit(
                'CI_STEPS_BUILDX is not set: run `make bench`, or eval "$(contrib/engine/buildx)"'
            )
        packages = context / "packages"
        packages.mkdir(parents=True)
        shutil.copy(find_uv_bin(), packages / "uv")
        locks = {"the server's": (kit.serving() / "requirements.lock").read_bytes()}
        joint = written(joined(locks | {"the model's": lock.read_bytes()}))
        (packages / "requirements.lock").write_text(joint)
        wanted = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest", "packages"]
        run(
            [sys.executable, "-m", "pip", "download", *wanted, "-r", "packages/requirements.lock"],
            cwd=context,
        )
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(kit.serving(), context / "serving", ignore=ignored)
        (context / "Dockerfile").write_text(DOCKERFILE)
        return cls(shlex.split(words), context, base)

    def take(self, repository: ModelRepository) -> None:
        """Put into the context what the image holds of the model, as hard links."""
        model, source = self.context / "model", repository.models
        shutil.rmtree(model, ignore_errors=True)
        (model / "model").mkdir(parents=True)
        for file in (source / "interface.json", *(source / "model").iterdir()):
            (model / file.relative_to(source)).hardlink_to(file)

    def build_and_push(self, image: str, *options: str) -> None:
        said = ["--quiet", "--provenance=false", "--build-arg", f"BASE={self.base}", "--tag", image]
        run([*self.buildx, "build", *said, "--load", *options, "."], cwd=self.context)
        run(["docker", "push", "--quiet", image], cwd=self.context)


def cached() -> frozenset[str]:
    """Return the names of all that BuildKit keeps."""
    with closing(docker.from_env()) as client:
        return frozenset(record["ID"] for record in client.df()["BuildCache"] or ())


def forget(image: str, kept: frozenset[str]) -> None:
    """Remove an image, and of what BuildKit keeps all that was not there before."""
    with closing(docker.from_env()) as client:
        with suppress(docker.errors.ImageNotFound):
            client.images.remove(image, force=True)
        # A record that another one is made from goes only after that one.
        while new := cached() - kept:
            for record in new:
                # the stub knows two of the filters that there are
                client.api.prune_builds(filters={"id": record}, all=True)  # type: ignore[arg-type]
            if cached() - kept == new:
                return
