from pathlib import Path
from typing import Protocol

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.refs import ModelRef


class LostError(InputError):
    """The store no longer holds bytes that a manifest of its own names."""


class ModelStore(Protocol):
    """Where trained models wait."""

    def manifest(self, ref: ModelRef) -> Manifest:
        """Return the one manifest that ``ref`` names; none, or more than one, is an input error."""

    def fetch(self, files: tuple[ModelFile, ...], into: Path) -> tuple[Path, ...]:
        """Copy ``files`` under ``into`` and return the paths whose bytes were not what their SHA-256 says.

        Files are hashed while they are copied; one that differs is not left behind. Raises
        :class:`LostError` where there is nothing to copy.
        """

    def content(self, digest: Digest) -> bytes:
        """Return one small object, verified."""
