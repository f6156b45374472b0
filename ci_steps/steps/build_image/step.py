from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ci_steps.documents import (
    BuiltImage,
    Document,
    FetchedModel,
    InterfaceReport,
    Layer,
    MetricsReport,
    Plan,
    ScanReport,
    UnitTestsReport,
)
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.pipeline import Step
from ci_steps.ports import Environments, Progress, Registry
from ci_steps.rundir import RunDir


@dataclass(frozen=True, slots=True)
class BuildImage(Step):
    """Put the serving image together, layer on layer, without a daemon and without running anything in it.

    The base image's layers stay in their registry. On them come the locked packages, the server and the
    model, each a layer that is made once and found again in the kit's cache, so that a new model costs one
    layer. The same model, lock, base, server and kit give the same image digest, wherever and whenever.
    """

    name: ClassVar[str] = "build-image"
    needs: ClassVar[tuple[type[Document], ...]] = (
        Plan,
        UnitTestsReport,
        FetchedModel,
        ScanReport,
        MetricsReport,
        InterfaceReport,
    )
    opens: ClassVar[tuple[type[Document], ...]] = (FetchedModel,)
    makes: ClassVar[type[Document]] = BuiltImage
    reads: ClassVar[tuple[str, ...]] = ("image", "manifest", "sha")

    registry: Registry
    environments: Environments
    progress: Progress
    cache: Path
    serving: Path
    """The folder of the server's package."""
    version: str
    """The kit's version."""

    def run(self, run: RunDir) -> BuiltImage:
        # push-image asks this step whether layers are lost, and has no need of what builds them.
        from ci_steps.model.images import ImageRef
        from ci_steps.steps.build_image.base import Base
        from ci_steps.steps.build_image.config import image_config, image_manifest, labels

        plan = run.read(Plan)
        self.progress.say(f"reading the base image {plan.image.base}")
        base = Base.read(self.registry, ImageRef.parse(plan.image.base), plan.image.platform)
        python = base.python(plan.manifest.environment.python)
        layers = (*base.layers, *self._own_layers(run, plan, python))
        compiled_with = self.environments.compiler(version=python)
        said = labels(plan, base, python=python, compiled_with=compiled_with, kit=self.version)
        config = image_config(base, layers, said)
        manifest = image_manifest(config, layers)
        run.write_bytes("image/config.json", config)
        run.write_bytes("image/manifest.json", manifest)
        return BuiltImage(image=Digest.of(manifest), layers=layers, labels=said, compiled_with=compiled_with)

    def lost(self, run: RunDir) -> bool:
        """Whether a file of the image is not here, or a layer neither here nor in the registry."""
        plan, built = run.read(Plan), run.read(BuiltImage)
        if not all((run.root / path).is_file() for path in (built.manifest, built.config)):
            return True
        own = [layer for layer in built.layers if layer.path and not (self.cache / layer.path).is_file()]
        return any(not self.registry.has(plan.registry, layer.digest) for layer in own)

    def bring_back(self, run: RunDir) -> None:
        """Build it again: the same inputs give the same bytes, and anything else is said."""
        noted, again = run.read(BuiltImage), self.run(run)
        if again.image != noted.image:
            raise InputError(
                f"built again here, the image is {again.image}, and not {noted.image} as noted",
                hint="delete build-image.json in the run directory, then build again",
            )

    def _own_layers(self, run: RunDir, plan: Plan, python: str) -> tuple[Layer, ...]:
        from ci_steps.steps.build_image.cache import LayerCache
        from ci_steps.steps.build_image.contents import Dependencies, Model, Serving

        fetched = run.read(FetchedModel)
        lock = plan.manifest.file(plan.manifest.environment.lock)
        locks = {
            "the server's lock": self._server_lock(),
            f"the model's {lock.path}": run.verified(fetched.folder, lock).read_bytes(),
        }
        for file in fetched.files:
            if file.path.startswith("modules/") and file.path.endswith(f"/{lock.path}"):
                locks[file.path] = run.verified(fetched.folder, file).read_bytes()
        cache = LayerCache(self.cache, self.progress)
        dependencies = Dependencies(self.environments, locks, python, plan.image.platform)
        serving = Serving(self.environments, self.serving, python)
        model = Model(plan.manifest, fetched.files, run.root / fetched.folder)
        return (
            cache.layer("dependencies", dependencies.inputs, dependencies.entries),
            cache.layer("serving", serving.inputs, serving.entries),
            cache.layer("model", model.inputs, model.entries),
        )

    def _server_lock(self) -> bytes:
        try:
            return (self.serving / "requirements.lock").read_bytes()
        except OSError as error:
            raise OutsideError(
                f"the server's lock cannot be read: {error.strerror}", hint="install the kit again"
            ) from error
