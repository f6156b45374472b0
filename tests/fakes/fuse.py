"""A way to end a run at any point."""

from dataclasses import dataclass, field


class KilledError(BaseException):
    """What SIGKILL looks like from inside: nothing that comes after it is done."""


@dataclass(slots=True)
class Fuse:
    """Lets ``points`` points pass and then raises: once, or, like a kill, at every point from there on."""

    points: int | None = None
    raises: BaseException = field(default_factory=KilledError)
    log: list[str] = field(default_factory=list)
    _blown: bool = False

    def passed(self, point: str) -> None:
        if self._blown and isinstance(self.raises, KilledError):
            raise self.raises
        if not self._blown and self.points is not None and len(self.log) >= self.points:
            self._blown = True
            raise self.raises
        self.log.append(point)

    @property
    def blown(self) -> bool:
        return self._blown
