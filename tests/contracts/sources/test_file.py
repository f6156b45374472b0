"""Models in folders."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_steps.adapters.file_source import FileSource
from tests.contracts.sources.promises import Changing, Promises


@dataclass(frozen=True)
class Folders:
    """A folder with a model's folder for each."""

    project: Path
    secrets: tuple[str, ...] = ()

    def publish(self, files: Mapping[str, bytes]) -> str:
        address = f"file:models/{secrets.token_hex(4)}"
        for path, content in files.items():
            place = self._folder(address) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return address

    def source(self) -> FileSource:
        return FileSource(self.project)

    def nothing(self) -> str:
        return "file:models/nothing-here"

    def change(self, address: str, path: str, content: bytes) -> None:
        (self._folder(address) / path).write_bytes(content)

    def delete(self, address: str, path: str) -> None:
        (self._folder(address) / path).unlink()

    def _folder(self, address: str) -> Path:
        return self.project / address.removeprefix("file:")


class TestOfFolders(Promises, Changing):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Folders:
        return Folders(tmp_path_factory.mktemp("project"))
