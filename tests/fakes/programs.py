"""Programs that never start: their answers are told in advance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ci_steps.errors import OutsideError
from ci_steps.ports.programs import Ended


@dataclass(frozen=True, slots=True)
class Asked:
    """What a program would have been run with."""

    command: tuple[str, ...]
    cwd: Path
    env: dict[str, str]
    stdin: str


Answer = Callable[[Asked], Ended]


@dataclass(slots=True)
class ScriptedPrograms:
    """Each program, by its name, is a function from what it was asked to how it ended."""

    answers: dict[str, Answer]
    asked: list[Asked] = field(default_factory=list)

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
        asked = Asked(tuple(command), cwd, dict(env), stdin)
        self.asked.append(asked)
        name = Path(command[0]).name
        if name not in self.answers:
            raise OutsideError(f"the program {command[0]} is not there", hint=f"install {name}")
        ended = self.answers[name](asked)
        for line in ended.output.splitlines():
            on_line(line)
        return Ended(-1, ended.output, timed_out=True) if ended.timed_out or timeout <= 0 else ended
