"""What happened when."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ci_steps.documents import Moment
from ci_steps.ports import Progress


@dataclass(slots=True)
class Timeline:
    """Moments, told as they happen and kept for the report."""

    progress: Progress
    clock: Callable[[], datetime]
    _moments: list[Moment] = field(default_factory=list)

    def note(self, what: str) -> None:
        self.progress.say(what)
        self._moments.append(Moment(at=self.now(), what=what))

    def now(self) -> str:
        """RFC 3339, UTC, with milliseconds."""
        return self.clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def moments(self) -> tuple[Moment, ...]:
        return tuple(self._moments)
