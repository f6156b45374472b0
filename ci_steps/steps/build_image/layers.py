"""Layers as tars that depend on nothing but what is in them."""

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from io import BytesIO
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.value import Value

ROOTS = ("opt/app", "opt/model")
"""The only places of an image that we write to: an entry elsewhere can replace a part of the base."""
_WHITEOUT = ".wh."
_BUFFER = 1 << 20
_WORTH_A_THREAD = 1 << 16
"""From so many bytes on, hashing takes longer than handing them to another thread."""


class Entry(Value, frozen=True):
    """A file of a layer. Where ``sha256`` is set, its bytes must have it."""

    name: str
    content: Path | bytes
    executable: bool = False
    digest: Digest | None = None


def write_layer(entries: Iterable[Entry], into: Path, on_bytes: Callable[[int], None]) -> tuple[Digest, int]:
    """Write ``entries`` as a tar, each byte read once; return its digest and size.

    Equal entries give equal bytes: sorted, owned by root, from 1970, with fixed modes. A layer that the
    engine would refuse, or read in another way than it looks, is bad input.
    """
    ordered = sorted(entries, key=lambda entry: entry.name)
    folders = _folders([entry.name for entry in ordered])
    # Two hashes go over the model, its own and the layer's, each on a thread beside the one that copies.
    with into.open("wb") as file, ThreadPoolExecutor(2) as beside:
        out = _Hashing(file, beside, on_bytes)
        as_file = cast("BinaryIO", out)
        with tarfile.TarFile(
            fileobj=as_file, mode="w", format=tarfile.PAX_FORMAT, copybufsize=_BUFFER
        ) as tar:
            rest = list(reversed(folders))
            for entry in ordered:
                while rest and rest[-1] < entry.name:
                    tar.addfile(_header(rest.pop(), tarfile.DIRTYPE, 0o755))
                _add(tar, entry, beside)
        return out.digest, out.size


def _add(tar: tarfile.TarFile, entry: Entry, beside: Executor) -> None:
    header = _header(entry.name, tarfile.REGTYPE, 0o755 if entry.executable else 0o644)
    if isinstance(entry.content, bytes):
        header.size = len(entry.content)
        tar.addfile(header, BytesIO(entry.content))
        return
    try:
        opened = os.fdopen(os.open(entry.content, os.O_RDONLY | os.O_NOFOLLOW), "rb")
    except OSError as error:
        raise InputError(f"{entry.content} cannot be read: {error.strerror}") from error
    with opened as file:
        header.size = os.fstat(file.fileno()).st_size
        if entry.digest is None:
            tar.addfile(header, file)
            return
        source = _Hashing(file, beside)
        tar.addfile(header, cast("BinaryIO", source))
        if source.digest != entry.digest:
            raise InputError(
                f"{entry.content} is not what was fetched", hint="run `python -m ci_steps fetch-model` again"
            )


def _folders(names: Sequence[str]) -> list[str]:
    """Return the folders that ``names`` lie in, sorted; refuse names that must not be in a layer."""
    folders: set[str] = set()
    for before, name in pairwise(["", *names]):
        parts = PurePosixPath(name).parts
        root = next((root for root in ROOTS if name.startswith(f"{root}/")), None)
        if root is None or ".." in parts or "/".join(parts) != name or "\0" in name:
            raise InputError(f"{name!r} would lie outside /{' and /'.join(ROOTS)} of the image")
        if any(part.startswith(_WHITEOUT) for part in parts):
            raise InputError(f"{name!r} would delete a file of the base image")
        if name == before:
            raise InputError(f"{name!r} is twice in one layer")
        folders.update("/".join(parts[:depth]) for depth in range(root.count("/") + 1, len(parts)))
    if both := folders.intersection(names):
        raise InputError(f"{min(both)!r} is a file and a folder in one layer")
    return sorted(folders)


def _header(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type, header.mode = kind, mode
    return header


class _Hashing:
    """A file that hashes and counts what goes through it; one block is hashed while the next is copied."""

    def __init__(
        self, file: BinaryIO, beside: Executor, on_bytes: Callable[[int], None] = lambda _: None
    ) -> None:
        self._file, self._beside, self._on_bytes = file, beside, on_bytes
        self._sha256 = hashlib.sha256()
        self._hashing: Future[None] | None = None
        self.size = 0

    def write(self, content: bytes) -> int:
        self._pass(content)
        return self._file.write(content)

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self._pass(content)
        return content

    def tell(self) -> int:
        return self.size

    @property
    def digest(self) -> Digest:
        self._wait()
        return Digest(self._sha256.hexdigest())

    def _pass(self, content: bytes) -> None:
        self._wait()
        if len(content) < _WORTH_A_THREAD:
            self._sha256.update(content)
        else:
            self._hashing = self._beside.submit(self._sha256.update, content)
        self.size += len(content)
        self._on_bytes(self.size)

    def _wait(self) -> None:
        if self._hashing:
            self._hashing.result()
            self._hashing = None
