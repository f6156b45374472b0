from typing import Annotated, ClassVar

from msgspec import Meta

from ci_steps.documents.base import Document, Report
from ci_steps.model.digest import Digest
from ci_steps.model.wire import Wire


class Layer(Wire, frozen=True, kw_only=True):
    """One layer of an image."""

    purpose: Annotated[str, Meta(description="base, dependencies, serving or model")]
    digest: Annotated[Digest, Meta(description="digest of its blob")]
    size: Annotated[int, Meta(description="bytes of its blob", ge=0)]
    media_type: Annotated[str, Meta(description="OCI media type")]
    path: Annotated[
        str | None, Meta(description="blob, relative to the kit's cache; null: the registry has it")
    ] = None


class BuiltImage(Document, frozen=True, kw_only=True):
    """The serving image: its layers, configuration and manifest, put together without a daemon."""

    name: ClassVar[str] = "build-image"

    image: Annotated[Digest, Meta(description="digest of the image's manifest")]
    manifest: Annotated[str, Meta(description="the manifest, a file in the run directory")] = (
        "image/manifest.json"
    )
    config: Annotated[str, Meta(description="the configuration, a file in the run directory")] = (
        "image/config.json"
    )
    layers: Annotated[tuple[Layer, ...], Meta(description="from the base up")]
    labels: Annotated[dict[str, str], Meta(description="labels of the image")]
    compiled_with: Annotated[str, Meta(description="full Python version that byte-compiled it")] = ""

    @property
    def headline(self) -> str:
        megabytes = sum(layer.size for layer in self.layers) / 1e6
        return f"image {self.image.short} from {len(self.layers)} layers, {megabytes:,.1f} MB"


class PushedImage(Report, frozen=True, kw_only=True):
    """Where the image lies, by the digest that the registry named it by."""

    name: ClassVar[str] = "push-image"

    repository: Annotated[str, Meta(description="host:port/repository")]
    image: Annotated[Digest, Meta(description="digest read back from the registry")]
    sent_bytes: Annotated[int, Meta(description="bytes that had to be sent", ge=0)] = 0

    @property
    def headline(self) -> str:
        if not self.verdict.lets_go_on:
            return super().headline
        sent, kilobytes = "nothing to send", self.sent_bytes / 1e3
        if self.sent_bytes:
            sent = f"{kilobytes:,.1f} kB sent" if kilobytes < 1e3 else f"{kilobytes / 1e3:,.1f} MB sent"
        return f"{self.repository}@{self.image.short}, {sent}"
