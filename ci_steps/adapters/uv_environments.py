import contextlib
import fcntl
import os
import platform as this_platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ci_steps.adapters.hashed_locks import added, joined, written
from ci_steps.adapters.pool import Pool
from ci_steps.adapters.wheel_layout import normalise
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.ports import Ended, Programs, Progress

_PLATFORMS = {
    # glibc 2.28: Debian 10, RHEL 8 and later; what manylinux wheels of today are made for
    "linux/amd64": "x86_64-manylinux_2_28",
    "linux/arm64": "aarch64-manylinux_2_28",
}
OF_UV = re.compile(
    r"UV_(DEFAULT_INDEX|INDEX\w*|EXTRA_INDEX_URL|FIND_LINKS|KEYRING_PROVIDER|NATIVE_TLS|SYSTEM_CERTS"
    r"|INSECURE_HOST|HTTP_TIMEOUT|HTTP_RETRIES|OFFLINE|CACHE_DIR|PYTHON_INSTALL_DIR)"
    r"|SSL_CERT_(FILE|DIR)|NETRC|XDG_(CACHE|CONFIG|DATA)_HOME|PYENV_ROOT"
)
_WHEELS_ONLY = ("--only-binary", ":all:", "--require-hashes")
_PARTS, _WORTH_A_PROCESS = 4, 1_000_000
BROKE_OFF = re.compile(
    r"error sending request|timed out|connection|os error|\b5\d\d\b .*error", re.IGNORECASE
)
_CREDENTIALS = re.compile(r"://[^/\s]+@")


