"""The one place where the kit starts other programs."""

import contextlib
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci_steps.errors import OutsideError
from ci_steps.ports.programs import Ended

_KEEPER = Path(__file__).with_name("program_keeper.py")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_PASSED_ON = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR"}.union(
    _PROXIES, map(str.upper, _PROXIES)
)
_KEPT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ChildPrograms:
    """Programs of this machine, each below a keeper that ends it and all it started when we end."""

    environ: Mapping[str, str]
    """What the minimal environment is taken from, by name."""
    grace: float = 3.0
    """Seconds between asking a program to end and ending it."""

    def run(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        timeout: float,
        on_line: Callable[[str], None] = lambda _: None,
        stdin: str = "",
    ) -> Ended:
        """Run ``command`` to its end; past its time, on Ctrl-C or on our own death nothing of it is left."""
        surroundings = {k: v for k, v in self.environ.items() if k in _PASSED_ON or k.startswith("LC_")}
        surroundings |= env
        self._refuse_missing(command[0], surroundings, cwd)
        output = _Output(on_line)
        deadline = time.monotonic() + timeout
        with _kept(command, cwd, surroundings, stdin, self.grace) as (child, complaint):
            assert child.stdout
            if _read(child.stdout.fileno(), output, deadline) and _ended(child, deadline):
                if problem := os.read(complaint, 1000).decode():
                    raise OutsideError(f"{command[0]} cannot be run: {problem.lower()}")
                return Ended(child.returncode, output.text)
        return Ended(-1, output.text, timed_out=True)

    @staticmethod
    def _refuse_missing(program: str, surroundings: Mapping[str, str], cwd: Path) -> None:
        if not cwd.is_dir():
            raise OutsideError(f"{program} cannot be run in {cwd}: there is no such folder")
        if not shutil.which(program, path=surroundings.get("PATH", os.defpath)):
            raise OutsideError(f"the program {program} is not there", hint=f"install {Path(program).name}")


class _Output:
    """What a program wrote: every line told once it is whole, and the end of it kept."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._kept = bytearray()
        self._line = bytearray()

    def take(self, content: bytes) -> None:
        self._kept += content
        del self._kept[:-_KEPT]
        *lines, rest = (bytes(self._line) + content).split(b"\n")
        self._line = bytearray(rest)
        for line in lines:
            self._on_line(line.decode(errors="replace").rstrip("\r"))

    def end(self) -> None:
        if self._line:
            self._on_line(self._line.decode(errors="replace"))

    @property
    def text(self) -> str:
        return self._kept.decode(errors="replace")


@contextlib.contextmanager
def _kept(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: str, grace: float
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Start ``command`` below a keeper. When the block ends, however it ends, so does all that it started."""
    life_line, our_end = os.pipe()
    complaint, their_end = os.pipe()
    os.set_blocking(complaint, False)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, complaint)
        with tempfile.TemporaryFile() as said:
            said.write(stdin.encode())
            said.seek(0)
            keeper = (sys.executable, "-I", "-S", str(_KEEPER), str(life_line), str(their_end), str(grace))
            try:
                child = subprocess.Popen(  # noqa: S603 - a list, no shell
                    [*keeper, *command],
                    cwd=cwd,
                    env=env,
                    stdin=said,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=(life_line, their_end),
                    start_new_session=True,
                )
            except BaseException:
                os.close(our_end)
                raise
            finally:
                os.close(life_line)
                os.close(their_end)
        stack.enter_context(child)
        try:
            yield child, complaint
        finally:
            os.close(our_end)
            try:
                child.wait(timeout=grace + 10)
            except subprocess.TimeoutExpired:
                child.kill()


def _ended(child: "subprocess.Popen[bytes]", deadline: float) -> bool:
    """Wait for a program that has closed its output; false where the time is over before."""
    try:
        child.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _read(output_of: int, output: _Output, deadline: float) -> bool:
    """Read to the end of the output; false where the time is over before."""
    with selectors.DefaultSelector() as selector:
        selector.register(output_of, selectors.EVENT_READ)
        while (left := deadline - time.monotonic()) > 0:
            if not selector.select(left):
                break
            content = os.read(output_of, 65536)
            if not content:
                output.end()
                return True
            output.take(content)
    output.end()
    return False
