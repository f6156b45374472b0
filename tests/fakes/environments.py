"""Environments without packages: what they would hold is written down in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ci_steps.errors import InputError

_PIN = re.compile(rb"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


@dataclass(slots=True)
class PaperEnvironments:
    """Each package becomes one module that says its version; ``laid_out`` counts what was really made."""

    folder: Path
    compiled_with: str = "3.11.7"
    also: Mapping[str, bytes] = field(default_factory=dict)
    laid_out: int = 0
    asked: list[tuple[bytes, str, bytes]] = field(default_factory=list)

    def python(self, lock: bytes, *, version: str, extra: bytes = b"") -> Path:
        _pins({"the lock": lock})
        self.asked.append((lock, version, extra))
        python = self.folder / "bin" / "python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        return python

    def layout(self, locks: Mapping[str, bytes], *, version: str, platform: str, into: Path) -> None:
        self.laid_out += 1
        for name, pin in _pins(locks).items():
            (into / f"{name}.py").write_text(f"VERSION = {pin!r}\n")
        for path, content in self.also.items():
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            (into / path).write_bytes(content)

    def compiler(self, *, version: str) -> str:
        return self.compiled_with if self.compiled_with.startswith(".".join(version.split(".")[:2])) else ""

    def compile(self, folder: Path, *, version: str, prefix: str) -> str:
        if self.compiler(version=version):
            for source in sorted(folder.rglob("*.py")):
                cache = source.parent / "__pycache__"
                cache.mkdir(exist_ok=True)
                where = f"{prefix}/{source.relative_to(folder)}"
                (cache / f"{source.stem}.cpython-311.pyc").write_text(where)
        return self.compiler(version=version)


def _pins(locks: Mapping[str, bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for where, lock in locks.items():
        if lock.strip() and b"--hash=sha256:" not in lock:
            raise InputError(f"{where}: has no sha256 hash")
        for name, version in _PIN.findall(lock):
            if found.setdefault(name.decode(), version.decode()) != version.decode():
                raise InputError(
                    f"{where} pins {name.decode()}=={version.decode()}, another lock pins it otherwise"
                )
    return found
