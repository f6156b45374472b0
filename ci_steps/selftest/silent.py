"""Progress that nobody looks at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Silent:
    """Hears everything and says nothing."""

    def say(self, text: str) -> None: ...

    def advance(self, done: int, total: int, unit: str) -> None: ...
