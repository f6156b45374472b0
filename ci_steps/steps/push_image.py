from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ci_steps.documents import BuiltImage, Document, Layer, Plan, PushedImage
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.images import ImageRef
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.pipeline import Step
from ci_steps.ports import Progress, Registry
from ci_steps.rundir import RunDir

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_RULE = "the registry names the image by the digest that was built"


@dataclass(frozen=True, slots=True)
class PushImage(Step):
    """Send what the registry does not hold yet, and read back by which digest it names the image.

    The base's layers are mounted from their own repository, or copied where that is in another registry. The
    tag `model-<start of the SHA>` is for people; everything after this step goes by digest.
    """

    name: ClassVar[str] = "push-image"
    needs: ClassVar[tuple[type[Document], ...]] = (Plan, BuiltImage)
    opens: ClassVar[tuple[type[Document], ...]] = (BuiltImage,)
    makes: ClassVar[type[Document]] = PushedImage
    reads: ClassVar[tuple[str, ...]] = ("registry", "plain_http", "image", "sha", "promoted")

    registry: Registry
    progress: Progress
    cache: Path

    def run(self, run: RunDir) -> PushedImage:
        plan, built = run.read(Plan), run.read(BuiltImage)
        manifest, config = _kept(run, built)
        missing = [b for b in built.layers if not self.registry.has(plan.registry, b.digest)]
        total = sum(layer.size for layer in missing)
        self.progress.say(f"sending {len(missing)} of {len(built.layers)} layers, {total:,} bytes")
        done = 0
        for layer in missing:
            self._bring(layer, plan, self._told(done, total))
            done += layer.size
            self.progress.advance(done, total, "bytes")
        self.registry.send(plan.registry, Digest.of_file(config), config)
        tag = f"model-{plan.sha.short}"
        named = self.registry.put_manifest(plan.registry, tag, manifest, _MANIFEST)
        findings = (
            *_as_promoted(plan, built.image),
            _named(built.image, named, f"{plan.registry}:{tag}, as the registry answered"),
            self._read_back(built.image, plan.registry, f":{tag}"),
            self._read_back(built.image, plan.registry, f"@{built.image}"),
        )
        own_host = ImageRef.parse(plan.image.base).host == ImageRef.parse(plan.registry).host
        sent = [b.size for b in missing if b.path or not own_host]
        return PushedImage(
            findings=findings, repository=plan.registry, image=built.image, sent_bytes=sum(sent)
        )

    def _bring(self, layer: Layer, plan: Plan, on_bytes: Callable[[int], None]) -> None:
        if layer.path is None:
            self.registry.mount(
                plan.registry, layer.digest, source=ImageRef.parse(plan.image.base).repository
            )
            return
        blob = self.cache / layer.path
        if not blob.is_file():
            raise InputError(
                f"the {layer.purpose} layer {layer.digest} is neither in the registry nor in {self.cache}",
                hint="delete build-image.json in the run directory, then build again",
            )
        self.registry.send(plan.registry, layer.digest, blob, on_bytes=on_bytes)

    def _told(self, before: int, total: int) -> Callable[[int], None]:
        """Return what tells progress every two hundredth of the whole."""
        last = -1

        def tell(sent: int) -> None:
            nonlocal last
            if total and (before + sent) * 200 // total != last:
                last = (before + sent) * 200 // total
                self.progress.advance(before + sent, total, "bytes")

        return tell

    def _read_back(self, built: Digest, repository: str, name: str) -> Finding:
        content, _ = self.registry.manifest(f"{repository}{name}")
        return _named(built, Digest.of(content), f"{repository}{name}, read back")


def _kept(run: RunDir, built: BuiltImage) -> tuple[bytes, Path]:
    """Return the manifest's bytes and where the configuration lies, both as build-image left them."""
    config = run.root / built.config
    try:
        manifest = (run.root / built.manifest).read_bytes()
        whole = Digest.of(manifest) == built.image and str(Digest.of_file(config)).encode() in manifest
    except OSError as error:
        raise InputError(
            f"{error.filename} cannot be read: {error.strerror}",
            hint="delete build-image.json in the run directory, then build again",
        ) from error
    if not whole:
        raise InputError(
            f"{(run.root / built.manifest).parent} is not what build-image left",
            hint="delete build-image.json in the run directory, then build again",
        )
    return manifest, config


def _as_promoted(plan: Plan, built: Digest) -> tuple[Finding, ...]:
    """Hold the image to the one that was proven in the environment before."""
    if plan.promoted is None:
        return ()
    same = plan.promoted.image == built
    proven = f"{plan.promoted.image} of {plan.promoted.release}"
    return (
        Finding(
            check="push-image.promoted",
            subject=plan.promoted.release,
            verdict=Verdict.PASSED if same else Verdict.REFUSED,
            observed=str(built) if same else f"{built}, proven was {proven}",
            rule=f"what goes to {plan.environment} is what went live in {plan.promoted.environment}",
            next=""
            if same
            else f"the base image, the kit or a lock changed; release to {plan.promoted.environment} again",
        ),
    )


def _named(built: Digest, named: Digest, subject: str) -> Finding:
    same = named == built
    return Finding(
        check="push-image.digest",
        subject=subject,
        verdict=Verdict.PASSED if same else Verdict.REFUSED,
        observed=f"{named}" if same else f"{named}, built was {built}",
        rule=_RULE,
        next="" if same else "do not use this image; find out what rewrites images in the registry",
    )
