"""A CI in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from msgspec.structs import replace

from ci_steps.errors import OutsideError
from ci_steps.ports.triggers import Asked, Build, BusyError


@dataclass(slots=True)
class MemoryTrigger:
    """Builds wait for one look, run for one, and then end."""

    place: str = "memory"
    down: bool = False
    busy: bool = False
    loses_answer: int = 0
    """How many builds are begun whose caller never hears of it."""
    ends: Callable[[str], str] = lambda _: "SUCCESS"
    builds: list[tuple[Asked, Build]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def models(self) -> list[str]:
        return [asked.model for asked, _ in self.builds]

    def mark(self) -> str:
        self._refuse()
        return str(len(self.builds))

    def start(self, asked: Asked) -> Build:
        self._refuse()
        if self.busy:
            raise BusyError("memory is busy")
        with self._lock:
            build = Build(state="waiting", queued=str(len(self.builds) + 1), why="in a queue")
            self.builds.append((asked, build))
        if self.loses_answer:
            self.loses_answer -= 1
            raise OutsideError("memory does not answer")
        return build

    def look(self, asked: Asked, build: Build | None) -> Build | None:
        self._refuse()
        if build is None:
            after = self.builds[int(asked.mark) :]
            return next((each for one, each in after if one.model == asked.model), None)
        number = int(build.queued) - 1
        there = self.builds[number][1]
        if there.state == "waiting":
            now = replace(there, state="running", number=build.queued, why="")
        elif there.state == "running":
            result = self.ends(asked.model)
            now = replace(there, state="ended", result=result, sound=result == "SUCCESS")
        else:
            now = there
        self.builds[number] = (asked, now)
        return now

    def _refuse(self) -> None:
        if self.down:
            raise OutsideError("memory does not answer")
