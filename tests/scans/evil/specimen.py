"""One malicious file, and how somebody would load it."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

RAN = "ran"
"""The folder that malicious code makes where it runs: it harms nobody, and is easily seen."""
SOURCE = f"__import__('os').mkdir({RAN!r})"


@dataclass(frozen=True, slots=True)
class Evil:
    """A file that runs code where it is loaded."""

    name: str
    content: bytes
    loader: str = ""
    """Who loads it in the tests to show that the code really runs (tests/scans/victim.py)."""
    path: str = "model/weights.bin"
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """Other files of the model that it needs."""


def text(value: str) -> bytes:
    """Return opcodes that push a text."""
    encoded = value.encode("utf-8", "surrogatepass")
    if len(encoded) < 256:
        return b"\x8c" + bytes([len(encoded)]) + encoded
    return b"X" + len(encoded).to_bytes(4, "little") + encoded


def op(*parts: bytes, protocol: int = 4) -> bytes:
    """Return a pickle of these opcodes."""
    return b"\x80" + bytes([protocol]) + b"".join(parts) + b"."


def named(module: str, name: str) -> bytes:
    """Return opcodes that push a global."""
    return text(module) + text(name) + b"\x93"


def call(module: str, name: str, *args: bytes) -> bytes:
    """Return opcodes that call a global with what these opcodes push."""
    return named(module, name) + b"(" + b"".join(args) + b"tR"


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip archive whose bytes are the same each time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = method
            archive.writestr(member, content)
    return file.getvalue()


def tarred(members: Mapping[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """Return a tar archive whose bytes are the same each time."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.type, member.linkname = len(content), kind, link
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


MKDIR = call("posix", "mkdir", text(RAN))
TRAP = op(MKDIR)
"""The plainest of all: a pickle that makes the folder."""
