import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_steps.errors import InputError
from ci_steps.ports import Programs
from ci_steps.ports.triggers import Asked, Build

_AT_MOST = 48 * 3600.0


@dataclass(frozen=True, slots=True)
class CommandTrigger:
    """A command that is run to its end, one at a time; the watcher looks for nothing meanwhile.

    It ends with its watcher, whatever ends that. One that was cut off like this is run again, as nobody
    can say how far it came: `release` goes on where it stopped.
    """

    command: tuple[str, ...]
    """`{model}` and `{environment}` in its arguments stand for those."""
    folder: Path
    variables: Mapping[str, str]
    programs: Programs
    on_line: Callable[[str], None]
    environment: str = ""

    @property
    def place(self) -> str:
        return shlex.join(self.command) + (f" for {self.environment}" if self.environment else "")

    def mark(self) -> str:
        program = self.command[0]
        where = str(self.folder / program) if "/" in program else program
        if shutil.which(where, path=self.variables.get("PATH")) is None:
            raise InputError(
                f"the program {program} is not there",
                hint="write the command behind -- as a shell would find it",
            )
        return ""

    def start(self, asked: Asked) -> Build:
        return Build(state="waiting")

    def look(self, asked: Asked, build: Build | None) -> Build | None:
        if build is None:
            return None  # what was not begun is nowhere
        filled = [self._filled(argument, asked) for argument in self.command]
        told = {"CI_STEPS_MODEL": asked.model, "CI_STEPS_ENVIRONMENT": asked.environment}
        ended = self.programs.run(
            filled,
            cwd=self.folder,
            env={**self.variables, **told},
            timeout=_AT_MOST,
            on_line=self.on_line,
        )
        if ended.timed_out:
            return Build(state="ended", result="ended by force", why="it ran for two days")
        return Build(state="ended", result=f"with exit code {ended.code}", sound=ended.code == 0)

    @staticmethod
    def _filled(argument: str, asked: Asked) -> str:
        return argument.replace("{model}", asked.model).replace("{environment}", asked.environment)
