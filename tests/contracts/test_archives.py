"""Archives of images in every place for blobs: they are larger than what one request takes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.s3_blobs import S3Blobs
from ci_steps.model.digest import Digest
from ci_steps.model.refs import ModelRef
from ci_steps.ports import StoreBlobs
from tests.fakes.registry import MemoryRegistry
from tests.s3_servers import a_prefix, half_uploads
from tests.unit.archive.yard import REPOSITORY, Yard

LARGE = b"0123456789abcdef" * (20 << 16)
"""20 MiB."""
PLACES: dict[str, Callable[[Path], StoreBlobs]] = {"folder": FolderBlobs, "s3": lambda _: S3Blobs(a_prefix())}


@pytest.fixture(params=PLACES)
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Yard:
    return Yard(tmp_path / "models", blobs=PLACES[request.param](tmp_path / "store"))


def live(yard: Yard) -> ModelRef:
    manifest = yard.published()
    yard.released(manifest, yard.image(manifest, LARGE))
    return ModelRef.exact(manifest.name, manifest.sha)


def test_an_image_goes_there_once_and_comes_back(yard: Yard) -> None:
    ref = live(yard)

    exported, again = yard.archives.exported(ref), yard.archives.exported(ref)
    yard.emptied()
    imported = yard.archives.imported(ref, REPOSITORY)

    assert (exported.new, again.new) == (True, False)
    assert imported.image == exported.image
    assert yard.registry.blobs[REPOSITORY, Digest.of(LARGE)] == LARGE


class Interrupted(MemoryRegistry):
    """Somebody presses Ctrl-C when most of a layer has come."""

    def pieces(self, repository: str, digest: Digest) -> Iterator[bytes]:
        content = self.blob(repository, digest)
        yield content[: len(content) * 3 // 4]
        if content == LARGE:
            raise KeyboardInterrupt
        yield content[len(content) * 3 // 4 :]


def test_an_interrupted_export_leaves_nothing_there(yard: Yard) -> None:
    ref = live(yard)
    yard.registry = Interrupted(blobs=yard.registry.blobs, manifests=yard.registry.manifests)

    with pytest.raises(KeyboardInterrupt):
        yard.archives.exported(ref)

    assert list(yard.archived()) == []
    if isinstance(yard.blobs, S3Blobs):
        assert half_uploads(yard.blobs.place) == []
