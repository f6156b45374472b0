"""A service that has released: its store, its ledger, and its registry with small images in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.archive import Archives
from ci_steps.archive.layout import MANIFEST
from ci_steps.model.digest import Digest
from ci_steps.model.ledger import Ending, LedgerEntry
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef
from ci_steps.model.release import Release
from ci_steps.model.wire import canonical
from ci_steps.ports import Blobs, StoreBlobs
from ci_steps.selftest.specimen import manifest_of, model_files
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.ledger import MemoryLedger
from tests.fakes.progress import Told
from tests.fakes.registry import MemoryRegistry

REPOSITORY = "127.0.0.1:5000/specimen"
BASE = b"the base " * 2_000
LAYER = "application/vnd.oci.image.layer.v1.tar"


def part(content: bytes, media_type: str = LAYER) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}


def image_of(
    model: str, sha: Digest, *layers: bytes, labels: dict[str, str] | None = None
) -> tuple[bytes, bytes]:
    """Return the manifest and the configuration of an image that says it serves a model."""
    said = {"ci_steps.model": model, "ci_steps.sha": sha.hex} if labels is None else labels
    config = canonical({"os": "linux", "config": {"Labels": said}})
    content = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": part(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [part(layer) for layer in layers],
    }
    return canonical(content), config


@dataclass
class Yard:
    """Everything that `models export` and `models import` use."""

    folder: Path
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    blobs: StoreBlobs = field(default_factory=MemoryBlobs)
    files: Callable[[Path], Blobs] = FolderBlobs
    progress: Told = field(default_factory=Told)
    ledgers: dict[str, MemoryLedger] = field(
        default_factory=lambda: {"staging": MemoryLedger(), "production": MemoryLedger()}
    )

    @property
    def store(self) -> KitStore:
        return KitStore(self.blobs, "the store", self.progress)

    @property
    def archives(self) -> Archives:
        return Archives(
            store=self.store,
            blobs=self.blobs,
            place="the store",
            files=self.files,
            environments=tuple(self.ledgers),
            ledger=self.ledgers.__getitem__,
            registry=self.registry,
            progress=self.progress,
        )

    def published(self, **changes: bytes) -> Manifest:
        files = model_files(**changes)
        manifest = manifest_of(files)
        folder = self.folder / manifest.sha.short
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        self.store.publish(manifest, folder)
        return manifest

    def pushed(self, manifest: bytes, config: bytes, *layers: bytes) -> Digest:
        for content in (config, *layers):
            self.registry.blobs[REPOSITORY, Digest.of(content)] = content
        return self.registry.put_manifest(REPOSITORY, "any", manifest, MANIFEST)

    def image(self, manifest: Manifest, content: bytes = b"the model") -> Digest:
        """Push an image of a model; other ``content`` of its own layer makes it another image."""
        return self.pushed(*image_of(manifest.name, manifest.sha, BASE, content), BASE, content)

    def released(
        self,
        manifest: Manifest,
        image: Digest,
        into: str = "production",
        ending: Ending = Ending.LIVE,
        action: str = "rollout",
    ) -> Release:
        ledger = self.ledgers[into]
        history = ledger.history()
        number = len(history.entries) + 1
        release = Release(
            id=f"{into}-{number}",
            model=manifest.name,
            sha=manifest.sha,
            repository=REPOSITORY,
            image=image,
            replicas=1,
        )
        moments = sum(len(each.entries) for each in self.ledgers.values())
        entry = LedgerEntry(
            number=number,
            previous=history.head,
            kind="outcome",
            action="rollback" if action == "rollback" else "rollout",
            run=f"run-{number}",
            service="specimen",
            environment=into,
            release=release,
            before=history.live,
            planned_at=0,
            ending=ending,
            by="m.jansen",
            at=f"2026-01-01T00:00:{moments:02}+00:00",
        )
        assert ledger.append(entry)
        return release

    def live(self) -> tuple[ModelRef, Release]:
        """Publish and release a model."""
        manifest = self.published()
        return ModelRef.exact(manifest.name, manifest.sha), self.released(manifest, self.image(manifest))

    def emptied(self) -> None:
        """Lose the registry."""
        self.registry = MemoryRegistry()

    def archived(self) -> Iterator[str]:
        return self.blobs.keys("images/")