@dataclass(frozen=True, slots=True)
class UvEnvironments:
    """Environments and layouts made by uv, from hashed locks and wheels only; nothing of a wheel is run."""

    programs: Programs
    cache: Path
    environ: Mapping[str, str]
    """Where uv's own settings (indexes, certificates, cache) are taken from, by name."""
    progress: Progress
    timeout: float = 1800

    def python(self, lock: bytes, *, version: str, extra: bytes = b"") -> Path:
        """Return the interpreter of an environment with ``lock``'s packages, made once and cached."""
        base, full = self._interpreter(version)
        packages = written(added(lock, extra))
        key = Digest.of(f"{base}\n{full}\n{packages}".encode()).short
        folder = self.cache.resolve() / "environments" / key
        python, whole = folder / "bin" / "python", folder / ".complete"
        with _alone(folder.with_suffix(".lock")):
            if not (whole.is_file() and python.exists()):  # no marker: whoever made it was cut off
                shutil.rmtree(folder, ignore_errors=True)
                self.progress.say(f"making a Python {version} environment of {packages.count('==')} packages")
                self._uv("venv", "--python", base, "--no-python-downloads", str(folder))
                self._install(packages, "--python", str(python))
                whole.touch()
        return python

    def layout(self, locks: Mapping[str, bytes], *, version: str, platform: str, into: Path) -> None:
        """Lay out the wheels of all ``locks`` under ``into``, the same bytes on every machine."""
        if platform not in _PLATFORMS:
            raise InputError(
                f"image.platform is {platform!r}, the kit lays out {' and '.join(_PLATFORMS)}",
                hint="set image.platform in release.yaml",
            )
        if any(into.iterdir()):
            raise InputError(f"{into} is not empty", hint="wheels are laid out in an empty folder only")
        packages = written(joined(locks))
        wanted = ("--python-version", version, "--python-platform", _PLATFORMS[platform])
        self._install(packages, "--target", str(into.resolve()), "--python", sys.executable, *wanted)
        normalise(into)

    def compiler(self, *, version: str) -> str:
        """Return the full version of this process's Python where it may compile for ``version``."""
        return this_platform.python_version() if _is_ours(version) else ""

    def compile(self, folder: Path, *, version: str, prefix: str) -> str:
        """Byte-compile ``folder`` as it will lie at ``prefix``, the same bytes every time."""
        if not _is_ours(version):
            return ""
        folder = folder.resolve()
        where = ("-s", str(folder), "-p", prefix)
        with Pool(os.cpu_count()) as pool:
            for ended in pool.map(partial(self._compiled, folder, where), _parts(folder)):
                # 1: a file is not Python, as templates of packages may be; it stays as it is
                if ended.timed_out or ended.code not in {0, 1}:
                    raise OutsideError(f"compiling {folder.name} failed: {in_one_line(ended.output)}")
        return this_platform.python_version()

    def _compiled(self, folder: Path, where: Sequence[str], part: Sequence[Path]) -> Ended:
        how = ("-q", "-j", "1", "--invalidation-mode", "unchecked-hash", *where, "-i", "-")
        return self.programs.run(
            # -P and -S: nothing of the folder is imported while it is compiled
            [sys.executable, "-P", "-S", "-s", "-m", "compileall", *how],
            cwd=folder,
            env={"PYTHONHASHSEED": "0"},
            timeout=self.timeout,
            stdin="".join(f"{path}\n" for path in part),
        )

    def _interpreter(self, version: str) -> tuple[str, str]:
        if _is_ours(version):
            return sys.executable, this_platform.python_version()
        with tempfile.TemporaryDirectory() as nowhere:
            found = self._run("python", "find", "--no-python-downloads", version, cwd=Path(nowhere))
        if found.code or found.timed_out:
            raise InputError(
                f"the model wants Python {version}, which is not on this machine",
                hint=f"install it: uv python install {version}",
            )
        return found.output.strip().splitlines()[-1], version

    def _install(self, packages: str, *to: str) -> None:
        if not packages:
            return
        with tempfile.TemporaryDirectory() as folder:
            lock = Path(folder, "lock.txt")
            lock.write_text(packages)
            self._uv("pip", "install", *_WHEELS_ONLY, *to, "-r", str(lock))

    def _uv(self, *arguments: str) -> None:
        with tempfile.TemporaryDirectory() as nowhere:  # no uv.toml of a project is picked up
            ended = self._run(*arguments, cwd=Path(nowhere))
        said = in_one_line(ended.output)
        if ended.timed_out:
            raise OutsideError(f"uv did not end within {self.timeout:.0f} s: {said}")
        # uv ends with 1 where what was asked cannot be, but also where a download broke off
        if ended.code == 1 and not BROKE_OFF.search(ended.output):
            raise InputError(f"the packages of the lock cannot be had: {said}", hint="lock the model anew")
        if ended.code:
            raise OutsideError(f"uv failed: {said}", hint="is the package index reachable?")

    def _run(self, *arguments: str, cwd: Path) -> Ended:
        from uv import find_uv_bin

        env = {name: value for name, value in self.environ.items() if OF_UV.fullmatch(name)}
        command = [find_uv_bin(), "--color", "never", "--no-progress", "--quiet", *arguments]
        return self.programs.run(command, cwd=cwd, env=env, timeout=self.timeout, on_line=self.progress.say)


def _parts(folder: Path) -> tuple[tuple[Path, ...], ...]:
    """Return what to compile, shared out by size, the same way on every machine.

    What a process compiled before may show in the bytes, so a part is one process's, in order. A third
    of scientific packages are their own tests, which nothing imports.
    """
    found = [path for path in folder.rglob("*.py") if "tests" not in path.relative_to(folder).parts[:-1]]
    largest = sorted(((path.stat().st_size, path) for path in found), reverse=True)
    count = min(_PARTS, 1 + sum(size for size, _ in largest) // _WORTH_A_PROCESS)
    parts: list[list[Path]] = [[] for _ in range(count)]
    sizes = [0] * count
    for size, path in largest:
        least = sizes.index(min(sizes))
        parts[least].append(path)
        sizes[least] += size
    return tuple(tuple(sorted(part)) for part in parts)


def _is_ours(version: str) -> bool:
    return version.split(".")[:2] == [str(part) for part in sys.version_info[:2]]


def in_one_line(output: str) -> str:
    """Return the end of what uv said, without what would let someone in."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("hint")]
    text = ", ".join(line.removeprefix("error: ").removeprefix("cause: ") for line in lines[-8:])
    return _CREDENTIALS.sub("://", text)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other processes out until the block ends; a killed one's hold ends with it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
