"""Layers that were made before, found again by what they are made from."""

import fcntl
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from ci_steps.documents import Layer
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.value import Value
from ci_steps.model.wire import decoded, digest_of, pretty
from ci_steps.ports import Progress
from ci_steps.steps.build_image.layers import Entry, write_layer

FORM = 2
"""Counted up whenever equal inputs give another layer than before."""
_TAR = "application/vnd.oci.image.layer.v1.tar"


class _Made(msgspec.Struct):
    digest: Digest
    size: int


class LayerCache(Value, frozen=True):
    """A folder of blobs by digest, and notes of which inputs gave which blob.

    Two processes may use it at once, and one may be killed at any moment: a blob gets its name when it is
    whole, its note comes after it, and what a killed process left is taken away by the next with that key.
    """

    root: Path
    progress: Progress

    def layer(self, purpose: str, inputs: dict[str, Any], make: Callable[[Path], Iterable[Entry]]) -> Layer:
        """Return the layer of these inputs; ``make`` is called, with an empty folder, where there is none."""
        key = digest_of({"purpose": purpose, "form": FORM, **inputs}).hex
        notes = self.root / "layers"
        try:
            notes.mkdir(parents=True, exist_ok=True)
            (self.root / "blobs").mkdir(exist_ok=True)
            with (notes / f"{key}.lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                made = self._noted(notes / f"{key}.json") or self._make(purpose, notes / key, make)
        except OSError as error:
            raise OutsideError(
                f"the layer cache {self.root} cannot be used: {error.strerror or error}",
                hint="make room, or see to its permissions",
            ) from error
        return Layer(
            purpose=purpose,
            digest=made.digest,
            size=made.size,
            media_type=_TAR,
            path=f"blobs/{made.digest.hex}",
        )

    def _noted(self, note: Path) -> _Made | None:
        """Return what an earlier run made, where it is all there; its bytes are hashed when they are sent."""
        try:
            made = decoded(note.read_bytes(), _Made, where=str(note))
            whole = (self.root / "blobs" / made.digest.hex).stat().st_size == made.size
        except (FileNotFoundError, InputError):
            return None
        return made if whole else None

    def _make(self, purpose: str, half: Path, make: Callable[[Path], Iterable[Entry]]) -> _Made:
        self.progress.say(f"making the {purpose} layer")
        shutil.rmtree(half, ignore_errors=True)
        try:
            contents = half / "contents"
            contents.mkdir(parents=True)
            entries = list(make(contents))
            total = sum(_size(entry) for entry in entries)
            blob = half / "layer.tar"
            told = 0

            def tell(done: int) -> None:
                nonlocal told
                if done - told > total // 50:
                    told = done
                    self.progress.advance(min(done, total), total, "bytes")

            digest, size = write_layer(entries, blob, tell)
            blob.replace(self.root / "blobs" / digest.hex)
            made = _Made(digest, size)
            note = half / "note.json"
            note.write_bytes(pretty(made))
            note.replace(half.with_suffix(".json"))
        finally:
            shutil.rmtree(half, ignore_errors=True)
        return made


def _size(entry: Entry) -> int:
    return len(entry.content) if isinstance(entry.content, bytes) else entry.content.stat().st_size
