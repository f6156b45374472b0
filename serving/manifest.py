"""The manifest of the model: its SHA, its ingredients, and whether the files are what it says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from serving.errors import ModelError

SCHEMA = 1
INGREDIENTS = ("code", "data", "config", "environment")
SOMETIMES = ("origin", "modules")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `models publish` wrote down about one model."""

    name: str
    sha256: str
    predictor: dict[str, Any]
    ingredients: dict[str, Any]
    files: dict[str, str]
    modules: dict[str, str]
    """The SHA of each model that this one stands on, by its name."""

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Return the manifest in ``folder``; its SHA is the SHA-256 of its RFC 8785 canonical JSON."""
        text = read_json(folder / "manifest.json")
        if not isinstance(text, dict) or text.get("schema") != SCHEMA:
            raise ModelError(f"manifest.json is not of schema {SCHEMA}, the only one this server reads")
        try:
            return cls(
                name=text["name"],
                sha256=hashlib.sha256(rfc8785.dumps(text)).hexdigest(),
                predictor=dict(text["predictor"]),
                ingredients={name: text[name] for name in INGREDIENTS}
                | {name: text[name] for name in SOMETIMES if name in text},
                files={file["path"]: file["sha256"] for file in text["files"]},
                modules={
                    module["name"]: module["sha"].removeprefix("sha256:")
                    for module in text.get("modules", ())
                },
            )
        except rfc8785.CanonicalizationError as error:
            raise ModelError(f"manifest.json has no canonical JSON: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"manifest.json is not a manifest: {type(error).__name__} {error}") from error

    def verify(self, folder: Path) -> None:
        """Every file that is about to be loaded is in the manifest and has its SHA-256, and none is missing.

        A file in model/ that the manifest does not know is refused as well: Python would import it. Modules
        are held to their own manifests, and those to the SHAs that this one names.
        """
        self._verify_modules(folder / "modules")
        served = {path for path in self.files if path == "interface.json" or path.startswith("model/")}
        found = {p.relative_to(folder).as_posix() for p in (folder / "model").rglob("*") if not p.is_dir()}
        for path in sorted(found - served):
            raise ModelError(f"{path} is not in the manifest")
        for path in sorted(served | {"interface.json"}):
            _same_bytes(folder, path, self.files.get(path))

    def _verify_modules(self, folder: Path) -> None:
        there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        for name in sorted(there ^ self.modules.keys()):
            known = "is not in the manifest" if name in there else "is not in the image"
            raise ModelError(f"module {name} {known}")
        for name, sha256 in self.modules.items():
            module = Manifest.read(folder / name)
            if module.sha256 != sha256:
                raise ModelError(f"module {name} is {module.sha256}, the manifest says {sha256}")
            module.verify(folder / name)


def _same_bytes(folder: Path, path: str, expected: str | None) -> None:
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise ModelError(f"{path} leads out of the model folder")
    if expected is None:
        raise ModelError(f"{path} is not in the manifest")
    try:
        with file.open("rb") as stream:
            observed = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if observed != expected:
        raise ModelError(f"{path} has sha256 {observed}, the manifest says {expected}")


def read_json(file: Path) -> Any:
    """Return what ``file`` holds; a file that cannot be read or is not JSON is a ModelError that names it."""
    try:
        return json.loads(file.read_bytes())
    except OSError as error:
        raise ModelError(f"{file.name} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{file.name} is not JSON: {error}") from error
