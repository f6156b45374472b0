"""A lock from what a training had installed, where its system keeps only a list."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_steps.adapters.hashed_locks import parsed
from ci_steps.adapters.uv_environments import BROKE_OFF, OF_UV, in_one_line
from ci_steps.errors import InputError, OutsideError
from ci_steps.ports import Programs

LOCK, LIST = "requirements.lock", "requirements.txt"
_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Locking:
    """Locks by `uv pip compile`: the same versions where the list pins them, hashes and the rest added."""

    programs: Programs
    environ: Mapping[str, str]
    """Where uv's own settings (indexes, certificates, cache) are taken from, by name."""
    constraints: bytes = b""
    """A lock whose versions are taken of what it names: that of the server, which shares the image."""

    def locked(self, requirements: str, *, python: str, where: str, before: str = "") -> bytes:
        """Return the hashed lock of a list of packages; one that cannot be had is an input error.

        What was uploaded after the moment ``before`` is not looked at, so that the lock comes out the same
        ever after; an index that knows no such times has nothing then.
        """
        from uv import find_uv_bin

        how = ("--generate-hashes", "--only-binary", ":all:", "--no-header", "--no-annotate")
        # The kit lays out for Linux; a list written on another system is locked for where it will serve.
        of = ("--python-version", python, "--python-platform", "x86_64-manylinux_2_28", "--no-emit-index-url")
        command = [find_uv_bin(), "--color", "never", "--no-progress", "--quiet", "pip", "compile", *how, *of]
        command += ["--exclude-newer", before] if before else []
        env = {name: value for name, value in self.environ.items() if OF_UV.fullmatch(name)}
        with tempfile.TemporaryDirectory() as nowhere:  # no uv.toml of a project is picked up
            wanted, lock = Path(nowhere, "requirements.in"), Path(nowhere, LOCK)
            wanted.write_text(requirements, encoding="utf-8")
            held = Path(nowhere, "constraints.txt")
            held.write_bytes(self.constraints)
            ended = self.programs.run(
                [*command, "-c", str(held), "-o", str(lock), str(wanted)],
                cwd=Path(nowhere),
                env=env,
                timeout=_SECONDS,
            )
            said = in_one_line(ended.output).replace(f"{nowhere}/", "")
            if ended.timed_out:
                raise OutsideError(f"uv did not lock the packages of {where} within {_SECONDS:.0f} s")
            if ended.code and (ended.code != 1 or BROKE_OFF.search(ended.output)):
                raise OutsideError(f"uv failed: {said}", hint="is the package index reachable?")
            if ended.code:
                raise InputError(
                    f"the packages that {where} names cannot be locked for Python {python}: {said}",
                    hint=f"put a {LOCK} there, made by `uv pip compile --generate-hashes`",
                )
            content = lock.read_bytes()
        parsed(content, where=f"the lock of {where}")
        return content
