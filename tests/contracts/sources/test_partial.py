"""A download that breaks off is no changed object and no moved tag, but an error of its own."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.programs import ChildPrograms
from ci_steps.adapters.sourcing import SourcedModels
from ci_steps.adapters.transfer import ContentCache, Transfer
from ci_steps.adapters.transfer.limits import Limits
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import PartialError, Request
from tests.contracts.sources.promises import kit_model
from tests.fakes.progress import Told

_HEAD = "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n"


@dataclass(frozen=True)
class Breaking:
    """A system whose server sends half of each file, and hangs up."""

    port: int
    files: dict[str, bytes]

    def resolve(self, address: Address) -> Found:
        files = tuple(
            SourceFile(path=path, size=len(content), locator=path)
            for path, content in sorted(self.files.items())
        )
        return Found(origin=Origin(address=address.unpinned, facts={}), files=files)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        return Request(f"http://127.0.0.1:{self.port}/{file.path}")


@pytest.fixture
def breaking() -> Iterator[Breaking]:
    files = kit_model()

    def served(near: socket.socket) -> None:
        with near, suppress(OSError):
            path = near.recv(65536).split(b" ")[1].decode().removeprefix("/")
            content = files[path]
            near.sendall(_HEAD.format(len(content)).encode() + content[: len(content) // 2])

    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def opened() -> None:
            with suppress(OSError):
                while True:
                    served(door.accept()[0])

        threading.Thread(target=opened, daemon=True).start()
        yield Breaking(door.getsockname()[1], files)


def test_a_download_that_breaks_off_is_a_partial_one_and_leaves_no_model(
    breaking: Breaking, tmp_path: Path
) -> None:
    told = Told()
    transfer = Transfer(ContentCache(tmp_path / "cache"), told, Limits(tries=2, pause=0.01))
    store = KitStore(FolderBlobs(tmp_path / "store"), "the store", told)
    programs = ChildPrograms(os.environ)
    models = SourcedModels(store, lambda _: breaking, (), transfer, tmp_path / "scratch", programs, told)

    with pytest.raises(PartialError) as error:
        models.manifest(Address.parse("mlflow:models/specimen/1"))

    assert any(path in str(error.value) for path in breaking.files)
    assert store.names() == ()
    assert not (tmp_path / "store/models").exists()
