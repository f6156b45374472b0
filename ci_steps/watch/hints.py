"""Somebody says that it may be worth a look."""

from dataclasses import dataclass, field
from threading import Event


@dataclass(frozen=True, slots=True)
class Hints:
    """A bell: it says nothing but that it was rung."""

    _rung: Event = field(default_factory=Event)

    def ring(self) -> None:
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it is rung or the time is over; whether it was rung."""
        rung = self._rung.wait(max(0.0, seconds))
        if rung:  # else it may be rung just now, which is for the next time
            self._rung.clear()
        return rung
