"""Secrets that a test plants, every form they could turn up in, and every place to look for them."""

import base64
import gzip
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

_HOOK = """\
import os, sys

def _started(event, arguments):
    if event in {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"}:
        where = os.open(os.environ["PLANTED_STARTED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(where, repr(arguments[:2]).encode() + b"\\n")
        os.close(where)

if "PLANTED_STARTED" in os.environ:
    sys.addaudithook(_started)
"""


def forms(secret: str) -> dict[str, bytes]:
    """Return what a secret could look like.

    >>> forms("a/b+c=d e")["URL-quoted"]
    b'a%2Fb%2Bc%3Dd%20e'
    >>> forms("a/b+c=d e")["base64 from 2"] in base64.b64encode(b"user:" + b"a/b+c=d e")
    True
    """
    raw = secret.encode()
    found = {
        "as it is": raw,
        "URL-quoted": quote(secret, safe="").encode(),
        "URL-quoted, but for slashes": quote(secret).encode(),
        "URL-quoted as a form": quote_plus(secret).encode(),
        "in hex": raw.hex().encode(),
        "in hex, upper case": raw.hex().upper().encode(),
        "in JSON": json.dumps(secret)[1:-1].encode(),
    }
    for before in range(3):
        # Within something longer, as after `user:`, the first and last characters depend on what is around.
        coded = base64.b64encode(b"\0" * before + raw)
        certain = coded[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]
        found[f"base64 from {before}"] = certain
        found[f"base64 for URLs from {before}"] = certain.replace(b"+", b"-").replace(b"/", b"_")
    return found


@dataclass(slots=True)
class Planted:
    """Secrets by the name of what holds each, and everything in which they were looked for."""

    secrets: Mapping[str, str]
    seen: list[str] = field(default_factory=list)
    looked_at: int = 0
    """Bytes."""

    def look(self, where: str, content: bytes) -> None:
        """Note each secret that ``content`` has in it, in any form."""
        self.looked_at += len(content)
        for name, secret in self.secrets.items():
            told = [form for form, coded in forms(secret).items() if coded in content]
            self.seen += [f"{name} {form} in {where}" for form in told]

    def look_below(self, *folders: Path) -> None:
        """Look into every file, also by its name; compressed ones are opened."""
        for path in (path for folder in folders for path in folder.rglob("*")):
            self.look(f"the name of {path}", str(path).encode())
            if path.is_file():
                content = path.read_bytes()
                self.look(str(path), content)
                with suppress(OSError, EOFError):
                    self.look(f"{path}, decompressed", gzip.decompress(content))


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list of processes, and each start of a program, showed meanwhile."""

    started: Path
    lines: set[bytes] = field(default_factory=set)

    @property
    def content(self) -> bytes:
        told = self.started.read_bytes() if self.started.exists() else b""
        return b"\n".join([told, *self.lines])


@contextmanager
def process_list(folder: Path) -> Iterator[tuple[Listed, dict[str, str]]]:
    """Read the process list all the time; a kit with the variables given notes what it starts, too."""
    folder.mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(_HOOK, encoding="utf-8")
    listed, over = Listed(folder / "started"), threading.Event()

    def read() -> None:
        while not over.wait(0.02):
            for process in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    listed.lines.add((process / "cmdline").read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    try:
        yield listed, {"PYTHONPATH": path, "PLANTED_STARTED": str(listed.started)}
    finally:
        over.set()
        reader.join()
